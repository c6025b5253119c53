import type { Hosts, Work } from '../contracts/context.ts';
import type { Engine } from '../contracts/engine.ts';
import { removed, type Change } from '../contracts/change.ts';
import { sentenceOf } from '../contracts/change-sentence.ts';
import { hasCode } from '../util/errors.ts';
import { listNetworks } from './networks.ts';
import { listServices } from './read.ts';
import { removalRefusal } from './refusals/removal-refusal.ts';
import type { SwarmService } from '../contracts/swarm-types.ts';

/** The removal of a service or a stack. */
export type Removal = Change &
  ({ readonly kind: 'service'; readonly id: string } | { readonly kind: 'stack'; readonly name: string });

/** @param prune whether the cluster file no longer names them */
export function removals(services: readonly SwarmService[], stacks: readonly string[], prune = false): Removal[] {
  const remarks = prune ? { prune } : {};
  return [
    ...services.map(
      ({ ID, Spec }) => ({ ...removed(['services', Spec.Name], remarks), kind: 'service', id: ID }) as const,
    ),
    ...stacks.map((name) => ({ ...removed(['stacks', name], remarks), kind: 'stack', name }) as const),
  ];
}

export async function remove(ctx: Hosts & Omit<Work, 'clock'>, manager: Engine, removal: Removal): Promise<void> {
  const what = sentenceOf(removal);
  ctx.report(`removing ${what}`);
  if (removal.kind === 'service') {
    await manager.call(`remove the ${what}`, (docker) => docker.getService(removal.id).remove());
    return;
  }
  // Its networks, secrets and configs are removed one by one, as there is no API for stacks.
  const host = await ctx.host(manager.node);
  try {
    await host.run(['docker', 'stack', 'rm', removal.name], { signal: ctx.signal });
  } catch (error) {
    if (!hasCode(error, 'COMMAND_FAILED')) throw error;
    throw removalRefusal(removal.name, error, manager.node, await namesById(manager));
  }
}

/** The names of networks and services by their IDs, which is all that docker says of them. */
async function namesById(manager: Engine): Promise<ReadonlyMap<string, string>> {
  const [networks, services] = await Promise.all([listNetworks(manager), listServices(manager)]);
  return new Map([
    ...networks.map(({ id, name }) => [id, name] as const),
    ...services.map(({ ID, Spec }) => [ID, Spec.Name] as const),
  ]);
}
