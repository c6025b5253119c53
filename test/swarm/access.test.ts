import type Docker from 'dockerode';
import { describe, expect, it } from 'vitest';
import type { Machines } from '../../lib/contracts/machines.ts';
import type { Remote } from '../../lib/contracts/remote.ts';
import { DockerEngine } from '../../lib/remote/engine.ts';
import { swarmAccess } from '../../lib/swarm/access.ts';
import { fakeClock } from '../fakes/clock.ts';
import { strict } from '../fakes/strict.ts';
import { clusterOf, fullText } from '../support/cluster.ts';

const info = async () => ({
  Swarm: { LocalNodeState: 'active', ControlAvailable: true, RemoteManagers: [], Cluster: { ID: 'swarm1' } },
});
const listNodes = async () => [{ ID: 'n1' }];
const docker = strict<Docker>('Docker Engine', { info: info as never, listNodes: listNodes as never });

describe('the list of nodes', () => {
  it('is read through another manager, although the first who asked for it has given up since', async () => {
    const engine: Remote['engine'] = async (node, signal) => {
      signal.throwIfAborted();
      return new DockerEngine(node, docker, () => undefined);
    };
    const way = {
      remote: strict<Remote>('remote', { engine }),
      machines: strict<Machines>('machines', { get: () => undefined }),
    };
    const swarm = swarmAccess(await clusterOf(fullText(1, 0)), way, fakeClock());
    const early = new AbortController();
    expect(await swarm.nodes(early.signal)).toEqual([{ ID: 'n1' }]);
    early.abort(new Error('the cluster is being changed'));
    swarm.forgetManager();
    expect(await swarm.nodes(new AbortController().signal)).toEqual([{ ID: 'n1' }]);
  });
});
