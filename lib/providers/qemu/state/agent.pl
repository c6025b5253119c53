# Runs in a machine whose state is saved, and in every machine that is restored from it. It takes orders on a virtio-serial
# port, one line each, and answers "done" or "failed REASON":
#   hello             does nothing
#   forget            removes what must not be in a saved state
#   become KEY=VALUE  gives a restored machine an identity of its own, before anything in it can be reached
# Fields are separated by tabs; values that may hold any byte are in hexadecimal. Only core modules of perl-base are used.
use strict;
use warnings;
use IO::Socket::UNIX;

my ($port) = @ARGV;

# Source: random(4).
use constant { RNDADDENTROPY => 0x40085203, RNDRESEEDCRNG => 0x5207 };
use constant ENGINE_ID => '/var/lib/docker/engine-id';
use constant BOOT_ID => '/run/swarmup/boot-id';

# Units that may not run while a machine has no identity; those that ran are started again.
my @early = qw(ssh.socket ssh.service sshd.service);
my @late = qw(systemd-networkd.socket systemd-networkd.service);
my %stopped;
# Where the engine's process has its id in memory.
my ($enginePid, $engineId, @places);

sub run {
  my @argv = @_;
  system({ $argv[0] } @argv) == 0 or die "@argv: " . ($? == -1 ? $! : 'exit status ' . ($? >> 8)) . "\n";
}

sub read_line {
  my ($path) = @_;
  open(my $file, '<', $path) or return '';
  my $line = <$file> // '';
  chomp $line;
  return $line;
}

# Written whole or not at all.
sub put {
  my ($path, $mode, $contents) = @_;
  my $part = "$path.swarmup";
  unlink $part;
  open(my $file, '>', $part) or die "$path: $!\n";
  chmod(oct($mode), $part) or die "$path: $!\n";
  print {$file} $contents or die "$path: $!\n";
  close($file) or die "$path: $!\n";
  rename($part, $path) or die "$path: $!\n";
}

# For files of the kernel, which can't be replaced.
sub put_value {
  my ($path, $value) = @_;
  open(my $file, '>', $path) or die "$path: $!\n";
  print {$file} $value;
  close($file) or die "$path: $!\n";
}

sub is_active { return system('systemctl', 'is-active', '--quiet', $_[0]) == 0 }

sub forget {
  $stopped{$_} = 1 for grep { is_active($_) } @early, @late;
  run('systemctl', 'stop', keys %stopped) if %stopped;
  unlink glob('/etc/ssh/ssh_host_* /root/.ssh/authorized_keys'), '/var/lib/systemd/random-seed',
    '/var/lib/containerd/io.containerd.grpc.v1.introspection/uuid';
  find_engine_id();
  put('/etc/machine-id', '0444', "uninitialized\n");
  run('sync');
}

# Remembers where the engine keeps its id. Restarting it for a new one would cost each restored machine more than all the rest.
sub find_engine_id {
  ($engineId, @places) = (read_line(ENGINE_ID));
  return unless $engineId =~ /^[0-9a-f-]{36}$/;
  $enginePid = read_line('/run/docker.pid');
  open(my $maps, '<', "/proc/$enginePid/maps") or die "the engine's memory: $!\n";
  open(my $memory, '<', "/proc/$enginePid/mem") or die "the engine's memory: $!\n";
  for my $map (<$maps>) {
    my ($from, $to) = $map =~ /^([0-9a-f]+)-([0-9a-f]+) rw-p 0+ 00:00 0\s*$/ or next;
    search($memory, hex $from, hex $to);
  }
}

sub search {
  my ($memory, $from, $to) = @_;
  my $rest = '';
  sysseek($memory, $from, 0) or return;
  while ($from < $to) {
    my $got = sysread($memory, my $chunk, 1 << 20);
    return unless $got;
    my $text = $rest . $chunk;
    my $start = $from - length $rest;
    for (my $at = index($text, $engineId); $at >= 0; $at = index($text, $engineId, $at + 1)) {
      push @places, $start + $at;
    }
    $from += $got;
    $rest = substr($text, -(length($engineId) - 1));
  }
}

