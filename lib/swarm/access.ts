import { Coalesced } from '../coalesced.ts';
import { managersOf, type Cluster, type NodeSpec } from '../config/model.ts';
import type { Remote } from '../context.ts';
import { messageOf, SwarmupError } from '../errors.ts';
import type { Engine } from '../remote/engine.ts';
import { Secret } from '../secret.ts';
import { SingleFlight } from '../single-flight.ts';
import { isMarked, type Labels } from './labels.ts';
import { listNodes, nameOf } from './read.ts';
import type { SwarmNode } from './types.ts';

/** What an engine says about its own part in a swarm. */
export interface LocalSwarm {
  /** inactive, pending, active, error or locked. */
  readonly state: string;
  readonly nodeId: string;
  readonly nodeAddress: string;
  /** Managers know the cluster's id; workers don't. */
  readonly clusterId?: string;
  readonly isManager: boolean;
  readonly managerAddresses: readonly string[];
  readonly error: string;
}

export interface JoinTokens {
  readonly manager: Secret;
  readonly worker: Secret;
}

/** The swarm as its managers know it. */
export interface SwarmAccess {
  /** The engine of a manager that is part of the swarm. @throws SWARM_NO_MANAGER */
  manager(signal: AbortSignal): Promise<Engine>;
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

/** Asks an engine what part of a swarm it is. Source: GET /info, field Swarm. */
export async function localSwarm(engine: Engine): Promise<LocalSwarm> {
  const info: { Swarm?: SwarmInfo } = await engine.call('ask for its state', (docker): Promise<{ Swarm?: SwarmInfo }> =>
    docker.info(),
  );
  const swarm = info.Swarm ?? {};
  return {
    state: swarm.LocalNodeState ?? 'inactive',
    nodeId: swarm.NodeID ?? '',
    nodeAddress: swarm.NodeAddr ?? '',
    isManager: swarm.ControlAvailable ?? false,
    managerAddresses: (swarm.RemoteManagers ?? []).map((manager) => manager.Addr),
    error: swarm.Error ?? '',
    ...(swarm.Cluster?.ID ? { clusterId: swarm.Cluster.ID } : {}),
  };
}

interface SwarmInfo {
  readonly LocalNodeState?: string;
  readonly NodeID?: string;
  readonly NodeAddr?: string;
  readonly ControlAvailable?: boolean;
  readonly Error?: string;
  readonly RemoteManagers?: readonly { readonly Addr: string }[] | null;
  readonly Cluster?: { readonly ID?: string };
}

export function swarmAccess(cluster: Cluster, remote: Remote): SwarmAccess {
  const managers = new SingleFlight<Engine>();
  const tokens = new SingleFlight<JoinTokens>();
  const owners = new SingleFlight<boolean>();
  let list: Coalesced<readonly SwarmNode[]> | undefined;
  const access: SwarmAccess = {
    manager: (signal) => managers.run('manager', () => findManager(managersOf(cluster), remote, signal)),
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

/** The first configured manager that answers and is part of a swarm. */
async function findManager(managers: readonly NodeSpec[], remote: Remote, signal: AbortSignal): Promise<Engine> {
  const seen: string[] = [];
  let firstError: unknown;
  for (const manager of managers) {
    try {
      const engine = await remote.engine(manager.name, signal);
      const swarm = await localSwarm(engine);
      if (swarm.state === 'active' && swarm.isManager) return engine;
      seen.push(`${manager.name} is ${swarm.state === 'active' ? 'a worker' : `not in a swarm (${swarm.state})`}`);
    } catch (error) {
      signal.throwIfAborted();
      firstError ??= error;
      seen.push(messageOf(error));
    }
  }
  // One manager that couldn't be asked: its own error says more than "no manager".
  if (managers.length === 1 && firstError instanceof Error) throw firstError;
  throw new SwarmupError('SWARM_NO_MANAGER', `no configured manager is part of a swarm: ${seen.join('; ')}`, {
    fix: "Run 'swarmup up' to initialise the swarm, or 'swarmup status' to see what is there.",
  });
}
