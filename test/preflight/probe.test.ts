import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { needPackages } from '../support/packages.ts';

const script = (name: string) => fileURLToPath(new URL(`../../lib/preflight/${name}`, import.meta.url));

beforeAll(() => needPackages('perl-base', 'python3-minimal'), 120_000);

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}

describe.each([
  ['Perl', ['perl', script('probe.pl')]],
  ['Python', ['python3', script('probe.py')]],
])('the probe in %s', (_language, [program = '', file = '']) => {
  it('listens, connects, and reports what arrived and what did not', async () => {
    const [tcp = 0, udp = 0, shut = 0, taken = 0] = await freePorts(4);
    const other = createServer().listen(taken, '0.0.0.0');
    await once(other, 'listening');
    const listener = spawn(program, [file, 'listen', '30', `tcp:${tcp}`, `udp:${udp}`, `tcp:${taken}`]);
    let said = '';
    listener.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
    await expect.poll(() => said, { timeout: 20_000 }).toMatch(/ready \d+\n$/);
    expect(said.split('\n').slice(0, 3)).toEqual([
      `bound tcp ${tcp}`,
      `bound udp ${udp}`,
      expect.stringMatching(new RegExp(`^busy tcp ${taken} Address already in use`)),
    ]);
    const questions = [
      `tcp 127.0.0.1 ${tcp} 64`,
      `udp 127.0.0.1 ${udp} 64`,
      `udp 127.0.0.1 ${udp} 1472`,
      `tcp 127.0.0.1 ${shut} 64`,
      `udp 127.0.0.1 ${shut} 64`,
      `udp 127.0.0.1 ${udp} 65508`,
    ];
    const asker = spawn(program, [file, 'ask', '3']);
    let answers = '';
    asker.stdout.on('data', (chunk: Buffer) => (answers += chunk.toString()));
    asker.stdin.end(`${questions.join('\n')}\n`);
    await once(asker, 'close');
    const results = [
      'ok',
      'ok',
      'ok',
      'fail Connection refused',
      expect.stringMatching(/^fail (no answer|Connection refused)$/),
      'fail Message too long',
    ];
    expect(
      answers
        .trim()
        .split('\n')
        .map((line, i) => line.slice((questions[i]?.length ?? 0) + 1)),
    ).toEqual(results);
    listener.kill('SIGTERM');
    const [status] = (await once(listener, 'close')) as [number];
    expect(status).toBe(0);
    other.close();
  });
});