# The engine's own word decides; one that still has the old id is restarted.
sub renew_engine_id {
  my ($new) = @_;
  return if !defined $engineId || $engineId eq '';
  put(ENGINE_ID, '0600', $new);
  if (@places && open(my $memory, '+<', "/proc/$enginePid/mem")) {
    for my $place (@places) {
      my $found = '';
      sysseek($memory, $place, 0) and sysread($memory, $found, length $new);
      next if $found ne $engineId;
      sysseek($memory, $place, 0) and syswrite($memory, $new);
    }
  }
  run('systemctl', 'restart', '--no-block', 'docker.service') if engine_says() ne $new;
}

sub engine_says {
  my $socket = IO::Socket::UNIX->new(Peer => '/run/docker.sock') or return '';
  print {$socket} "GET /info HTTP/1.0\r\nHost: docker\r\n\r\n";
  my $answer = join '', <$socket>;
  return $answer =~ /"ID":"([^"]*)"/ ? $1 : '';
}

# The interface that has this MAC address.
sub interface {
  my ($mac) = @_;
  for my $path (glob '/sys/class/net/*/address') {
    return (split m{/}, $path)[4] if read_line($path) eq $mac;
  }
  die "no network interface has the address $mac\n";
}

sub reseed {
  my ($seed) = @_;
  open(my $random, '+<', '/dev/urandom') or die "/dev/urandom: $!\n";
  ioctl($random, RNDADDENTROPY, my $entropy = pack('i i a*', 8 * length $seed, length $seed, $seed)) or die "RNDADDENTROPY: $!\n";
  ioctl($random, RNDRESEEDCRNG, 0) or die "RNDRESEEDCRNG: $!\n";
}

sub become {
  my (%it) = @_;
  run('date', '--set', "\@$it{time}");
  reseed(pack('H*', $it{seed}));
  put('/etc/machine-id', '0444', "$it{'machine-id'}\n");
  put(BOOT_ID, '0444', "$it{'boot-id'}\n");
  run('mount', '--bind', BOOT_ID, '/proc/sys/kernel/random/boot_id');
  put_value('/proc/sys/kernel/hostname', $it{hostname});
  mkdir '/root/.ssh', 0700;
  for my $file (split / /, $it{files}) {
    my ($path, $mode, $contents) = split /:/, $file;
    put(pack('H*', $path), $mode, pack('H*', $contents));
  }
  my ($uplink, $segment) = map { interface($_) } split / /, $it{'saved-macs'};
  my ($uplinkMac, $segmentMac) = split / /, $it{macs};
  # QEMU's own gateway remembers the address that the machine was saved with: the new ones are announced (ip-sysctl.rst).
  put_value("/proc/sys/net/ipv4/conf/$_/arp_notify", 1) for $uplink, $segment;
  open(my $ip, '|-', 'ip', '-batch', '-') or die "ip: $!\n";
  print {$ip} "link set dev $uplink address $uplinkMac\nlink set dev $segment address $segmentMac addrgenmode none\n",
    "address add $it{address} dev $segment\nlink set dev $segment up\n";
  close($ip) or die 'ip: exit status ' . ($? >> 8) . "\n";
  # Its streams are kept over a restart; it reads both ids when it starts.
  my @journals = grep { -d } '/run/log/journal', '/var/log/journal';
  run('find', @journals, '-mindepth', '1', '-delete') if @journals;
  run('systemctl', 'restart', 'systemd-journald.service');
  renew_engine_id($it{'engine-id'});
  run('systemctl', 'start', grep { $stopped{$_} } @early);
  run('systemctl', 'start', '--no-block', grep { $stopped{$_} } @late);
}

# A whole line. While nobody is connected on the other side, reading gives the end of a file.
sub order {
  my ($in, $line) = (shift, '');
  while (1) {
    my $got = sysread($in, $line, 65536, length $line);
    return $line if $line =~ s/\n\z//;
    select(undef, undef, undef, 0.02) unless $got;
  }
}

open(my $channel, '+<', $port) or die "$port: $!\n";
binmode $channel;
while (1) {
  my ($verb, @fields) = split /\t/, order($channel);
  my $ok = eval {
    if ($verb eq 'hello') { }
    elsif ($verb eq 'forget') { forget() }
    elsif ($verb eq 'become') { become(map { split /=/, $_, 2 } @fields) }
    else { die "unknown order\n" }
    1;
  };
  my $reason = $@ =~ s/\s+/ /gr;
  syswrite($channel, $ok ? "done\n" : "failed $reason\n");
}
