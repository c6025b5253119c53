import type { Clock } from '../async/clock.ts';
import { Coalesced } from '../async/coalescer.ts';
import { managersOf, workersOf, type Cluster, type NodeSpec } from '../config/model.ts';
import type { Machines, Remote } from '../contracts/context.ts';
import type { Engine } from '../remote/engine.ts';
import { Secret } from '../util/secret.ts';
import { SingleFlight } from '../async/single-flight.ts';
import { findManager, type Search } from './find-manager.ts';
import { isMarked, type Labels } from './labels.ts';
import { localSwarm } from './local-state.ts';
import { listNodes, nameOf } from './read.ts';
import type { SwarmNode } from '../contracts/swarm-types.ts';

export interface JoinTokens {
  readonly manager: Secret;
  readonly worker: Secret;
}

/** The swarm as its managers know it. */
export interface SwarmAccess {
  /** The engine of a manager that has a leader. @throws SWARM_NO_MANAGER, SWARM_NO_QUORUM */
  manager(signal: AbortSignal): Promise<Engine>;
  /** As `manager`, but another than this node: for what can't be asked of it itself. */
  managerBeside(node: string, signal: AbortSignal): Promise<Engine>;
  /** Forgets which manager answered, so that the next caller looks for one again. */
  forgetManager(): void;
  /** The join tokens, asked for once a run; kept in memory only. */
  joinTokens(signal: AbortSignal): Promise<JoinTokens>;
  /** Whether swarmup made the swarm, for the cluster of this name; one that was there before is left unmarked. */
  isOurs(signal: AbortSignal): Promise<boolean>;
  /** Forgets tokens, so that the next caller asks again (after they were rotated). */
  forgetTokens(): void;
  /** The addresses managers are joined through, `host:2377`. */
  joinAddresses(signal: AbortSignal): Promise<readonly string[]>;
  /** The nodes as the managers see them now; asked once for all who ask at the same time. */
  nodes(signal: AbortSignal): Promise<readonly SwarmNode[]>;
  /** The node of this name as the managers see it. */
  nodeByName(name: string, signal: AbortSignal): Promise<SwarmNode | undefined>;
}

/** The way to the machines, and where they are. */
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
  let list: Coalesced<readonly SwarmNode[]> | undefined;
  const access: SwarmAccess = {
    manager: (signal) => managers.run('manager', () => findManager(search(), signal)),
    managerBeside: (node, signal) => findManager(search(node), signal),
    forgetManager: () => managers.forget('manager'),
    joinTokens: (signal) =>
      tokens.run('tokens', async () => {
        const engine = await access.manager(signal);
        const swarm: { JoinTokens: { Manager: string; Worker: string } } = await engine.call(
          'read the join tokens',
          (docker) => docker.swarmInspect(),
        );
        return { manager: new Secret(swarm.JoinTokens.Manager), worker: new Secret(swarm.JoinTokens.Worker) };
      }),
    isOurs: (signal) =>
      owners.run('owner', async () => {
        const engine = await access.manager(signal);
        const { Spec }: { Spec: { Labels?: Labels | null } } = await engine.call('read the swarm', (docker) =>
          docker.swarmInspect(),
        );
        return (
          isMarked(Spec, cluster.name) || (await access.nodes(signal)).some((one) => isMarked(one.Spec, cluster.name))
        );
      }),
    forgetTokens: () => tokens.forget('tokens'),
    joinAddresses: async (signal) => (await localSwarm(await access.manager(signal))).managerAddresses,
    nodes: (signal) => {
      list ??= new Coalesced(async () => listNodes(await access.manager(signal)));
      return list.get();
    },
    nodeByName: async (name, signal) => {
      const named = (await access.nodes(signal)).filter((node) => nameOf(node) === name);
      return named.find((node) => node.Status.State === 'ready') ?? named[0];
    },
  };
  return access;
}
