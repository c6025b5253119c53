import { describe, expect, it } from 'vitest';
import type { Host } from '../../lib/contracts/host.ts';
import type { Surveyed } from '../../lib/contracts/preflight.ts';
import type { Remote } from '../../lib/contracts/remote.ts';
import { probeNetwork } from '../../lib/preflight/network.ts';
import { clusterOf } from '../support/cluster.ts';
import { strict } from '../fakes/strict.ts';

const cluster = await clusterOf('name: t\nprovider: { type: qemu }\nnodes: { managers: 2, workers: 0 }\n');

/** Two managers: what listens on the second's ports, and what a connection to 2377 there ends with. */
async function probes(listening: Readonly<Record<string, 'bound' | 'busy'>>, answer: string) {
  const host = (name: string): Host => {
    const killed = Promise.withResolvers<undefined>();
    return strict<Host>('host', {
      run: async (argv, options = {}) => {
        const output = { exitCode: 0, stdout: '', stderr: '' };
        if (argv[0] === 'kill') return (killed.resolve(undefined), output);
        if (argv[6] === 'listen') {
          for (const port of argv.slice(8))
            options.onLine?.(
              `${name === 'manager2' ? (listening[port] ?? 'bound') : 'bound'} ${port.replace(':', ' ')}`,
            );
          options.onLine?.('ready 1');
          return (await killed.promise, output);
        }
        const lines = (typeof options.input === 'string' ? options.input : '').trim().split('\n');
        const result = (line: string) => (line.startsWith('tcp 10.0.0.2 2377 ') ? answer : 'ok');
        return { ...output, stdout: lines.map((line) => `${line} ${result(line)}\n`).join('') };
      },
    });
  };
  const hosts = new Map(cluster.nodes.map(({ name }) => [name, host(name)]));
  const surveyed = cluster.nodes.map(
    (node, i) =>
      ({ node, address: `10.0.0.${i + 1}`, facts: { addresses: [], mtus: new Map() } }) as unknown as Surveyed,
  );
  const remote = strict<Remote>('remote', { host: async (name) => hosts.get(name)! });
  const links = await probeNetwork(surveyed, { cluster, remote, signal: new AbortController().signal });
  return links.find(({ to, port }) => to === 'manager2' && port === 2377);
}

describe("a probe of the managers' port", () => {
  it.each([
    ['nothing else listens, and it does not arrive', {}, 'fail no answer', 'failed'],
    ['nothing else listens, and a firewall rejects it', {}, 'fail Connection refused', 'failed'],
    ['the engine listens, and it arrives', { 'tcp:2377': 'busy' }, 'ok', 'ok'],
    ['the engine listens, and it does not arrive', { 'tcp:2377': 'busy' }, 'fail no answer', 'failed'],
    ['the engine listens, and a firewall prohibits it', { 'tcp:2377': 'busy' }, 'fail No route to host', 'failed'],
    ['something listens on another address only', { 'tcp:2377': 'busy' }, 'fail Connection refused', 'unknown'],
  ] as const)('when %s', async (_, listening, answer, result) => {
    expect(await probes(listening, answer)).toMatchObject({
      from: 'manager1',
      result,
      reason: answer.replace(/^(fail |ok$)/, ''),
    });
  });
});
