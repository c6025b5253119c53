# One end of a probe of an overlay network; see fetch.ts. Needs nothing but perl-base.
#   serve SECONDS ADDRESS PORT...   listens on the first free port and prints "serving PORT"; answers a line "BYTES" with that
#                                   many bytes; ends with its input, or after SECONDS
#   fetch SECONDS                   reads lines "tcp ADDRESS PORT BYTES" and "icmp ADDRESS 0 BYTES", tries each up to three times
#                                   for SECONDS each, and prints the line with "ok", or "fail" and a reason
use strict;
use Socket;
use Errno qw(EINPROGRESS EAGAIN ENOBUFS);

$| = 1;
$SIG{PIPE} = 'IGNORE';
my ($mode, $seconds, @rest) = @ARGV;
my $MOST = 1_000_000;

sub tcp {
  socket(my $s, PF_INET, SOCK_STREAM, 6) or die "socket: $!\n";
  # Closed at once, with all that was not sent: nothing of the probe stays.
  setsockopt($s, SOL_SOCKET, SO_LINGER, pack('ii', 1, 0));
  $s->blocking(0);
  $s
}

sub wait_for {
  my ($reads, $writes, $for) = @_;
  my ($r, $w) = ('', '');
  vec($r, fileno $_, 1) = 1 for @$reads;
  vec($w, fileno $_, 1) = 1 for @$writes;
  select($r, $w, undef, $for) > 0 or ($r, $w) = ('', '');
  ($r, $w)
}

