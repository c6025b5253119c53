import pc from 'picocolors';
import type { DoctorReport } from '../preflight/report.ts';
import { concernNetwork, linkTable } from '../preflight/link-matrix.ts';
import type { Survey } from '../contracts/preflight.ts';
import { hangingLines } from '../util/visible.ts';
import { plural } from './format.ts';
import { table } from './table.ts';

/** The hosts, their findings by node, and the network table if a finding concerns the network. */
export function doctorText(report: DoctorReport, survey: Survey): string {
  const nodes = [...new Set(report.findings.map(({ node }) => node))];
  const parts = nodes.map((node) => [pc.bold(node), ...findingsOf(report, node)].join('\n'));
  const network = concernNetwork(report.findings);
  return [
    hostsTable(survey),
    ...parts.map((part) => `${part}\n`),
    ...(network ? [`${pc.bold('network')}\n${indented(linkTable(survey), '  ')}\n`] : []),
    verdict(report),
  ].join('\n');
}

function hostsTable({ hosts }: Survey): string {
  const rows = hosts.map(({ node, address, facts }) => [
    node.name,
    node.role,
    address || '-',
    facts.os.prettyName || '-',
    facts.platform.architecture,
    facts.engine?.version || '-',
    `${(facts.resources.memoryMiB / 1024).toFixed(1)} GiB`,
    `${(facts.resources.diskMiB / 1024).toFixed(1)} GiB`,
  ]);
  return table(['NODE', 'ROLE', 'ADDRESS', 'SYSTEM', 'PROCESSOR', 'DOCKER', 'MEMORY', 'FREE'], rows);
}

function findingsOf({ findings }: DoctorReport, node: string): string[] {
  return findings
    .filter((finding) => finding.node === node)
    .map(({ severity, check, message, fix }) => {
      const sign = severity === 'fatal' ? pc.red('✖') : pc.yellow('!');
      return `  ${sign} ${pc.dim(`${check}:`)} ${hangingLines(message, '    ')}\n    ${pc.dim('fix')} ${hangingLines(fix, '        ')}`;
    });
}

function verdict({ ok, cluster, hosts, findings, overlay }: DoctorReport): string {
  const fatal = findings.filter(({ severity }) => severity === 'fatal').length;
  const warnings = findings.length - fatal;
  const also = warnings > 0 ? `, ${plural(warnings, 'warning')}` : '';
  const through = overlay
    ? `; 100 KB got through ${overlay.works} of ${overlay.tried} ways of the overlay network`
    : '';
  return ok
    ? `${pc.green('✔')} ${cluster}: ${hosts} hosts are ready for a swarm${also}${through}\n`
    : `${pc.red('✖')} ${cluster}: ${plural(fatal, 'problem')} to fix before anything is changed${also}\n`;
}

function indented(text: string, by: string): string {
  return text
    .split('\n')
    .map((line) => `${by}${line}`)
    .join('\n');
}
