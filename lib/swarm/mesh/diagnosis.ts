import type { Abortable, RunContext } from '../../contracts/context.ts';
import { SwarmupError } from '../../util/errors.ts';
import type { MeshFault } from './fault.ts';
import { faultsOf, stateFaults } from './faults.ts';

type Asking = Abortable & Pick<RunContext, 'cluster' | 'mesh'>;

/** How much evidence an error shows, in lines. */
const MOST_LINES = 8;

/** Why a published port doesn't answer through a node. */
export interface Cause {
  readonly fault?: MeshFault | undefined;
  /** Why the node couldn't be asked. */
  readonly unknown?: string | undefined;
}

/** Asks the nodes; without a fault if the routing mesh shows no reason. */
export function causeAt(ctx: Asking, node: string, port: number): Promise<Cause> {
  return unlessRefused(ctx, async () => {
    const look = await ctx.mesh.look(ctx.signal);
    return { fault: concerning(faultsOf(look, ctx.cluster), node, port), unknown: look.unknown.get(node) };
  });
}

/** The same before the deadline, for what doesn't mend itself: rules that the engine made, and that are gone. */
export function lostAt(ctx: Asking, node: string, port: number): Promise<Cause> {
  return unlessRefused(ctx, async () => {
    const faults = stateFaults(await ctx.mesh.state(ctx.signal), ctx.cluster);
    const lost = faults.filter(({ code }) => code === 'INGRESS_RULES_LOST');
    return { fault: concerning(lost, node, port) };
  });
}

/** @param failed the requests that failed, which the cause explains */
export function errorOf({ code, message, fix, evidence }: MeshFault, failed: string): SwarmupError {
  const more = evidence.length - MOST_LINES;
  const lines = [...evidence.slice(0, MOST_LINES), ...(more > 0 ? [`and ${more} more lines of this kind`] : [])];
  return new SwarmupError(code, message, { fix, output: [...lines, failed].join('\n') });
}

function concerning(faults: readonly MeshFault[], node: string, port: number): MeshFault | undefined {
  return faults.find(({ nodes, ports }) => nodes.includes(node) && (!ports || ports.includes(port)));
}

async function unlessRefused({ signal }: Abortable, ask: () => Promise<Cause>): Promise<Cause> {
  try {
    return await ask();
  } catch (error) {
    signal.throwIfAborted();
    // The requests failed, which is the error to report.
    if (error instanceof SwarmupError) return { unknown: error.message };
    throw error;
  }
}
