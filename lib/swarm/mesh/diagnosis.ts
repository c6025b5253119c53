import type { Abortable, RunContext } from '../../contracts/context.ts';
import { SwarmupError } from '../../util/errors.ts';
import type { MeshFault } from './fault.ts';
import { faultsOf, stateFaults } from './faults.ts';

type Asking = Abortable & Pick<RunContext, 'cluster' | 'mesh'>;

/** How much evidence an error shows, in lines. */
const MOST_LINES = 8;

/** Why a published port doesn't answer through a node; undefined if the routing mesh shows no reason. */
export function faultAt(ctx: Asking, node: string, port: number): Promise<MeshFault | undefined> {
  return first(ctx, node, port, async () => faultsOf(await ctx.mesh.look(ctx.signal), ctx.cluster));
}

/** The same before the deadline, for what doesn't mend itself: rules that the engine made, and that are gone. */
export function lostAt(ctx: Asking, node: string, port: number): Promise<MeshFault | undefined> {
  return first(ctx, node, port, async () => {
    const faults = stateFaults(await ctx.mesh.state(ctx.signal), ctx.cluster);
    return faults.filter(({ code }) => code === 'INGRESS_RULES_LOST');
  });
}

/** @param failed the requests that failed, which the cause explains */
export function errorOf({ code, message, fix, evidence }: MeshFault, failed: string): SwarmupError {
  const more = evidence.length - MOST_LINES;
  const lines = [...evidence.slice(0, MOST_LINES), ...(more > 0 ? [`and ${more} more lines of this kind`] : [])];
  return new SwarmupError(code, message, { fix, output: [...lines, failed].join('\n') });
}

async function first(
  { signal }: Abortable,
  node: string,
  port: number,
  find: () => Promise<readonly MeshFault[]>,
): Promise<MeshFault | undefined> {
  try {
    const faults = await find();
    return faults.find(({ nodes, ports }) => nodes.includes(node) && (!ports || ports.includes(port)));
  } catch (error) {
    signal.throwIfAborted();
    // The requests failed, which is the error to report; that no manager answers is another step's.
    if (error instanceof SwarmupError) return undefined;
    throw error;
  }
}
