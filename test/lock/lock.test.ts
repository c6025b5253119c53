import { existsSync, mkdtempSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Host } from '../../lib/contracts/host.ts';
import { ClusterLock, type LockOptions } from '../../lib/lock/cluster-lock.ts';
import { LocalLock } from '../../lib/lock/local.ts';
import { thisRun, type Owner } from '../../lib/lock/owner.ts';
import { FakeWorld } from '../fakes/world.ts';
import { clusterOf, fullText } from '../support/cluster.ts';
import { runUp } from '../support/rig.ts';
import { worldWithRegistry } from '../support/worlds.ts';

const DEAD_PID = 4_194_305;
const never = new AbortController().signal;
const stateDir = () => join(mkdtempSync(join(tmpdir(), 'swarmup-lock-')), '.swarmup', 'c');
const owner = (rest: Partial<Owner> = {}): Owner => ({ ...thisRun('up', new Date('2026-01-01T00:00:00Z')), ...rest });
const elsewhere = { host: 'elsewhere', pid: DEAD_PID };

/** The first manager of a cluster of one, and the path of its lock. */
async function manager() {
  const world = new FakeWorld();
  const cluster = await clusterOf('name: c\nprovider: { type: qemu }\n');
  await world.run('up', cluster, { selection: { to: 'provision' } });
  const { remote } = world.context(cluster);
  const connect = () => remote.host('manager1', never);
  return { world, key: 'manager1:/run/swarmup/c.lock', manager: connect };
}

function options(dir: string, rest: Partial<LockOptions> = {}): LockOptions & { warnings: string[] } {
  const warnings: string[] = [];
  const { clock } = fakes;
  const warn = (message: string) => void warnings.push(message);
  const manager = async () => undefined;
  return {
    cluster: 'c',
    stateDir: dir,
    command: 'up',
    clock,
    signal: never,
    waitMs: 0,
    warn,
    warnings,
    manager,
    ...rest,
  };
}

const fakes = new FakeWorld().context(await clusterOf('name: c\nprovider: { type: qemu }\n'));

describe('the lock of a cluster', () => {
  it('refuses a second run, names the first, and leaves nothing when it is released', async () => {
    const dir = stateDir();
    const lock = await ClusterLock.take(options(dir));
    expect(JSON.parse(readFileSync(`${dir}.lock`, 'utf8'))).toMatchObject({ pid: process.pid, command: 'up' });
    await expect(ClusterLock.take(options(dir, { command: 'down' }))).rejects.toMatchObject({
      code: 'LOCKED',
      message: expect.stringMatching(
        new RegExp(
          `another run holds this cluster: 'swarmup up' of \\S+ on ${hostname()} \\(process ${process.pid}\\), since`,
        ),
      ),
      fix: expect.stringContaining('swarmup unlock'),
    });
    await lock.release();
    expect(existsSync(join(dir, '..'))).toBe(false);
    await (await ClusterLock.take(options(dir))).release();
  });

  it('is waited for', async () => {
    const dir = stateDir();
    const first = await ClusterLock.take(options(dir));
    let looks = 0;
    const sleep = async () => {
      if (++looks === 3) await first.release();
    };
    const waiting = options(dir, { waitMs: 600_000, clock: { now: () => 0, sleep } });
    await (await ClusterLock.take(waiting)).release();
    expect(waiting.warnings).toEqual([expect.stringContaining('waiting for another run: ')]);
  });

  it('is waited for no longer than requested', async () => {
    const dir = stateDir();
    const first = await ClusterLock.take(options(dir));
    const start = fakes.clock.now();
    await expect(ClusterLock.take(options(dir, { waitMs: 60_000 }))).rejects.toMatchObject({ code: 'LOCKED' });
    expect(fakes.clock.now() - start).toBe(60_000);
    await first.release();
  });

  it.each([
    ['left by a dead process', JSON.stringify(owner({ pid: DEAD_PID })), 0],
    ['of another machine that has been silent for long', JSON.stringify(owner(elsewhere)), 61],
    ['cut off by a kill', '{"pid": 12', 2],
  ])('%s is taken over', async (_name, text, age) => {
    const dir = stateDir();
    await (await ClusterLock.take(options(dir))).release();
    await new LocalLock(dir).take(owner());
    writeFileSync(`${dir}.lock`, text);
    const then = new Date(Date.now() - age * 1000);
    utimesSync(`${dir}.lock`, then, then);
    await (await ClusterLock.take(options(dir))).release();
    expect(existsSync(join(dir, '..'))).toBe(false);
  });

  it('is taken over by exactly one of many runs that find it stale', async () => {
    const dir = stateDir();
    await new LocalLock(dir).take(owner({ pid: DEAD_PID }));
    const taken = await Promise.allSettled(Array.from({ length: 20 }, () => ClusterLock.take(options(dir))));
    const winners = taken.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    expect(winners).toHaveLength(1);
    await winners[0]?.release();
  });

  it('is taken over even if another take-over was cut off halfway', async () => {
    const dir = stateDir();
    const dead = owner({ pid: DEAD_PID });
    await new LocalLock(dir).take(dead);
    const claim = `${dir}.lock.${dead.token}`;
    writeFileSync(claim, '');
    const then = new Date(Date.now() - 2_000);
    utimesSync(claim, then, then);
    await (await ClusterLock.take(options(dir))).release();
    expect(existsSync(join(dir, '..'))).toBe(false);
  });

  it('is respected when another machine holds it', async () => {
    const dir = stateDir();
    await new LocalLock(dir).take(owner(elsewhere));
    await expect(ClusterLock.take(options(dir))).rejects.toThrow(`on elsewhere (process ${DEAD_PID})`);
  });
});

