import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { systemClock } from '../lib/async/clock.ts';
import type { EventBody } from '../lib/contracts/events.ts';
import type { Snapshots } from '../lib/contracts/provider.ts';
import { underLock } from '../lib/pipeline/run-pipeline.ts';
import { loadProvider } from '../lib/providers/index.ts';
import { localCommands } from '../lib/remote/local.ts';
import { snapshotsText } from '../lib/render/snapshots.ts';
import { FakeWorld } from './fakes/world.ts';
import { strict } from './fakes/strict.ts';
import { Cli } from './support/cli.ts';
import { clusterOf } from './support/cluster.ts';

const folder = mkdtempSync(join(tmpdir(), 'swarmup-snapshots-'));
const cli = new Cli(folder);
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const { signal } = new AbortController();

writeFileSync(join(folder, 'swarmup.yaml'), 'name: virtual\nprovider: { type: qemu }\n');
writeFileSync(
  join(folder, 'mixed.yaml'),
  `name: mixed
providers: { here: { type: qemu }, there: { type: hosts } }
nodes:
  - { name: m1, role: manager, provider: here }
  - { name: w1, role: worker, provider: there, address: 127.0.0.1 }
`,
);

describe('the snapshot commands', () => {
  it('list nothing for a cluster without snapshots, as a text and as JSON', async () => {
    expect((await cli.run(['snapshot', 'list'])).stdout).toBe('virtual has no snapshots\n');
    expect((await cli.json('snapshot', 'list')).document).toEqual({ snapshots: [] });
  });

  it.each([
    ['saving machines that do not run', ['save'], 2, /every machine has to run for a snapshot, and manager1 is off/],
    ['an unknown snapshot', ['restore', 'before'], 2, /there is no snapshot 'before'[^]*swarmup snapshot save/],
    ['a name that is a path', ['save', '../before'], 2, /'\.\.\/before' can't be the name of a snapshot/],
    ['an unknown option', ['list', '--jsn'], 2, /Did you mean --json/],
    [
      'machines of several kinds',
      ['save', '-f', 'mixed.yaml'],
      2,
      /all QEMU machines, and mixed has machines of here \(qemu\), there \(hosts\)/,
    ],
  ])('refuse %s', async (_what, argv, status, message) => {
    const result = await cli.run(['snapshot', ...argv]);
    expect(result.stderr).toMatch(message);
    expect(result.status).toBe(status);
  });
});

describe('snapshots of a cluster with several providers', () => {
  const snapshotsOf = async (first: string, second: string) => {
    const cluster = await clusterOf(`name: c
providers: { one: { type: ${first} }, other: { type: ${second} } }
nodes:
  - { name: m1, role: manager, provider: one }
  - { name: w1, role: worker, provider: other${second === 'hosts' ? ', address: 127.0.0.1' : ''} }
`);
    const create = await loadProvider(cluster.provider);
    const local = localCommands(() => undefined, process.env);
    return (await create({ cluster, clock: systemClock, local, env: {}, mayInstall: false })).snapshots;
  };

  it('exist if all of them are QEMU', async () => {
    expect(await snapshotsOf('qemu', 'qemu')).toBeDefined();
    expect(await snapshotsOf('qemu', 'hosts')).toBeUndefined();
  });
});

describe('the table of snapshots', () => {
  it('says until when each can be restored, or why it can not', () => {
    const one = { name: 'default', takenAt: '2026-11-26T22:40:00.000Z', machines: ['a', 'b'], bytes: 1.3e9 };
    const text = snapshotsText(
      [
        { ...one, usableUntil: '2027-02-24T10:00:00.000Z' },
        { ...one, name: 'old', unusable: 'it lacks c' },
        { ...one, name: 'bare' },
      ],
      'virtual',
    );
    expect(text).toMatch(/^default +2026-11-26 22:40 UTC +a b +1300 MB +until 2027-02-24$/m);
    expect(text).toMatch(/^old .* no: it lacks c$/m);
    expect(text).toMatch(/^bare .* yes$/m);
  });
});

describe('a run under the lock', () => {
  async function session(repair: Snapshots['repair']) {
    const world = new FakeWorld();
    const cluster = await clusterOf('name: c\nprovider: { type: qemu }\n');
    await world.run('up', cluster, { selection: { to: 'provision' } });
    const context = world.context(cluster);
    const snapshots = strict<Snapshots>('snapshots', { repair });
    const events: EventBody[] = [];
    const emit = (event: EventBody) => void events.push(event);
    return {
      world,
      events,
      open: { context: { ...context, provider: { ...context.provider, snapshots } }, emit, signal },
    };
  }
  const lock = { command: 'up', waitMs: 0 };

  it('first repairs what a killed run left, before anything connects to a machine', async () => {
    const order: string[] = [];
    const { world, open } = await session(async () => void order.push('repaired'));
    world.fault = (what) => void order.push(what);
    await underLock(lock, open, async () => void order.push('work'));
    expect(order[0]).toBe('repaired');
    expect(order).toContain('work');
  });

  it('warns when that fails, and does its work: `down` must always be possible', async () => {
    const { events, open } = await session(async () => {
      throw new Error('QEMU does not answer');
    });
    const warned = await underLock(lock, open, async (held) => [...held.warned]);
    const told = events.flatMap((event) => (event.type === 'warning' ? [event.warning.message] : []));
    expect(told.join()).toContain('could not be repaired: QEMU does not answer');
    // For the result of the run, which programs read.
    expect(warned).toEqual(told);
  });

  it('leaves the managers alone if it works on this computer only', async () => {
    const { world, open } = await session(async () => undefined);
    await underLock({ ...lock, onlyHere: true }, open, async () => expect(world.locks.size).toBe(0));
    await underLock(lock, open, async ({ gate }) => {
      await gate.pass();
      expect(world.locks.size).toBe(1);
    });
  });
});
