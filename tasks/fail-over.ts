import type { UnitContext } from '../lib/contracts/context.ts';
import { hasCode, SwarmupError } from '../lib/util/errors.ts';
import { lookAt } from '../lib/swarm/wait-converged.ts';
import { awayWithItsNode } from '../lib/swarm/stack.ts';
import { listNodes, listServices, nameOf } from '../lib/swarm/read.ts';
import { CLUSTER } from '../lib/contracts/target.ts';
import { defineTask } from '../lib/pipeline/task.ts';
import { waiting, type Change } from '../lib/contracts/change.ts';
import { waitUntil } from '../lib/async/wait-until.ts';

interface State {
  /** What is still missing, in words; empty when the others have taken over. */
  readonly waitingFor: string;
}

const DEADLINE_MS = 300_000;

/** Waits after a loss of machines until the managers have noticed and the lost tasks run elsewhere. */
export default defineTask<State, Change>({
  id: 'fail-over',
  title: 'Others took over',
  about: 'Waits until the managers have noticed the lost nodes and every service runs on the others.',
  needs: [{ task: 'cut-power', of: 'all' }],
  targets: () => [CLUSTER],
  check: async (ctx) => ({ waitingFor: await look(ctx) }),
  absent: () => ({ waitingFor: '' }),
  plan: ({ waitingFor }) => (waitingFor === '' ? [] : [waiting(['services'], { to: 'running', reason: waitingFor })]),
  apply: async (ctx) => {
    await waitUntil({
      until: 'the other nodes have taken over',
      probe: async () => {
        const seen = await look(ctx);
        return seen === '' ? { done: undefined } : { seen };
      },
      deadlineMs: DEADLINE_MS,
      intervalMs: 500,
      signal: ctx.signal,
      clock: ctx.clock,
      fix: 'Check what is missing with swarmup status. More than half of the managers must be reachable, and the remaining nodes must have room.',
      onSeen: (seen) => ctx.report(seen),
    });
  },
});

/** While the managers elect a leader they answer with an error: that passes. */
async function look(ctx: UnitContext): Promise<string> {
  try {
    return await whatIsMissing(ctx);
  } catch (error) {
    const passes = error instanceof SwarmupError && (error.transient || hasCode(error, 'SWARM_NO_QUORUM'));
    if (!passes) throw error;
    ctx.swarm.forgetManager();
    return error.message;
  }
}

async function whatIsMissing(ctx: UnitContext): Promise<string> {
  const machines = await ctx.provider.list(ctx.signal);
  const away = new Set(machines.filter((machine) => machine.state !== 'running').map((machine) => machine.name));
  const manager = await ctx.swarm.manager(ctx.signal);
  const [nodes, services] = await Promise.all([listNodes(manager), listServices(manager)]);
  const ready = nodes.filter((node) => node.Status.State === 'ready').map(nameOf);
  const unnoticed = ready.filter((name) => away.has(name));
  if (unnoticed.length > 0) return `the managers still see ${unnoticed.join(', ')} as ready`;
  const free = services.filter((service) => awayWithItsNode(service, nodes) === undefined);
  for (const { Spec } of services.filter((service) => !free.includes(service)))
    ctx.warn(`${Spec.Name} is pinned to a node that is down, which holds its data`, Spec.Name);
  const looks = await lookAt(
    manager,
    free.map((service) => service.ID),
  );
  const open = looks.filter((one) => one.waitingFor !== '');
  return open.map((one) => `${one.service.Spec.Name}: ${one.waitingFor}`).join('; ');
}
