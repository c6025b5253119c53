import { columns } from '../util/columns.ts';
import type { Link, Finding, Survey } from '../contracts/preflight.ts';

/** Whether the findings concern the network, so that the table helps. */
export function concernNetwork(findings: readonly Pick<Finding, 'check'>[]): boolean {
  return findings.some(({ check }) => check === 'network' || check === 'path-mtu');
}

/** The connections from each host (row) to each other host (column): ok, or the blocked ports. Plain text. */
export function linkTable({ hosts, links }: Pick<Survey, 'hosts' | 'links'>): string {
  const names = hosts.map(({ node }) => node.name);
  const cells = names.map((from) => names.map((to) => (from === to ? '·' : cell(links, from, to))));
  return columns([['from \\ to', ...names], ...cells.map((row, i) => [names[i] ?? '', ...row])]).join('\n');
}

function cell(links: readonly Link[], from: string, to: string): string {
  const pair = links.filter((link) => link.from === from && link.to === to);
  const failed = pair.filter(({ result }) => result === 'failed').map(nameOf);
  if (failed.length > 0) return failed.join(' ');
  if (pair.length === 0) return '-';
  return pair.every(({ result }) => result === 'unknown') ? '?' : 'ok';
}

function nameOf({ protocol, port, packetBytes }: Link): string {
  return packetBytes === undefined ? `${port}/${protocol}` : `${packetBytes} bytes`;
}