describe('the lock on the first manager', () => {
  it('refuses a run on another machine', async () => {
    const { world, manager: host, key } = await manager();
    world.locks.set(key, { token: 'x', owner: JSON.stringify(owner(elsewhere)), age: 59 });
    const dir = stateDir();
    const lock = await ClusterLock.take(options(dir, { manager: host }));
    await expect(lock.extend()).rejects.toMatchObject({
      code: 'LOCKED',
      message: expect.stringContaining('last refreshed 59 s ago; the lock is /run/swarmup/c.lock on manager1'),
    });
    expect(existsSync(`${dir}.lock`)).toBe(false);
    expect(world.locks.get(key)?.token).toBe('x');
  });

  it('is taken over from a run without a heartbeat, with a warning', async () => {
    const { world, manager: host, key } = await manager();
    world.locks.set(key, { token: 'x', owner: JSON.stringify(owner(elsewhere)), age: 61 });
    const wanted = options(stateDir(), { manager: host });
    const lock = await ClusterLock.take(wanted);
    await lock.extend();
    expect(wanted.warnings).toEqual([expect.stringContaining("stale lock of a run that is gone: 'swarmup up'")]);
    await lock.release();
    expect(world.locks.size).toBe(0);
  });

  it('is taken over at once from a killed run of this computer', async () => {
    const { world, manager: host, key } = await manager();
    const dir = stateDir();
    const killed = owner({ pid: DEAD_PID });
    await new LocalLock(dir).take(killed);
    world.locks.set(key, { token: killed.token, owner: JSON.stringify(killed), age: 1 });
    const lock = await ClusterLock.take(options(dir, { manager: host }));
    await lock.extend();
    await lock.release();
  });

  it('is inherited through runs that were killed before they held it', async () => {
    const { world, manager: host, key } = await manager();
    const dir = stateDir();
    const local = new LocalLock(dir);
    const killed = [owner({ pid: DEAD_PID }), owner({ pid: DEAD_PID }), owner({ pid: DEAD_PID })];
    for (const one of killed) await local.take(one);
    world.locks.set(key, { token: killed[0]!.token, owner: JSON.stringify(killed[0]), age: 1 });
    const wanted = options(dir, { manager: host });
    const lock = await ClusterLock.take(wanted);
    await lock.extend();
    expect(wanted.warnings).toEqual([]);
    await lock.release();
    expect(world.locks.size).toBe(0);
  });

  it('is released by a run that is interrupted while acquiring it', async () => {
    const world = worldWithRegistry();
    const cluster = await clusterOf(fullText(1, 0));
    await world.run('up', cluster);
    const controller = new AbortController();
    world.fault = (what) => {
      if (what.includes('swarmup-lock take')) controller.abort();
    };
    const result = await runUp(cluster, world, undefined, controller.signal);
    expect(result).toMatchObject({ ok: false, interrupted: true });
    expect(world.locks.size).toBe(0);
    expect(existsSync(`${cluster.stateDir}.lock`)).toBe(false);
  });

  it('ends a run that has begun its checks when another run holds it', async () => {
    const world = worldWithRegistry();
    const cluster = await clusterOf(fullText(1, 1));
    await world.run('up', cluster);
    const writes = world.swarm.writes.length;
    const key = 'manager1:/run/swarmup/test.lock';
    world.locks.set(key, { token: 'x', owner: JSON.stringify(owner(elsewhere)), age: 0 });
    const drifted = { ...cluster, services: cluster.services.map((service) => ({ ...service, replicas: 5 })) };
    await expect(runUp(drifted, world)).rejects.toMatchObject({ code: 'LOCKED' });
    expect(world.swarm.writes).toHaveLength(writes);
    expect(world.locks.get(key)?.token).toBe('x');
  });

  it('stops the run when another one takes it over', async () => {
    const { world, manager: host, key } = await manager();
    const lock = await ClusterLock.take(options(stateDir(), { manager: host }));
    await lock.extend();
    await lock.beat();
    expect(lock.lost.aborted).toBe(false);
    world.locks.set(key, { token: 'x', owner: JSON.stringify(owner(elsewhere)), age: 0 });
    await lock.beat();
    expect(lock.lost.reason).toMatchObject({ code: 'LOCKED' });
    await lock.release();
    expect(world.locks.get(key)?.token).toBe('x');
  });

  it('is free after its release, even if a refresh was on its way to the manager', async () => {
    const { world, manager: connect, key } = await manager();
    const sent: string[] = [];
    const { promise: underWay, resolve: arrived } = Promise.withResolvers<void>();
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    const slow = async (): Promise<Host> => {
      const host = await connect();
      return {
        name: host.name,
        dialEngine: () => host.dialEngine(),
        dialPort: (port) => host.dialPort(port),
        close: () => host.close(),
        run: async (argv, run) => {
          sent.push(argv[4] ?? '');
          if (argv[4] === 'beat') arrived();
          if (argv[4] === 'beat') await gate;
          return host.run(argv, run);
        },
      };
    };
    const lock = await ClusterLock.take(options(stateDir(), { manager: slow }));
    await lock.extend();
    const beating = lock.beat();
    await underWay;
    const releasing = lock.release();
    await new Promise((resolve) => setImmediate(resolve));
    expect(sent).toEqual(['take', 'beat']);
    open();
    await Promise.all([beating, releasing]);
    expect(sent).toEqual(['take', 'beat', 'release']);
    expect(world.locks.get(key)).toBeUndefined();
  });

  it('is released even if the manager is gone', async () => {
    const { world, manager: host } = await manager();
    const dir = stateDir();
    const lock = await ClusterLock.take(options(dir, { manager: host }));
    await lock.extend();
    world.fault = () => {
      throw new Error('the connection was closed');
    };
    await lock.release();
    expect(existsSync(`${dir}.lock`)).toBe(false);
  });
});
