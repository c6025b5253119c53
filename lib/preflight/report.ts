import { type Finding, type Look, isFatal } from '../contracts/preflight.ts';

/** The report of `doctor`. */
export interface DoctorReport {
  readonly ok: boolean;
  readonly cluster: string;
  readonly hosts: number;
  readonly findings: readonly Finding[];
}

export function reportOf(cluster: string, { survey, findings }: Look): DoctorReport {
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
