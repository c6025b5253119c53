import type { OverlayLink } from '../contracts/mesh.ts';
import { type Finding, type Look, isFatal } from '../contracts/preflight.ts';
import { kindOf } from '../swarm/mesh/link-faults.ts';
import type { OverlayReport } from './overlay.ts';

/** The report of `doctor`. */
export interface DoctorReport {
  readonly ok: boolean;
  readonly cluster: string;
  readonly hosts: number;
  readonly findings: readonly Finding[];
  /** How many ways between two nodes of the overlay network were tried, and how many carried 100 KB; absent without a swarm. */
  readonly overlay?: { readonly tried: number; readonly works: number };
}

/** @param overlay of a cluster whose swarm runs */
export function reportOf(cluster: string, { survey, findings }: Look, overlay?: OverlayReport): DoctorReport {
  const unreachable = [...survey.unreachable].map(([node, { message, fix }]): Finding => ({
    node,
    check: 'reach',
    severity: 'fatal',
    message: message.replace(`${node}: `, ''),
    fix,
  }));
  const all = [...unreachable, ...findings, ...(overlay?.findings ?? [])];
  const report = { ok: !all.some(isFatal), cluster, hosts: survey.hosts.length, findings: all };
  return overlay ? { ...report, overlay: { tried: overlay.links.length, works: working(overlay.links) } } : report;
}

function working(links: readonly OverlayLink[]): number {
  return links.filter((link) => kindOf(link) === 'ok').length;
}
