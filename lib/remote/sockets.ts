import { createSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { connect, createServer } from 'node:net';
import { hasErrno } from '../util/errno.ts';
import { messageOf } from '../util/errors.ts';

/** Whether a loopback port of this computer is free. */
export function portIsFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    // EADDRINUSE and EACCES mean the same here: the port can't be used.
    server.once('error', () => resolve(false));
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** The same for UDP. */
export function udpPortIsFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    socket.once('error', () => socket.close(() => resolve(false)));
    socket.bind({ address: '127.0.0.1', port, exclusive: true }, () => socket.close(() => resolve(true)));
  });
}

/** Whether the file system can hold a UNIX socket at a path. Nothing is left there. */
export function holdsSockets(path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error) => {
      // Another run tries it at the same time.
      if (hasErrno(error, 'EADDRINUSE')) resolve(true);
      else if (hasErrno(error, 'EPERM', 'EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS')) resolve(false);
      else reject(error);
    });
    server.listen(path, () => server.close(() => resolve(true)));
  });
}

/** The IPv4 address of a host name; undefined when it doesn't resolve here. */
export async function ipv4Of(host: string): Promise<string | undefined> {
  try {
    return (await lookup(host, { family: 4 })).address;
  } catch {
    // Perhaps only a bastion can resolve the name; callers that need the address report that it is missing.
    return undefined;
  }
}

/** The longest greeting of a server, in characters. Source: RFC 4253, 4.2: other lines may come before it. */
const LONGEST = 8_192;

/** The first line a server sends, or what happened instead. */
export function readBanner(
  host: string,
  port: number,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<{ banner: string } | { problem: string }> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect({ host, port, signal });
    const end = (result: { banner: string } | { problem: string }) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(result);
    };
    const timer = setTimeout(() => end({ problem: `no greeting within ${timeoutMs / 1000} s` }), timeoutMs);
    socket.on('error', (error) => end({ problem: messageOf(error) }));
    socket.on('close', () => end({ problem: 'the connection was closed without a greeting' }));
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      const [line, ...rest] = text.split('\n');
      if (rest.length > 0) end({ banner: (line ?? '').trim() });
      else if (text.length > LONGEST) end({ problem: 'its greeting has no end' });
    });
  });
}
