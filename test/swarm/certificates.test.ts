import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { expiring, firstExpiry, notice } from '../../lib/swarm/certificates.ts';
import { SwarmupError } from '../../lib/util/errors.ts';
import type { SwarmNode } from '../../lib/contracts/swarm-types.ts';

/** From a manager with Docker 26.1.5: valid from 2026-11-23 to 2027-02-21, 90 days and an hour. */
const PEM = readFileSync(fileURLToPath(new URL('recorded/swarm-node.crt', import.meta.url)), 'utf8');
const day = (date: string) => Date.parse(`${date}T12:00:00Z`);

describe("a node's certificate", () => {
  it.each([
    ['2026-12-01', undefined],
    ['2027-02-02', undefined],
    ['2027-02-10', "m1's certificate expires on 2027-02-21, in 11 days, and was not renewed"],
    ['2027-03-01', "m1's certificate expired on 2027-02-21, and was not renewed"],
  ])('causes the right warning on %s: %s', (date, expected) => {
    const told = notice('m1', PEM, day(date));
    if (expected === undefined) expect(told).toBeUndefined();
    else expect(told?.startsWith(`${expected}: the node has to reach a manager`)).toBe(true);
  });

  it('is checked only when it can be old by now, and when it can be read', async () => {
    const asked: string[] = [];
    const look = (now: string, createdAt: string) =>
      expiring(
        {
          clock: { now: () => day(now), sleep: async () => undefined },
          machines: { get: (name: string) => ({ name, state: name === 'off' ? 'stopped' : 'running' }) } as never,
          remote: {
            answers: async (name: string) => name !== 'silent',
            host: async (name: string) => ({
              run: async () => {
                asked.push(name);
                return name === 'left'
                  ? { exitCode: 1, stdout: '', stderr: '' }
                  : { exitCode: 0, stdout: name === 'damaged' ? 'damaged' : PEM, stderr: '' };
              },
            }),
          } as never,
        },
        {
          ID: 'x',
          Version: { Index: 1 },
          CreatedAt: `${createdAt}T12:00:00Z`,
          Spec: { CAConfig: { NodeCertExpiry: 90 * 86_400 * 1e9 } },
          JoinTokens: { Manager: '', Worker: '' },
        },
        ['m1', 'off', 'silent', 'left', 'damaged'].map(
          (name) => ({ ID: name, Spec: {}, Description: { Hostname: name } }) as SwarmNode,
        ),
        new AbortController().signal,
      );
    expect(await look('2027-02-10', '2027-02-01')).toEqual([]);
    expect(asked).toEqual([]);
    expect(await look('2027-02-10', '2026-11-23')).toEqual([
      expect.stringContaining("m1's certificate expires"),
      expect.stringContaining("damaged's certificate can't be read"),
    ]);
    expect(asked).toEqual(['m1', 'left', 'damaged']);
  });

  it('says how long a node can be trusted: the first to expire counts, and nodes without a swarm do not', async () => {
    const { signal } = new AbortController();
    const remote = (states: Readonly<Record<string, string>>) => ({
      engine: async (name: string) => {
        if (states[name] === 'none') throw new SwarmupError('ENGINE_UNREACHABLE', 'no engine', { fix: '' });
        return { call: async () => ({ DockerRootDir: '/data', Swarm: { LocalNodeState: states[name] } }) };
      },
      host: async (name: string) => ({
        run: async ([, path]: readonly string[]) => {
          expect(path).toBe('/data/swarm/certificates/swarm-node.crt');
          return { stdout: name === 'w3' ? 'damaged' : PEM };
        },
      }),
    });
    const until = (states: Readonly<Record<string, string>>) =>
      firstExpiry({ remote: remote(states) as never }, Object.keys(states), signal);
    const expiry = await until({ m1: 'active', w1: 'inactive', w2: 'none', w3: 'active' });
    expect(new Date(expiry ?? 0).toISOString().slice(0, 10)).toBe('2027-02-21');
    expect(await until({ w1: 'inactive', w2: 'none' })).toBeUndefined();
  });
});
