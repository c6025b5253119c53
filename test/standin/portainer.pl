#!/usr/bin/perl
# A stand-in for Portainer and its agent, for tests without a registry. It has the parts of the real HTTP API that swarmup
# relies on: /api/status, /api/auth, /api/endpoints, the agents behind an environment, the password file, the
# environment given with -H (missing when tasks.agent doesn't resolve at the start, as in portainer#12667), changing the
# password of the user who is signed in, and the time-out of the first set-up. As "agent" it answers on port 9001 with its
# node's name, to servers with its AGENT_SECRET. As "reset" it is Portainer's helper for a lost password.
use strict;
use warnings;
use IO::Socket::INET;
use IO::Socket::UNIX;
use Fcntl qw(:flock);
use Socket qw(getaddrinfo getnameinfo NI_NUMERICHOST NIx_NOSERV AF_INET SOCK_STREAM);

$| = 1;
$SIG{CHLD} = 'IGNORE';
$SIG{TERM} = sub { exit 0 };
my $role = shift @ARGV;

sub listen_on {
    my ($port) = @_;
    return IO::Socket::INET->new(LocalAddr => '0.0.0.0', LocalPort => $port, Listen => 64, ReuseAddr => 1, Proto => 'tcp')
        || die "cannot listen on $port: $!\n";
}

sub serve {
    my ($server, $handler) = @_;
    while (1) {
        my $client = $server->accept or next;
        my $pid = fork;
        if (!$pid) { alarm 20; $handler->($client); close $client; exit 0 }
        close $client;
    }
}

# --- agent -----------------------------------------------------------------------------------------------------------

sub node_name {
    my $docker = IO::Socket::UNIX->new(Peer => '/var/run/docker.sock') or return 'unknown';
    print $docker "GET /info HTTP/1.0\r\nHost: docker\r\n\r\n";
    local $/;
    my $answer = <$docker>;
    return $answer =~ /"Name":"([^"]+)","Labels"/ ? $1 : 'unknown';
}

if ($role eq 'agent') {
    my $name = node_name();
    print "agent on $name\n";
    my $secret = $ENV{AGENT_SECRET} // '';
    serve(listen_on(9001), sub {
        my ($client) = @_;
        my $said = <$client> // '';
        chomp $said;
        print $client "$name\n" if $said eq $secret;
    });
}

# --- server ----------------------------------------------------------------------------------------------------------

my %option;
my $data = $ENV{DATA} // '/data';
mkdir $data;
while (@ARGV) {
    my $word = shift @ARGV;
    if    ($word eq '-H')                    { $option{environment}   = shift @ARGV }
    elsif ($word eq '--admin-password-file') { $option{password_file} = shift @ARGV }
    elsif ($word eq '--tlsskipverify')       { }
    else                                     { die "unknown option $word\n" }
}

# --- helper ----------------------------------------------------------------------------------------------------------

