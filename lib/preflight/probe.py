# The same as probe.pl, for systems without Perl.
import errno, os, select, signal, socket, sys, time

mode, seconds, wanted = sys.argv[1], float(sys.argv[2]), sys.argv[3:]
end = time.time() + seconds
MARK = b'swarmup-probe'


def say(text):
    print(text, flush=True)


def make(protocol):
    kind = socket.SOCK_STREAM if protocol == 'tcp' else socket.SOCK_DGRAM
    made = socket.socket(socket.AF_INET, kind)
    made.setblocking(False)
    return made


def why(code):
    return 'fail ' + os.strerror(code)


if mode == 'listen':
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    bound = []
    for one in wanted:
        protocol, port = one.split(':')
        made = make(protocol)
        if protocol == 'tcp':
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            made.bind(('0.0.0.0', int(port)))
            if protocol == 'tcp':
                made.listen(64)
            bound.append(made)
            say('bound %s %s' % (protocol, port))
        except OSError as error:
            say('busy %s %s %s' % (protocol, port, os.strerror(error.errno)))
    say('ready %d' % os.getpid())
    while time.time() < end:
        for ready in select.select(bound, [], [], 1)[0]:
            try:
                if ready.type & socket.SOCK_DGRAM:
                    data, source = ready.recvfrom(65536)
                    if data.startswith(MARK):
                        ready.sendto(MARK + b' %d' % len(data), source)
                else:
                    ready.accept()[0].close()
            except OSError:
                # The prober is gone already.
                pass
    sys.exit(0)

asked = []
for line in sys.stdin:
    words = line.split()
    if len(words) < 4:
        continue
    protocol, address, port, size = words[0], words[1], int(words[2]), int(words[3])
    one = {'line': ' '.join(words[:4]), 'udp': protocol == 'udp', 'size': size, 'to': (address, port), 'sent': 0.0}
    one['socket'] = make(protocol)
    one['result'] = None
    if protocol == 'tcp':
        code = one['socket'].connect_ex(one['to'])
        if code not in (0, errno.EINPROGRESS):
            one['result'] = why(code)
    elif size > 100:
        # Never fragmented: IP_MTU_DISCOVER (10) = IP_PMTUDISC_PROBE (3).
        one['socket'].setsockopt(socket.IPPROTO_IP, 10, 3)
    asked.append(one)

while time.time() < end:
    pending = [one for one in asked if one['result'] is None]
    if not pending:
        break
    for one in pending:
        # Repeated every second, as a datagram may be lost by accident.
        if one['udp'] and time.time() - one['sent'] >= 1:
            one['sent'] = time.time()
            try:
                one['socket'].sendto(MARK.ljust(one['size']), one['to'])
            except OSError as error:
                one['result'] = why(error.errno)
    reads = [one['socket'] for one in pending if one['udp']]
    writes = [one['socket'] for one in pending if not one['udp']]
    readable, writable, _ = select.select(reads, writes, [], 0.2)
    for one in pending:
        if one['socket'] in readable:
            try:
                data = one['socket'].recv(65536)
                if data == MARK + b' %d' % one['size']:
                    one['result'] = 'ok'
            except OSError as error:
                one['result'] = why(error.errno)
        elif one['socket'] in writable:
            code = one['socket'].getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            one['result'] = why(code) if code else 'ok'
for one in asked:
    say('%s %s' % (one['line'], one['result'] or 'fail no answer'))
