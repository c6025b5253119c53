import type { UnitContext } from '../contracts/context.ts';
import type { Engine } from '../contracts/engine.ts';
import type { Change } from '../contracts/change.ts';
import type { SwarmService } from '../contracts/swarm-types.ts';

/** Taking a service or a stack away. */
export type Removal = Change &
  ({ readonly kind: 'service'; readonly id: string } | { readonly kind: 'stack'; readonly name: string });

export function removals(services: readonly SwarmService[], stacks: readonly string[]): Removal[] {
  return [
    ...services.map(
      ({ ID, Spec }) => ({ kind: 'service', id: ID, action: 'remove', summary: `service ${Spec.Name}` }) as const,
    ),
    ...stacks.map((name) => ({ kind: 'stack', name, action: 'remove', summary: `stack ${name}` }) as const),
  ];
}

export async function remove(ctx: UnitContext, manager: Engine, removal: Removal): Promise<void> {
  ctx.report(`removing ${removal.summary}`);
  if (removal.kind === 'service') {
    await manager.call(`remove the ${removal.summary}`, (docker) => docker.getService(removal.id).remove());
    return;
  }
  // Its networks, secrets and configs go with it, as there is no API for stacks.
  const host = await ctx.host(manager.node);
  await host.run(['docker', 'stack', 'rm', removal.name], { signal: ctx.signal });
}
