import pc from 'picocolors';
import type { Cluster } from '../config/model.ts';
import { publishedPorts } from '../config/selections.ts';
import { messageOf } from '../util/errors.ts';
import { visibleLine } from '../util/visible.ts';
import type { RunResult } from '../contracts/events.ts';
import { isOn } from '../contracts/machines.ts';
import { PASSWORD_FILE } from '../portainer/secrets.ts';
import { duration, fewUnitsText, plural, tally, unitsText } from './format.ts';
import { planText } from './plan.ts';
import { rentOf } from '../swarm/status.ts';
import { estimateText, rentText } from './rent.ts';
import type { Ending } from './ending.ts';

/** The success message of each pipeline, and whether its pages can be opened afterwards. */
const ENDINGS: Readonly<Record<string, { what: string; note?: string; pages: boolean }>> = {
  up: { what: 'matches its cluster file', pages: true },
  verify: { what: 'matches its cluster file', pages: true },
  replace: { what: 'has a recreated node', pages: true },
  scale: { what: 'is scaled', note: "the next 'swarmup up' returns to the cluster file", pages: true },
  availability: { what: 'is set', note: "the next 'swarmup up' returns to the cluster file", pages: false },
  stop: { what: 'is powered off', note: "'swarmup up' starts it again", pages: false },
  down: { what: 'is gone', pages: false },
};

const OWN_PIPELINE = { what: 'is done', pages: false };

/** The summary at the end of a run. */
export async function summary({ result, context, mode, pipeline }: Omit<Ending, 'record'>): Promise<string> {
  if (mode === 'plan') return `${planText(result)}${costText(context)}`;
  const took = duration(result.durationMs);
  if (result.interrupted) return interruptedText(result, context, took);
  if (!result.ok) return failedText(result, took);
  const skipped = skippedLines(result);
  const ending: { what: string; note?: string; pages: boolean } = ENDINGS[pipeline] ?? OWN_PIPELINE;
  const { note, pages: shown } = ending;
  const what = result.partial && shown ? OWN_PIPELINE.what : ending.what;
  const changes = result.changed === 0 ? 'nothing changed' : plural(result.changed, 'step') + ' changed something';
  const head = `\n${pc.green('✔')} ${pc.bold(`${result.cluster} ${what}`)}: ${changes}, ${took}\n`;
  return [head, ...skipped, note ? `  ${pc.dim(note)}\n` : '', shown ? await addresses(context, result) : ''].join('');
}

/** The machines that cost money, and the hourly cost of all machines in the file. */
function costText(context: Ending['context']): string {
  const nodes = context.machines.all().flatMap((machine) => {
    const rented = rentOf(context, machine);
    return rented ? [{ name: machine.name, rented }] : [];
  });
  return `${rentText(nodes)}${estimateText(context.cluster.nodes.map((node) => context.provider.price?.(node)))}`;
}

/** The path of a run's record, for more details. */
export function recordLine(record: string): string {
  return `  ${pc.dim('record')}  ${record}  ${pc.dim("('swarmup report' turns it into a web page)")}\n`;
}

/** The failure, and in one line what wasn't done because of it. The record and the JSON document have it all. */
function failedText(result: RunResult, took: string): string {
  const left = result.units.filter((unit) => unit.notDone);
  const head = `\n${pc.red('✖')} ${result.cluster} failed after ${took}; ${tally(result.units)}\n`;
  if (left.length === 0) return head;
  return `${head}  not done because of it: ${plural(left.length, 'step')} (${fewUnitsText(left)})\n`;
}

/** What was skipped on purpose, one line per reason. */
function skippedLines(result: RunResult): string[] {
  const skipped = result.units.filter(
    (unit) => unit.outcome === 'skipped' && unit.reason !== undefined && !unit.notDone,
  );
  return [...Map.groupBy(skipped, (unit) => unit.reason)].map(([reason, [first, ...others]]) => {
    const more = others.length > 0 ? pc.dim(` (and ${others.length} more)`) : '';
    return `  ${pc.yellow('-')} ${first?.task} on ${first?.target}${more} skipped: ${visibleLine(reason ?? '')}\n`;
  });
}

/** What was stopped, what was done before, and what still runs: everything left behind is listed. */
async function interruptedText(result: RunResult, { provider }: Ending['context'], took: string): Promise<string> {
  const stopped = result.units.filter((unit) => unit.error?.code === 'INTERRUPTED');
  const done = result.units.filter((unit) => unit.outcome === 'changed');
  const machines = await provider.list(new AbortController().signal);
  const running = machines.filter(isOn).map((machine) => machine.name);
  return [
    `\n${pc.yellow('■')} ${pc.bold(`${result.cluster} was interrupted`)} after ${took}\n`,
    stopped.length > 0 ? `  stopped in the middle: ${unitsText(stopped)}\n` : '',
    `  done and left in place: ${done.length > 0 ? unitsText(done) : 'nothing'}\n`,
    running.length > 0 ? `  machines running: ${running.join(', ')} ('swarmup down' removes them)\n` : '',
    '  Run the same command again to continue.\n',
  ].join('');
}

/** The URLs of the published pages on every node. */
async function addresses(context: Ending['context'], result: RunResult): Promise<string> {
  const { cluster, machines, provider, state } = context;
  const skipped = new Set(result.units.filter((unit) => unit.outcome === 'skipped').map((unit) => unit.target));
  const shown = pages(cluster).filter((page) => !skipped.has(page.name));
  const lines = shown.map(({ name, port, https }) => {
    const urls = cluster.nodes.flatMap((node) => {
      const machine = machines.get(node.name);
      if (machine?.state !== 'running') return [];
      try {
        const endpoint = provider.endpoint(machine, port);
        return [`${https ? 'https' : 'http'}://${endpoint.host}:${endpoint.port}`];
      } catch (error) {
        // The port isn't open there, which is shown instead of the URL.
        return [visibleLine(messageOf(error))];
      }
    });
    return `  ${name.padEnd(12)} ${urls.join('  ')}\n`;
  });
  const generated =
    shown.some((page) => page.name === cluster.portainer?.stack) &&
    cluster.portainer &&
    !cluster.portainer.adminPassword &&
    (await state.read(PASSWORD_FILE)) !== undefined;
  if (generated) lines.push(`  ${''.padEnd(12)} user admin, password in ${state.file(PASSWORD_FILE)}\n`);
  return lines.join('');
}

function pages(cluster: Cluster): { name: string; port: number; https: boolean }[] {
  const ports = new Set(publishedPorts(cluster));
  const checks = [...cluster.services, ...cluster.stacks].flatMap(({ name, verify = [] }) =>
    [...new Map(verify.map(({ port, https }) => [port, https]))].map(([port, https]) => ({ name, port, https })),
  );
  return checks.filter(({ port }) => ports.has(port));
}
