import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { needPackages } from '../support/packages.ts';

const script = (name: string) => fileURLToPath(new URL(`../../lib/swarm/mesh/${name}`, import.meta.url));

beforeAll(() => needPackages('perl-base', 'python3-minimal'));

/** Ports that are free, and a server that has one. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}

async function firstLine({ stdout }: ChildProcessWithoutNullStreams): Promise<string> {
  const [chunk] = (await once(stdout, 'data')) as [Buffer];
  return chunk.toString().trim();
}

const LANGUAGES = [
  ['Perl', ['perl', script('fetch.pl')]],
  ['Python', ['python3', script('fetch.py')]],
] as const;
const PAIRS = LANGUAGES.flatMap(([one, first]) =>
  LANGUAGES.map(([other, second]) => [one, other, first, second] as const),
);

describe.each(PAIRS)('the program that serves, in %s, and that fetches, in %s', (_one, _other, server, client) => {
  it('answer and ask, and say what did not arrive', async () => {
    const [taken = 0, free = 0, shut = 0] = await freePorts(3);
    // Those who ask give up with a reset.
    const other = createServer((socket) => socket.on('error', () => undefined)).listen(taken, '127.0.0.1');
    await once(other, 'listening');
    const serving = spawn(server[0], [server[1], 'serve', '60', '127.0.0.1', String(taken), String(free)]);
    expect(await firstLine(serving)).toBe(`serving ${free}`);
    const questions = [
      `tcp 127.0.0.1 ${free} 64`,
      `tcp 127.0.0.1 ${free} 102400`,
      `tcp 127.0.0.1 ${shut} 64`,
      // It accepts and never answers.
      `tcp 127.0.0.1 ${taken} 102400`,
      'icmp 127.0.0.1 0 84',
      'icmp 127.0.0.1 0 1451',
      'icmp 127.0.0.1 0 65600',
    ];
    const fetching = spawn(client[0], [client[1], 'fetch', '1']);
    fetching.stdin.end(`${questions.join('\n')}\n`);
    const said = (await text(fetching.stdout)).trim().split('\n');
    expect(said.map((line, i) => line.slice((questions[i]?.length ?? 0) + 1).toLowerCase())).toEqual([
      'ok',
      'ok',
      'fail connection refused',
      'fail 0 of 102400 bytes',
      'ok',
      'ok',
      'fail message too long',
    ]);
    serving.stdin.end();
    expect((await once(serving, 'close'))[0]).toBe(0);
    other.close();
  });
});

describe.each(LANGUAGES)('the program that serves, in %s', (_language, [program, file]) => {
  it('ends by itself', async () => {
    const [free = 0] = await freePorts(1);
    const serving = spawn(program, [file, 'serve', '1', '127.0.0.1', String(free)]);
    expect(await firstLine(serving)).toBe(`serving ${free}`);
    expect((await once(serving, 'close'))[0]).toBe(0);
  });

  it('says why it has no port', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const serving = spawn(program, [file, 'serve', '1', '127.0.0.1', String(port)]);
    expect((await text(serving.stderr)).trim().toLowerCase()).toBe('no port is free: address already in use');
    other.close();
  });
});
