import { describe, expect, it } from 'vitest';
import { sentenceOf } from '../../lib/contracts/change-sentence.ts';
import { forgetUnlockKey, keptUnlockKey } from '../../lib/swarm/unlock-key.ts';
import { clusterOf, fullText } from '../support/cluster.ts';
import { errorsOf, worldWithRegistry } from '../support/worlds.ts';

describe('autolock', () => {
  it('keeps the key, unlocks restarted managers with it, and is switched off by the file', async () => {
    const world = worldWithRegistry();
    const cluster = await clusterOf(fullText(3, 1));
    expect(errorsOf(await world.run('up', cluster))).toEqual([]);
    expect(world.swarm.autolock).toBe(true);
    expect(world.passwords.get('unlock-key')).toBe(`${world.swarm.unlockKey}\n`);
    for (const name of ['manager1', 'manager3']) world.swarm.engines.get(name)!.locked = true;
    const again = await world.run('up', cluster);
    expect(errorsOf(again)).toEqual([]);
    expect(world.swarm.writes.filter((write) => write.startsWith('unlock')).toSorted()).toEqual([
      'unlock manager1',
      'unlock manager3',
    ]);
    const off = await world.run('up', { ...cluster, swarm: { ...cluster.swarm, autolock: false } });
    expect(errorsOf(off)).toEqual([]);
    expect(world.passwords.has('unlock-key')).toBe(false);
  });

  it('keeps the new key on the next run after it was rotated outside swarmup', async () => {
    const world = worldWithRegistry();
    const cluster = await clusterOf(fullText(1, 0));
    await world.run('up', cluster);
    world.swarm.unlockKey = 'SWMKEY-1-another';
    const result = await world.run('up', cluster);
    expect(result.units.flatMap(({ changes }) => changes.map(sentenceOf))).toEqual([
      'keep the unlock key in the local folder',
    ]);
    expect(world.passwords.get('unlock-key')).toBe('SWMKEY-1-another\n');
  });

  it('uses its own key even if the environment has another swarm’s', async () => {
    const world = worldWithRegistry();
    world.env = { SWARMUP_UNLOCK_KEY: 'SWMKEY-1-of-another-swarm' };
    const cluster = await clusterOf(fullText(1, 0));
    expect(errorsOf(await world.run('up', cluster))).toEqual([]);
    expect(world.passwords.get('unlock-key')).toBe(`${world.swarm.unlockKey}\n`);
    expect((await world.run('up', cluster)).changed).toBe(0);
  });

  it('leaves the key to the user who had it printed, and stores it nowhere', async () => {
    const world = worldWithRegistry();
    const cluster = await clusterOf(fullText(1, 0));
    await world.run('up', cluster);
    const { state } = world.context(cluster);
    await forgetUnlockKey(state);
    expect(await keptUnlockKey(state, {})).toBeUndefined();
    expect((await keptUnlockKey(state, { SWARMUP_UNLOCK_KEY: 'SWMKEY-1-a' }))?.reveal()).toBe('SWMKEY-1-a');
    expect((await world.run('up', cluster)).changed).toBe(0);
    const renamed = { ...cluster, swarm: { ...cluster.swarm, taskHistory: 3 } };
    expect((await world.run('up', renamed)).changed).toBe(1);
    expect(await keptUnlockKey(state, {})).toBeUndefined();
    world.swarm.engines.get('manager1')!.locked = true;
    const result = await world.run('up', renamed);
    expect(result.units.find(({ error }) => error)?.error?.code).toBe('SWARM_LOCKED');
  });

  it('without its key says where to get it', async () => {
    const world = worldWithRegistry();
    const cluster = await clusterOf(fullText(1, 0));
    await world.run('up', cluster);
    world.passwords.delete('unlock-key');
    world.swarm.engines.get('manager1')!.locked = true;
    const result = await world.run('up', cluster);
    expect(result.units.find(({ error }) => error)?.error).toMatchObject({
      code: 'SWARM_LOCKED',
      message: 'manager1 is locked, and its key is not stored on this computer',
      fix: expect.stringContaining('SWARMUP_UNLOCK_KEY='),
    });
  });
});

describe('join tokens', () => {
  it('are rotated after nodes have joined, once', async () => {
    const world = worldWithRegistry();
    await world.run('up', await clusterOf(fullText(1, 1)));
    const first = { ...world.swarm.tokens };
    expect(first.worker).not.toBe('SWMTKN-worker');
    await world.run('up', await clusterOf(fullText(1, 1)));
    expect(world.swarm.tokens).toEqual(first);
    expect(errorsOf(await world.run('up', await clusterOf(fullText(1, 2))))).toEqual([]);
    expect(world.swarm.tokens.worker).not.toBe(first.worker);
  });
});
