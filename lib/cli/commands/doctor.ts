import { isFatal, type Finding } from '../../preflight/survey.ts';
import type { Look } from '../../preflight/preflight.ts';
import { doctorText } from '../../render/doctor.ts';
import { print, printJson, tell } from '../../render/output.ts';
import type { CommonOptions } from '../options.ts';
import { clusterOf, withSession } from '../session.ts';

/** Looks at every host and at the network between them, and changes nothing. @returns 1 when something is wrong */
export async function doctor(options: CommonOptions): Promise<number> {
  const cluster = await clusterOf(options);
  const { acceptNew } = options;
  return withSession(cluster, { acceptNew, asRoot: true }, async ({ context, signal }) => {
    if (!options.json && options.renderer !== 'silent') tell(`looking at ${cluster.nodes.length} hosts...\n`);
    const look = await context.preflight.look(signal);
    const report = reportOf(cluster.name, look);
    if (options.json) printJson({ ...report, network: look.survey.links });
    else print(doctorText(report, look.survey));
    return report.ok ? 0 : 1;
  });
}

/** What `doctor` has to say. */
export interface DoctorReport {
  readonly ok: boolean;
  readonly cluster: string;
  readonly hosts: number;
  readonly findings: readonly Finding[];
}

function reportOf(cluster: string, { survey, findings }: Look): DoctorReport {
  const unreachable = [...survey.unreachable].map(([node, { message, fix }]): Finding => ({
    node,
    check: 'reach',
    severity: 'fatal',
    message: message.replace(`${node}: `, ''),
    fix,
  }));
  const all = [...unreachable, ...findings];
  return { ok: !all.some(isFatal), cluster, hosts: survey.hosts.length, findings: all };
}
