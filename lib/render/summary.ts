import pc from 'picocolors';
import type { Cluster } from '../config/model.ts';
import { publishedPorts } from '../config/selections.ts';
import { messageOf } from '../util/errors.ts';
import type { RunResult } from '../contracts/events.ts';
import { isOn } from '../contracts/machines.ts';
import { PASSWORD_FILE } from '../portainer/secrets.ts';
import { duration, plural, tally, unitsText } from './format.ts';
import { planText } from './plan.ts';
import { rentOf } from '../swarm/status.ts';
import { estimateText, rentText } from './rent.ts';
import type { Ending } from './ending.ts';

/** How each pipeline ends well, and whether the pages it made can be opened then. */
const ENDINGS: Readonly<Record<string, { what: string; note?: string; pages: boolean }>> = {
  up: { what: 'is as its file says', pages: true },
  verify: { what: 'is as its file says', pages: true },
  replace: { what: 'has the node anew', pages: true },
  scale: { what: 'is scaled', note: "the next 'swarmup up' returns to what the cluster file says", pages: true },
  availability: { what: 'is set', note: "the next 'swarmup up' returns to what the cluster file says", pages: false },
  stop: { what: 'is powered off', note: "'swarmup up' starts it again", pages: false },
  down: { what: 'is gone', pages: false },
};

const OWN_PIPELINE = { what: 'has what was asked for', pages: false };

/** What is said at the end of a run. */
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

/** What is there and costs money, and what an hour of all that the file asks for would come to. */
function costText(context: Ending['context']): string {
  const nodes = context.machines.all().flatMap((machine) => {
    const rented = rentOf(context, machine);
    return rented ? [{ name: machine.name, rented }] : [];
  });
  return `${rentText(nodes)}${estimateText(context.cluster.nodes.map((node) => context.provider.price?.(node)))}`;
}

/** Where the record of a run is, for who wants to know more. */
export function recordLine(record: string): string {
  return `  ${pc.dim('record')}  ${record}  ${pc.dim("('swarmup report' makes a page of it)")}\n`;
}

/** That it failed, and all that was not done because of it, a line a task. */
function failedText(result: RunResult, took: string): string {
  const left = Map.groupBy(
    result.units.filter((unit) => unit.notDone),
    (unit) => unit.task,
  );
  const lines = [...left].map(([task, units]) => `    ${task} on ${units.map((unit) => unit.target).join(', ')}\n`);
  const head = `\n${pc.red('✖')} ${result.cluster} failed after ${took}; ${tally(result.units)}\n`;
  return lines.length > 0 ? `${head}  not done:\n${lines.join('')}` : head;
}

/** What was left out on purpose, a line for each reason. */
function skippedLines(result: RunResult): string[] {
  const skipped = result.units.filter(
    (unit) => unit.outcome === 'skipped' && unit.reason !== undefined && !unit.notDone,
  );
  return [...Map.groupBy(skipped, (unit) => unit.reason)].map(([reason, [first, ...others]]) => {
    const more = others.length > 0 ? pc.dim(` (and ${others.length} more)`) : '';
    return `  ${pc.yellow('-')} ${first?.task} on ${first?.target}${more} skipped: ${reason}\n`;
  });
}

/** What was stopped, what was done before, and what still runs: nothing is left without being named. */
async function interruptedText(result: RunResult, { provider }: Ending['context'], took: string): Promise<string> {
  const stopped = result.units.filter((unit) => unit.error?.code === 'INTERRUPTED');
  const done = result.units.filter((unit) => unit.outcome === 'changed');
  const machines = await provider.list(new AbortController().signal);
  const running = machines.filter(isOn).map((machine) => machine.name);
  return [
    `\n${pc.yellow('■')} ${pc.bold(`${result.cluster} was interrupted`)} after ${took}\n`,
    stopped.length > 0 ? `  stopped in the middle: ${unitsText(stopped)}\n` : '',
    `  done and left in place: ${done.length > 0 ? unitsText(done) : 'nothing'}\n`,
    running.length > 0 ? `  machines running: ${running.join(', ')} ('swarmup down' takes them away)\n` : '',
    '  Run the same command again to go on.\n',
  ].join('');
}

/** Where the published pages are on every node. */
async function addresses(context: Ending['context'], result: RunResult): Promise<string> {
  const { cluster, machines, provider, state } = context;
  const skipped = new Set(result.units.filter((unit) => unit.outcome === 'skipped').map((unit) => unit.target));
  const shown = pages(cluster).filter((page) => !skipped.has(page.name));
  const lines = shown.map(({ name, port }) => {
    const urls = cluster.nodes.flatMap((node) => {
      const machine = machines.get(node.name);
      if (machine?.state !== 'running') return [];
      try {
        const endpoint = provider.endpoint(machine, port);
        return [`http://${endpoint.host}:${endpoint.port}`];
      } catch (error) {
        // Nothing is open there: said in its place.
        return [messageOf(error)];
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

function pages(cluster: Cluster): { name: string; port: number }[] {
  const ports = new Set(publishedPorts(cluster));
  const checks = [...cluster.services, ...cluster.stacks].flatMap((one) =>
    one.verify ? [{ name: one.name, port: one.verify.port }] : [],
  );
  return checks.filter(({ port }) => ports.has(port));
}
