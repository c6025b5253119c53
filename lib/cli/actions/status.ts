import { printJson } from '../../render/output.ts';
import { printStatus } from '../../render/status.ts';
import { clusterStatus } from '../../swarm/status.ts';
import type { CommonOptions } from '../options.ts';
import { clusterOf, withSession } from '../session.ts';

/** Prints machines, nodes, services, tasks and URLs. */
export async function status(options: CommonOptions): Promise<number> {
  return withSession(await clusterOf(options), options, async ({ context, signal }) => {
    const found = await clusterStatus(context, signal);
    if (options.json) printJson(found);
    else printStatus(found);
    return 0;
  });
}
