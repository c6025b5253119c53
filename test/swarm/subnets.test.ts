import { describe, expect, it } from 'vitest';
import { SwarmupError } from '../../lib/util/errors.ts';
import type { Engine } from '../../lib/contracts/engine.ts';
import { namingOverlap } from '../../lib/swarm/subnets.ts';
import type { FakeWorld } from '../fakes/world.ts';
import { strict } from '../fakes/strict.ts';
import { clusterOf, fullText } from '../support/cluster.ts';
import { errorsOf, worldWithRegistry } from '../support/worlds.ts';

describe('the subnet of a network', () => {
  const text = (subnet: string) =>
    fullText(1, 1).replace('{ backend: {} }', `{ backend: {}, back: { subnet: ${subnet} } }`);
  const later = async (change: (world: FakeWorld) => void) => {
    const world = worldWithRegistry();
    await world.run('up', await clusterOf(fullText(1, 1)));
    change(world);
    return world.run('up', await clusterOf(text('10.9.3.0/24')));
  };

  it('must not be that of another network of the swarm, which the managers would accept and never make', async () => {
    const result = await later((world) => {
      const IPAM = { Config: [{ Subnet: '10.9.0.0/16' }] };
      world.swarm.objects.all.push({ id: 'net0', kind: 'network', name: 'old', body: { Attachable: true, IPAM } });
      // The managers fill in its fields a moment after it is first seen.
      void world.swarm.docker('manager1').listNetworks();
    });
    expect(errorsOf(result)).toEqual([
      'create-networks@back: the subnet 10.9.3.0/24 of network back (swarmup.yaml:5:32) overlaps another network: network old of the swarm has 10.9.0.0/16',
    ]);
  });

  it('must not be in a network that a node has a route to', async () => {
    const result = await later((world) => world.routes.set('worker1', '10.9.0.0/17 via 10.8.0.1 dev tun0'));
    expect(errorsOf(result)).toEqual([
      'create-networks@back: the subnet 10.9.3.0/24 of network back (swarmup.yaml:5:32) overlaps another network: worker1 has a route to 10.9.0.0/17 (tun0)',
    ]);
  });

  it('is not compared for a network that exists', async () => {
    const world = worldWithRegistry();
    const cluster = await clusterOf(text('10.9.3.0/24'));
    expect(errorsOf(await world.run('up', cluster))).toEqual([]);
    world.routes.set('worker1', '10.9.0.0/17 via 10.8.0.1 dev tun0');
    expect(errorsOf(await world.run('up', cluster))).toEqual([]);
  });

  it("that the engine refuses is told with that engine's networks", async () => {
    const networks = [
      { Name: 'bridge', IPAM: { Config: [{ Subnet: '172.17.0.0/16' }] } },
      { Name: 'lan', IPAM: { Config: [{ Subnet: '10.9.0.0/16' }] } },
      { Name: 'host', IPAM: { Config: null } },
    ];
    const manager = strict<Engine>('engine', { node: 'm1', call: async () => networks as never });
    const refusal = new SwarmupError(
      'ENGINE_REFUSED',
      "m1: couldn't create the network back: invalid pool request: Pool overlaps with other one on this address space",
      { fix: '' },
    );
    const network = { name: 'back', subnets: [{ subnet: '10.9.3.0/24' }] };
    await expect(namingOverlap(manager, network, () => Promise.reject(refusal))).rejects.toMatchObject({
      code: 'POOL_TAKEN',
      message: "network back can't have 10.9.3.0/24: it overlaps other networks of m1: lan (10.9.0.0/16)",
      fix: expect.stringContaining('swarmup ssh m1 -- sudo docker network ls'),
    });
    const other = new SwarmupError('ENGINE_REFUSED', 'another reason', { fix: '' });
    await expect(namingOverlap(manager, network, () => Promise.reject(other))).rejects.toBe(other);
  });
});
