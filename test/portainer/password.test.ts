import { describe, expect, it } from 'vitest';
import { rotatePassword } from '../../lib/portainer/rotate.ts';
import type { FakeWorld } from '../fakes/world.ts';
import { clusterOf, fullText } from '../support/cluster.ts';
import { errorsOf, worldWithRegistry } from '../support/worlds.ts';

const FILE = 'portainer-admin-password';
const options = { signal: new AbortController().signal, report: () => undefined };
const text = fullText(1, 1);
const given = (password: string) => text.replace('portainer: {}', `portainer: { adminPassword: ${password} }`);

async function withPortainer(): Promise<FakeWorld> {
  const world = worldWithRegistry();
  expect(errorsOf(await world.run('up', await clusterOf(text)))).toEqual([]);
  world.portainerPassword = 'generated-password';
  return world;
}

describe('rotate portainer-password', () => {
  it('generates a new password and sets it in Portainer', async () => {
    const world = await withPortainer();
    const cluster = await clusterOf(text);
    await rotatePassword(world.context(cluster), options);
    const kept = world.passwords.get(FILE)?.trim();
    expect(kept).not.toBe('generated-password');
    expect(kept?.length).toBeGreaterThan(11);
    expect(world.portainerPassword).toBe(kept);
    expect((await world.run('up', cluster)).changed).toBe(0);
  });

  it('is completed by the next up when it was cut off before Portainer knew the password', async () => {
    const world = await withPortainer();
    const cluster = await clusterOf(text);
    world.fault = (what) => {
      if (what.endsWith('/passwd')) throw new Error('the power is gone');
    };
    await expect(rotatePassword(world.context(cluster), options)).rejects.toThrow('the power is gone');
    expect(world.portainerPassword).toBe('generated-password');
    world.fault = () => undefined;
    expect(errorsOf(await world.run('up', cluster))).toEqual([]);
    expect(world.portainerPassword).toBe(world.passwords.get(FILE)?.trim());
    expect(world.portainerPassword).not.toBe('generated-password');
  });

  it('lets up restore the current password after an empty volume started with the first one', async () => {
    const world = await withPortainer();
    const cluster = await clusterOf(text);
    await rotatePassword(world.context(cluster), options);
    await rotatePassword(world.context(cluster), options);
    world.portainerPassword = 'generated-password';
    expect(errorsOf(await world.run('up', cluster))).toEqual([]);
    expect(world.portainerPassword).toBe(world.passwords.get(FILE)?.trim());
  });

  it('goes through another manager when the first is down', async () => {
    const world = worldWithRegistry();
    const cluster = await clusterOf(fullText(3, 0));
    expect(errorsOf(await world.run('up', cluster))).toEqual([]);
    const machine = world.machines.get('manager1')!;
    world.machines.set('manager1', { ...machine, state: 'stopped' });
    world.swarm.lose('manager1');
    world.portainerPassword = 'generated-password';
    await rotatePassword(world.context(cluster), options);
    expect(world.portainerPassword).not.toBe('generated-password');
  });

  it('has nothing to do when the password in the file is in use', async () => {
    const world = await withPortainer();
    const cluster = await clusterOf(given('of-the-cluster-file'));
    await rotatePassword(world.context(cluster), options);
    expect(world.portainerPassword).toBe('of-the-cluster-file');
    await expect(rotatePassword(world.context(cluster), options)).rejects.toMatchObject({
      code: 'USAGE',
      fix: expect.stringContaining('portainer.adminPassword'),
    });
  });

  it('fails without a Portainer', async () => {
    const world = await withPortainer();
    const { portainer: _none, ...cluster } = await clusterOf(text);
    await expect(rotatePassword(world.context(cluster), options)).rejects.toMatchObject({ code: 'USAGE' });
  });
});
