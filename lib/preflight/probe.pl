# One end of a round of network probes; see probe.ts. Needs nothing but perl-base.
#   listen PROTOCOL:PORT...   answers probes until it is ended; prints "bound" or "busy" per port, and then "ready PID"
#   ask                       reads lines "PROTOCOL ADDRESS PORT BYTES", and prints "ok" or "fail" with a reason for each
use strict;
use Socket;
use IO::Select;
use Errno qw(EINPROGRESS EMSGSIZE);

$| = 1;
$SIG{PIPE} = 'IGNORE';
my ($mode, $seconds, @wanted) = @ARGV;
my $end = time + $seconds;
my $MARK = 'swarmup-probe';

sub tcp { socket(my $s, PF_INET, SOCK_STREAM, getprotobyname('tcp') || 6) or die "socket: $!"; $s->blocking(0); $s }
sub udp { socket(my $s, PF_INET, SOCK_DGRAM, getprotobyname('udp') || 17) or die "socket: $!"; $s->blocking(0); $s }

if ($mode eq 'listen') {
  $SIG{TERM} = sub { exit 0 };
  my $select = IO::Select->new;
  my (%kind, %client);
  for (@wanted) {
    my ($protocol, $port) = split /:/;
    my $s = $protocol eq 'tcp' ? tcp() : udp();
    setsockopt($s, SOL_SOCKET, SO_REUSEADDR, 1) if $protocol eq 'tcp';
    if (bind($s, sockaddr_in($port, INADDR_ANY)) && ($protocol eq 'udp' || listen($s, 64))) {
      $kind{fileno $s} = $protocol; $select->add($s); print "bound $protocol $port\n";
    } else { print "busy $protocol $port $!\n" }
  }
  print "ready $$\n";
  while (time < $end) {
    for my $s ($select->can_read(1)) {
      my $protocol = $kind{fileno $s};
      if ($protocol eq 'udp') {
        my $from = recv($s, my $data, 65536, 0);
        send($s, "$MARK " . length($data), 0, $from) if defined $from && index($data, $MARK) == 0;
      } else {
        # Accepting is the answer: the probe only tests whether a connection can be made.
        if (accept(my $c, $s)) { close $c }
      }
    }
  }
  exit 0;
}

my @asked;
while (my $line = <STDIN>) {
  my ($protocol, $address, $port, $bytes) = split ' ', $line;
  next unless $port;
  my $s = $protocol eq 'tcp' ? tcp() : udp();
  my %one = (protocol => $protocol, address => $address, port => $port, bytes => $bytes, socket => $s, sent => 0);
  $one{to} = sockaddr_in($port, inet_aton($address));
  if ($protocol eq 'tcp') {
    if (!connect($s, $one{to}) && $! != EINPROGRESS) { $one{result} = "fail $!" }
  } elsif ($bytes > 100) {
    # Never fragmented: IP_MTU_DISCOVER (10) = IP_PMTUDISC_PROBE (3).
    setsockopt($s, 0, 10, pack('i', 3));
  }
  push @asked, \%one;
}
while (time < $end) {
  my @open = grep { !defined $_->{result} } @asked or last;
  for my $one (grep { $_->{protocol} eq 'udp' && time > $_->{sent} } @open) {
    # Repeated every second, as a datagram may be lost by accident.
    my $data = $MARK . ' ' x ($one->{bytes} - length $MARK);
    $one->{sent} = time;
    defined send($one->{socket}, $data, 0, $one->{to}) or $one->{result} = "fail $!";
  }
  my ($reads, $writes) = ('', '');
  for my $one (@open) {
    vec($one->{protocol} eq 'udp' ? $reads : $writes, fileno $one->{socket}, 1) = 1;
  }
  select($reads, $writes, undef, 0.2);
  for my $one (@open) {
    my $fd = fileno $one->{socket};
    if ($one->{protocol} eq 'udp') {
      next unless vec($reads, $fd, 1);
      my $from = recv($one->{socket}, my $data, 65536, 0);
      if (!defined $from) { $one->{result} = "fail $!" }
      elsif ($data eq "$MARK $one->{bytes}") { $one->{result} = 'ok' }
    } elsif (vec($writes, $fd, 1)) {
      my $error = unpack('i', getsockopt($one->{socket}, SOL_SOCKET, SO_ERROR));
      $one->{result} = $error ? 'fail ' . do { local $! = $error; "$!" } : 'ok';
    }
  }
}
print join(' ', @$_{qw(protocol address port bytes)}, $_->{result} // 'fail no answer'), "\n" for @asked;
