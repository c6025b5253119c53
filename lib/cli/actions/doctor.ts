import { doctorText } from '../../render/doctor.ts';
import { print, printJson, writeStderr } from '../../render/output.ts';
import type { CommonOptions } from '../options.ts';
import { clusterOf, withSession } from '../session.ts';
import { checkOverlay } from '../../preflight/overlay.ts';
import { reportOf } from '../../preflight/report.ts';

/** Checks every host and the network between them, and changes nothing. @returns 1 when something is wrong */
export async function doctor(options: CommonOptions): Promise<number> {
  const cluster = await clusterOf(options);
  const { acceptNew } = options;
  return withSession(cluster, { acceptNew, asRoot: true }, async ({ context, signal }) => {
    if (!options.json && options.renderer !== 'silent') writeStderr(`checking ${cluster.nodes.length} hosts...\n`);
    const look = await context.preflight.look(signal);
    const overlay = await checkOverlay(context, look.survey, signal);
    const report = reportOf(cluster.name, look, overlay);
    if (options.json) printJson({ ...report, network: look.survey.links, links: overlay?.links ?? [] });
    else print(doctorText(report, look.survey));
    return report.ok ? 0 : 1;
  });
}
