import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A forward proxy on loopback, for plain HTTP only; it alone can resolve the given names. */
export async function startProxy(names: Readonly<Record<string, string>> = {}): Promise<{
  readonly port: number;
  /** The hosts of all requests. */
  readonly asked: ReadonlySet<string>;
  stop(): void;
}> {
  const asked = new Set<string>();
  const server = createServer((incoming, outgoing) => {
    const url = new URL(incoming.url ?? '/', 'http://nowhere.test');
    asked.add(url.hostname);
    url.host = names[url.hostname] ?? url.host;
    const { host: _asked, 'proxy-connection': _hop, ...headers } = incoming.headers;
    const upstream = request(url, { method: incoming.method ?? 'GET', headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    upstream.on('error', () => outgoing.writeHead(502).end());
    incoming.pipe(upstream);
  });
  server.on('connect', (_incoming, socket) => socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    asked,
    stop: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
