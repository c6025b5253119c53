# The same as fetch.pl, for systems without Perl.
import errno, os, select, signal, socket, struct, sys, time

mode, seconds, rest = sys.argv[1], float(sys.argv[2]), sys.argv[3:]
MOST = 1000000


def say(text):
    print(text, flush=True)


def linger(made):
    # Closed at once, with all that was not sent: nothing of the probe stays.
    made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
    made.setblocking(False)
    return made


def tcp():
    return linger(socket.socket(socket.AF_INET, socket.SOCK_STREAM))


def serve(address, ports):
    end = time.time() + seconds
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    listener, why = None, ''
    for port in ports:
        made = tcp()
        try:
            made.bind((address, int(port)))
            made.listen(128)
        except OSError as error:
            why = os.strerror(error.errno)
            continue
        listener = made
        say('serving %s' % port)
        break
    if listener is None:
        sys.exit('no port is free: %s' % why)
    clients = {}
    while time.time() < end:
        sending = [made for made, one in clients.items() if one['left']]
        waiting = [made for made, one in clients.items() if not one['left']]
        readable, writable, _ = select.select([0, listener] + waiting, sending, [], 1)
        if 0 in readable and not os.read(0, 4096):
            return
        for made in waiting + sending:
            one = clients[made]
            try:
                if made in readable:
                    data = made.recv(4096)
                    if not data:
                        raise OSError(errno.EPIPE, 'gone')
                    one['asked'] += data
                    first, newline, others = one['asked'].partition(b'\n')
                    if newline:
                        one['asked'], one['left'] = others, min(MOST, int(first))
                elif made in writable:
                    one['left'] -= made.send(b'.' * min(65536, one['left']))
            except BlockingIOError:
                continue
            except (OSError, ValueError):
                made.close()
                del clients[made]
        if listener in readable:
            try:
                clients[linger(listener.accept()[0])] = {'asked': b'', 'left': 0}
            except OSError:
                # The prober is gone already.
                pass


def echo(i, size):
    # Source: RFC 792, RFC 1071. The size is that of the whole packet.
    body = b'.' * (size - 28)
    whole = struct.pack('!BBHHH', 8, 0, 0, IDENTIFIER, i) + body
    total = sum(struct.unpack('!%dH' % ((len(whole) + 1) // 2), whole + b'\0' * (len(whole) % 2)))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return struct.pack('!BBHHH', 8, 0, ~total & 0xffff, IDENTIFIER, i) + body


class Question:
    def __init__(self, i, words):
        self.i, self.line, self.kind, self.size = i, ' '.join(words), words[0], int(words[3])
        self.to = (words[1], int(words[2]))
        self.tries, self.until, self.best, self.got = 3, 0.0, 0, -1
        self.socket = self.result = None
        self.reason = 'no connection'

    def drop(self):
        if self.socket is not None:
            self.socket.close()
        self.socket = None

    def failed(self, why):
        # The next try comes a second later: what refuses now may answer then.
        self.reason, self.until = why.lower(), time.time() + 1
        self.drop()

    def attempt(self, raw):
        self.drop()
        if self.tries == 0:
            self.result = 'fail ' + self.reason
            return
        self.tries, self.until = self.tries - 1, time.time() + seconds
        if self.kind == 'icmp':
            self.reason = 'no answer'
            try:
                raw.sendto(echo(self.i, self.size), (self.to[0], 0))
            except OSError as error:
                if error.errno in (errno.EAGAIN, errno.ENOBUFS):
                    self.failed('no answer')
                else:
                    self.result = 'fail ' + os.strerror(error.errno)
            return
        self.socket, self.got = tcp(), -1
        code = self.socket.connect_ex(self.to)
        if code not in (0, errno.EINPROGRESS):
            self.failed(os.strerror(code))

    def connected(self):
        code = self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            self.failed(os.strerror(code))
            return
        self.got, self.reason = 0, '%d of %d bytes' % (self.best, self.size)
        self.socket.send(b'%d\n' % self.size)

    def read(self):
        try:
            data = self.socket.recv(65536)
        except OSError as error:
            self.failed(os.strerror(error.errno))
            return
        if not data:
            self.failed('closed')
            return
        self.got += len(data)
        self.best = max(self.best, self.got)
        self.reason = '%d of %d bytes' % (self.best, self.size)
        if self.got >= self.size:
            self.result = 'ok'
            self.drop()


def answered(raw, asked):
    while True:
        try:
            packet, source = raw.recvfrom(65536)
        except OSError:
            return
        reply = packet[4 * (packet[0] & 15):]
        if len(reply) < 8:
            continue
        kind, _, _, of, i = struct.unpack('!BBHHH', reply[:8])
        if kind != 0 or of != IDENTIFIER or i >= len(asked):
            continue
        one = asked[i]
        if one.kind == 'icmp' and len(packet) == one.size and source[0] == one.to[0]:
            one.result = 'ok'


def fetch():
    lines = [line.split() for line in sys.stdin]
    asked = [Question(i, words) for i, words in enumerate(words for words in lines if len(words) == 4)]
    raw = None
    if any(one.kind == 'icmp' for one in asked):
        raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)
        # Never fragmented: IP_MTU_DISCOVER (10) = IP_PMTUDISC_PROBE (3).
        raw.setsockopt(socket.IPPROTO_IP, 10, 3)
        # Room for all answers at once: SO_RCVBUFFORCE (33).
        raw.setsockopt(socket.SOL_SOCKET, 33, 4000000)
        raw.setblocking(False)
    while True:
        pending = [one for one in asked if one.result is None]
        if not pending:
            break
        for one in pending:
            if time.time() >= one.until:
                one.attempt(raw)
        open_now = [one for one in pending if one.result is None and one.socket is not None]
        reads = [one.socket for one in open_now if one.got >= 0] + ([raw] if raw else [])
        writes = [one.socket for one in open_now if one.got < 0]
        readable, writable, _ = select.select(reads, writes, [], 0.2)
        if raw in readable:
            answered(raw, asked)
        for one in open_now:
            if one.socket in writable:
                one.connected()
            elif one.socket in readable:
                one.read()
    for one in asked:
        say('%s %s' % (one.line, one.result))


IDENTIFIER = os.getpid() & 0xffff
if mode == 'serve':
    serve(rest[0], rest[1:])
else:
    fetch()