# Portainer holds its database open while it runs, so that nothing else can open it.
open my $database, '>>', "$data/portainer.db" or die "$data/portainer.db: $!\n";
if (!flock $database, LOCK_EX | LOCK_NB) { print STDERR "could not open the database: timeout\n"; exit 1 }
if ($role eq 'reset') {
    my @letters = ('a' .. 'z', 'A' .. 'Z', 0 .. 9, split //, '&_#^<>()*~=+');
    my $password = join '', map { $letters[ rand @letters ] } 1 .. 32;
    die "could not find the user\n" unless defined slurp("$data/admin");
    spit("$data/admin", $password);
    print STDERR "2026/01/01 00:00:00 Password successfully updated for user: admin\n";
    print STDERR "2026/01/01 00:00:00 Use the following password to login: $password\n";
    exit 0;
}

my $timeout = $ENV{ADMIN_INIT_TIMEOUT} // 300;
my $start = time;

sub slurp { my ($file) = @_; open my $in, '<', $file or return undef; local $/; my $text = <$in>; return $text }
sub spit { my ($file, $text) = @_; open my $out, '>', "$file.new" or die "$file: $!"; print $out $text; close $out; rename "$file.new", $file }

if (!defined slurp("$data/admin") && $option{password_file}) {
    my $password = slurp($option{password_file});
    die "cannot read $option{password_file}\n" unless defined $password;
    $password =~ s/\n\z//;
    die "the password has to have at least 12 characters\n" if length $password < 12;
    spit("$data/admin", $password);
}

sub addresses {
    my ($error, @found) = getaddrinfo('tasks.agent', '', { socktype => SOCK_STREAM, family => AF_INET });
    return () if $error;
    return map { my ($e, $host) = getnameinfo($_->{addr}, NI_NUMERICHOST, NIx_NOSERV); $e ? () : $host } @found;
}

if ($option{environment} && !defined slurp("$data/endpoints")) {
    if (addresses()) { spit("$data/endpoints", 'primary') }
    else             { print "unable to create the environment: lookup tasks.agent: no such host\n" }
}

sub agents {
    my @names;
    for my $address (addresses()) {
        my $agent = IO::Socket::INET->new(PeerAddr => $address, PeerPort => 9001, Timeout => 3) or next;
        print $agent $ENV{AGENT_SECRET} // '', "\n";
        my $name = <$agent>;
        next unless defined $name;
        chomp $name;
        push @names, qq({"IPAddress":"$address","NodeName":"$name","NodeRole":"worker"});
    }
    return '[' . join(',', @names) . ']';
}

sub answer {
    my ($client, $status, $body, @headers) = @_;
    print $client "HTTP/1.1 $status\r\nContent-Type: application/json\r\nContent-Length: ", length $body, "\r\nConnection: close\r\n", map({"$_\r\n"} @headers), "\r\n", $body;
}

sub handle {
    my ($client) = @_;
    my $line = <$client> // return;
    my ($method, $path) = split / /, $line;
    my %header;
    while (defined(my $next = <$client>)) {
        $next =~ s/\r?\n\z//;
        last if $next eq '';
        my ($key, $value) = split /:\s*/, $next, 2;
        $header{ lc $key } = $value;
    }
    my $body = '';
    read $client, $body, $header{'content-length'} if $header{'content-length'};

    my $admin = slurp("$data/admin");
    if (!defined $admin && time - $start > $timeout) {
        return answer($client, '303 See Other', '', 'Redirect-Reason: AdminInitTimeout', 'Location: /timeout.html');
    }
    return answer($client, '200 OK', '{"Version":"2.33.6","InstanceID":"stand-in"}') if $path eq '/api/status';
    if ($path eq '/api/auth' && $method eq 'POST') {
        my ($user) = $body =~ /"username":"([^"]*)"/;
        my ($password) = $body =~ /"password":"([^"]*)"/;
        my $right = defined $admin && ($user // '') eq 'admin' && ($password // '') eq $admin;
        return answer($client, '200 OK', '{"jwt":"stand-in-token"}') if $right;
        return answer($client, '422 Unprocessable Entity', '{"message":"Invalid credentials","details":"Unauthorized"}');
    }
    return answer($client, '401 Unauthorized', '{"message":"A valid authorization token is missing"}')
        if ($header{authorization} // '') ne 'Bearer stand-in-token';
    return answer($client, '200 OK', '{"Id":1,"Username":"admin","Role":1}') if $path eq '/api/users/me';
    if ($path eq '/api/users/1/passwd' && $method eq 'PUT') {
        my ($old) = $body =~ /"password":"([^"]*)"/;
        my ($new) = $body =~ /"newPassword":"([^"]*)"/;
        return answer($client, '403 Forbidden', '{"message":"Invalid current password"}') if ($old // '') ne $admin;
        return answer($client, '400 Bad Request', '{"message":"Password does not meet the requirements"}') if length($new // '') < 12;
        spit("$data/admin", $new);
        return answer($client, '204 No Content', '');
    }
    if ($path eq '/api/endpoints' && $method eq 'GET') {
        my $name = slurp("$data/endpoints");
        return answer($client, '200 OK', defined $name ? qq([{"Id":1,"Name":"$name","Type":2,"URL":"tcp://tasks.agent:9001"}]) : '[]');
    }
    if ($path eq '/api/endpoints' && $method eq 'POST') {
        my ($name) = $body =~ /name="Name"\r\n\r\n([^\r]*)/;
        my ($type) = $body =~ /name="EndpointCreationType"\r\n\r\n([^\r]*)/;
        return answer($client, '400 Bad Request', '{"message":"Invalid environment name"}') unless defined $name;
        return answer($client, '400 Bad Request', '{"message":"Invalid environment type value"}') if ($type // '') ne '2';
        spit("$data/endpoints", $name);
        return answer($client, '200 OK', qq({"Id":1,"Name":"$name","Type":2}));
    }
    return answer($client, '200 OK', agents()) if $path eq '/api/endpoints/1/docker/v2/agents';
    return answer($client, '404 Not Found', '{"message":"not found"}');
}

my $server = listen_on($ENV{PORT} // 9000);
print "portainer stand-in\n";
serve($server, \&handle);
