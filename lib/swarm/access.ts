import type { Clock } from '../async/clock.ts';
import { Coalescer } from '../async/coalescer.ts';
import { managersOf, workersOf, type Cluster, type NodeSpec } from '../config/model.ts';
import type { Machines } from '../contracts/machines.ts';
import type { Remote } from '../contracts/remote.ts';
import type { Engine } from '../contracts/engine.ts';
import { Secret } from '../util/secret.ts';
import { SingleFlight } from '../async/single-flight.ts';
import { findManager, type Search } from './find-manager.ts';
import { isMarked, type Labels } from './labels.ts';
import { localSwarm } from './local-state.ts';
import { listNodes, nameOf } from './read.ts';
import type { SwarmNode } from '../contracts/swarm-types.ts';
import type { SwarmAccess, JoinTokens } from '../contracts/swarm.ts';

/** The connections to the machines, and their addresses. */
interface Way {
  readonly remote: Remote;
  readonly machines: Machines;
}

export function swarmAccess(cluster: Cluster, { remote, machines }: Way, clock: Clock): SwarmAccess {
  const search = (beside?: string): Search => {
    const names = (nodes: readonly NodeSpec[]) => nodes.map(({ name }) => name).filter((name) => name !== beside);
    const addressOf = (node: string) => machines.get(node)?.address;
    return { managers: names(managersOf(cluster)), others: names(workersOf(cluster)), addressOf, remote, clock };
  };
  const managers = new SingleFlight<Engine>();
  const tokens = new SingleFlight<JoinTokens>();
  const owners = new SingleFlight<boolean>();
  const list = new Coalescer<readonly SwarmNode[]>(async (shared) => listNodes(await access.manager(shared)));
  const access: SwarmAccess = {
    manager: (signal) => managers.share('manager', signal, (shared) => findManager(search(), shared)),
    managerBeside: (node, signal) => findManager(search(node), signal),
    forgetManager: () => managers.forget('manager'),
    joinTokens: (signal) =>
      tokens.share('tokens', signal, async (shared) => {
        const engine = await access.manager(shared);
        const swarm: { JoinTokens: { Manager: string; Worker: string } } = await engine.call(
          'read the join tokens',
          (docker) => docker.swarmInspect(),
        );
        return { manager: new Secret(swarm.JoinTokens.Manager), worker: new Secret(swarm.JoinTokens.Worker) };
      }),
    isOurs: (signal) =>
      owners.share('owner', signal, async (shared) => {
        const engine = await access.manager(shared);
        const { Spec }: { Spec: { Labels?: Labels | null } } = await engine.call('read the swarm', (docker) =>
          docker.swarmInspect(),
        );
        return (
          isMarked(Spec, cluster.name) || (await access.nodes(shared)).some((one) => isMarked(one.Spec, cluster.name))
        );
      }),
    forgetTokens: () => tokens.forget('tokens'),
    joinAddresses: async (signal) => (await localSwarm(await access.manager(signal))).managerAddresses,
    nodes: (signal) => list.get(signal),
    nodeByName: async (name, signal) => {
      const named = (await access.nodes(signal)).filter((node) => nameOf(node) === name);
      return named.find((node) => node.Status.State === 'ready') ?? named[0];
    },
  };
  return access;
}
