# A network between two interfaces, packet by packet: what hardware would have to complete, such as checksums, is missing.
#   wire.py ONE OTHER BYTES   passes packets of up to so many bytes (without the Ethernet header) both ways
import select, socket, sys

PACKET_OUTGOING = 4
ends = [socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)) for _ in range(2)]
for end, name in zip(ends, sys.argv[1:3]):
    end.bind((name, 3))
most = int(sys.argv[3]) + 14
print('ready', flush=True)
while True:
    for end in select.select(ends, [], [])[0]:
        data, (_, _, kind, *_) = end.recvfrom(65536)
        if kind != PACKET_OUTGOING and len(data) <= most:
            ends[1 - ends.index(end)].send(data)