if ($mode eq 'serve') {
  my ($address, @ports) = @rest;
  my ($end, $listener) = (time + $seconds);
  $SIG{TERM} = sub { exit 0 };
  for my $port (@ports) {
    my $s = tcp();
    bind($s, pack_sockaddr_in($port, inet_aton($address))) && listen($s, 128) or next;
    $listener = $s;
    print "serving $port\n";
    last;
  }
  $listener or die "no port is free: $!\n";
  my @clients;
  while (time < $end) {
    my @waiting = grep { !$_->{left} } @clients;
    my @sending = grep { $_->{left} } @clients;
    my ($r, $w) = wait_for([\*STDIN, $listener, map { $_->{socket} } @waiting], [map { $_->{socket} } @sending], 1);
    if (vec($r, fileno STDIN, 1)) { sysread(STDIN, my $any, 4096) or exit 0 }
    for my $one (@waiting) {
      next unless vec($r, fileno $one->{socket}, 1);
      my $read = sysread($one->{socket}, my $data, 4096);
      if (!$read) { $one->{gone} = 1; next }
      $one->{asked} .= $data;
      if ($one->{asked} =~ s/^(\d+)\n//) { $one->{left} = $1 > $MOST ? $MOST : $1 }
    }
    for my $one (@sending) {
      next unless vec($w, fileno $one->{socket}, 1);
      my $sent = syswrite($one->{socket}, '.' x ($one->{left} > 65536 ? 65536 : $one->{left}));
      if (defined $sent) { $one->{left} -= $sent }
      elsif ($! != EAGAIN) { $one->{gone} = 1 }
    }
    @clients = grep { !$_->{gone} } @clients;
    if (vec($r, fileno $listener, 1) && accept(my $c, $listener)) {
      setsockopt($c, SOL_SOCKET, SO_LINGER, pack('ii', 1, 0));
      $c->blocking(0);
      push @clients, { socket => $c, asked => '', left => 0 };
    }
  }
  exit 0;
}

my (@asked, $raw);
my $id = $$ & 0xffff;

# Source: RFC 792, RFC 1071. The size is that of the whole packet.
sub echo {
  my ($i, $bytes) = @_;
  my $body = '.' x ($bytes - 28);
  my $whole = pack('CCnnn', 8, 0, 0, $id, $i) . $body;
  my $sum = 0;
  $sum += $_ for unpack('n*', length($whole) % 2 ? "$whole\0" : $whole);
  $sum = ($sum & 0xffff) + ($sum >> 16) while $sum >> 16;
  pack('CCnnn', 8, 0, ~$sum & 0xffff, $id, $i) . $body
}

sub raw {
  return $raw if $raw;
  socket($raw, PF_INET, SOCK_RAW, 1) or die "socket: $!\n";
  # Never fragmented: IP_MTU_DISCOVER (10) = IP_PMTUDISC_PROBE (3).
  setsockopt($raw, 0, 10, pack('i', 3));
  # Room for all answers at once: SO_RCVBUFFORCE (33).
  setsockopt($raw, SOL_SOCKET, 33, pack('i', 4_000_000));
  $raw->blocking(0);
  $raw
}

sub try_again {
  my ($one) = @_;
  if (!$one->{tries}--) { $one->{result} = "fail $one->{reason}"; return }
  $one->{until} = time + $seconds;
  if ($one->{kind} eq 'icmp') {
    $one->{reason} = 'no answer';
    defined send(raw(), echo($one->{i}, $one->{bytes}), 0, $one->{to})
      or $! == EAGAIN || $! == ENOBUFS ? failed($one, 'no answer') : ($one->{result} = "fail $!");
    return;
  }
  $one->{socket} = tcp();
  $one->{got} = -1;
  connect($one->{socket}, $one->{to}) || $! == EINPROGRESS or failed($one, "$!");
}

# The next try comes a second later: what refuses now may answer then.
sub failed { my ($one, $why) = @_; $one->{reason} = lc $why; $one->{socket} = undef; $one->{until} = time + 1 }

while (my $line = <STDIN>) {
  my ($kind, $address, $port, $bytes) = split ' ', $line;
  next unless defined $bytes;
  push @asked, {
    line => "$kind $address $port $bytes", kind => $kind, bytes => $bytes, i => scalar @asked, tries => 3, until => 0,
    to => pack_sockaddr_in($port, inet_aton($address)), reason => 'no connection', best => 0,
  };
}
while (my @open = grep { !defined $_->{result} } @asked) {
  for my $one (grep { time >= $_->{until} } @open) { $one->{socket} = undef; try_again($one) }
  my @tcp = grep { !defined $_->{result} && $_->{socket} } @open;
  my @reads = map { $_->{socket} } grep { $_->{got} >= 0 } @tcp;
  my ($r, $w) = wait_for([@reads, $raw ? $raw : ()], [map { $_->{socket} } grep { $_->{got} < 0 } @tcp], 0.2);
  while ($raw && defined(my $from = recv($raw, my $packet, 65536, 0))) {
    my $echo = substr($packet, 4 * (ord($packet) & 15));
    my ($type, $of, $i) = (unpack('Cxxxnn', $echo));
    next unless length $echo >= 8 && $type == 0 && $of == $id && $asked[$i];
    my ($one, undef, $source) = ($asked[$i], unpack_sockaddr_in($from));
    $one->{result} = 'ok' if $one->{kind} eq 'icmp' && length $packet == $one->{bytes} && $source eq (unpack_sockaddr_in($one->{to}))[1];
  }
  for my $one (@tcp) {
    my $fd = fileno $one->{socket};
    if ($one->{got} < 0) {
      next unless vec($w, $fd, 1);
      my $error = unpack('i', getsockopt($one->{socket}, SOL_SOCKET, SO_ERROR));
      if ($error) { failed($one, do { local $! = $error; "$!" }); next }
      $one->{got} = 0;
      $one->{reason} = "$one->{best} of $one->{bytes} bytes";
      syswrite($one->{socket}, "$one->{bytes}\n");
    } elsif (vec($r, $fd, 1)) {
      my $read = sysread($one->{socket}, my $data, 65536);
      if (!$read) { failed($one, defined $read ? 'closed' : "$!"); next }
      $one->{got} += $read;
      $one->{best} = $one->{got} if $one->{got} > $one->{best};
      $one->{reason} = "$one->{best} of $one->{bytes} bytes";
      if ($one->{got} >= $one->{bytes}) { $one->{result} = 'ok'; $one->{socket} = undef }
    }
  }
}
print "$_->{line} $_->{result}\n" for @asked;
