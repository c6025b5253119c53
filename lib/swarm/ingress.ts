import type { Managers, Work } from '../contracts/context.ts';
import type { Engine } from '../contracts/engine.ts';
import type { SwarmService } from '../contracts/swarm-types.ts';
import { waitUntil } from '../async/wait-until.ts';
import { SwarmupError } from '../util/errors.ts';
import { OWNER_LABEL } from './labels.ts';
import { listNetworks, type SwarmNetwork } from './networks.ts';
import { listServices } from './read.ts';

const GONE_MS = 60_000;

/** The ingress network that the engine made with the swarm, and the services that need it. */
export interface EnginesIngress {
  readonly network: SwarmNetwork;
  /** Names of services that publish ports through it. */
  readonly users: readonly string[];
}

/** Looks for an ingress network that a cluster file with its own one replaces; undefined if there is none. */
export async function enginesIngress(
  manager: Engine,
  networks: readonly SwarmNetwork[],
): Promise<EnginesIngress | undefined> {
  const network = networks.find(({ found, labels }) => found.Ingress === true && labels[OWNER_LABEL] === undefined);
  if (!network) return undefined;
  const services = await listServices(manager);
  return { network, users: services.filter(usesMesh).map(({ Spec }) => Spec.Name) };
}

function usesMesh({ Spec }: SwarmService): boolean {
  return Spec.EndpointSpec?.Ports?.some(({ PublishMode }) => PublishMode !== 'host') ?? false;
}

/**
 * The managers refuse to remove an ingress network that services use. Source: swarmkit, manager/controlapi/network.go.
 *
 * @throws SwarmupError NOT_AS_CONFIGURED
 */
export function requireUnused({ network, users }: EnginesIngress): void {
  if (users.length === 0) return;
  throw new SwarmupError(
    'NOT_AS_CONFIGURED',
    `the network ${network.name} can't be replaced while services publish ports through it: ${users.join(', ')}`,
    {
      fix: 'Remove these services or their ports until it is replaced, or the network with ingress: true from the cluster file.',
    },
  );
}

/** Removes the engine's ingress network, and waits until the managers no longer have it. */
export async function removeIngress(ctx: Work & Managers, manager: Engine, { network }: EnginesIngress): Promise<void> {
  await manager.call(`remove the network ${network.name}`, async (docker) => {
    await docker.getNetwork(network.id).remove();
  });
  await waitUntil({
    until: `the managers have removed the network ${network.name}`,
    probe: async () => {
      const left = (await listNetworks(manager)).some(({ id }) => id === network.id);
      return left ? { seen: 'it is still there' } : { done: undefined };
    },
    deadlineMs: GONE_MS,
    intervalMs: 200,
    signal: ctx.signal,
    clock: ctx.clock,
    fix: 'See which services use it: swarmup status',
  });
}
