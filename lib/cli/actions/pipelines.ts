import type { Cluster } from '../../config/model.ts';
import type { Machine } from '../../contracts/provider.ts';
import type { RunCluster } from '../../contracts/run-cluster.ts';
import { SwarmupError } from '../../util/errors.ts';
import type { Change } from '../../contracts/change.ts';
import { sentenceOf } from '../../contracts/change-sentence.ts';
import { agreeTo, confirm } from '../../render/confirm.ts';
import { run, type Options } from '../run.ts';

/** Brings up everything in the file. @returns the exit status */
export function up(options: Options & Pulling): Promise<number> {
  const agree = options.prune ? { agree: agreeToPrune } : {};
  return run({ pipeline: 'up', mode: 'apply', options, ...pulling(options), ...agree });
}

/** Asks before anything is removed, and lists it. */
function agreeToPrune(changes: readonly Change[]): Promise<boolean> {
  const removals = changes.filter(({ prune }) => prune).map(sentenceOf);
  return removals.length === 0 ? Promise.resolve(true) : agreeTo(removals, 'Remove these?');
}

interface Pulling {
  /** Newer images under the same tags are rolled out too. */
  readonly pull?: boolean;
}

function pulling({ pull }: Pulling): { change?: (cluster: Cluster) => RunCluster } {
  return pull ? { change: (cluster) => ({ ...cluster, request: { pull } }) } : {};
}

/** Runs any pipeline by its name, mostly the user's own. */
export function runNamed(pipeline: string, options: Options): Promise<number> {
  return run({ pipeline, mode: 'apply', options });
}

export async function plan(options: Options & Pulling & { detailedExitcode?: boolean }): Promise<number> {
  let changes = 0;
  const status = await run(
    { pipeline: 'up', mode: 'plan', options, onlyFailures: true, ...pulling(options) },
    (result) => {
      changes = result.units.reduce((sum, unit) => sum + unit.changes.length, 0);
    },
  );
  return status === 0 && options.detailedExitcode && changes > 0 ? 3 : status;
}

export function verify(options: Options): Promise<number> {
  return run({ pipeline: 'verify', mode: 'check', options });
}

export function stop(options: Options): Promise<number> {
  return run({
    pipeline: 'stop',
    mode: 'apply',
    options,
    agree: (changes) => agreeTo(changes.map(sentenceOf), 'Everything that runs there stops. Continue?'),
  });
}

export function down(options: Options & { uninstall?: boolean }): Promise<number> {
  const whole = options.uninstall ? 'uninstall' : 'down';
  if (options.uninstall && options.node) {
    throw new SwarmupError('USAGE', '--uninstall works on a whole cluster, and --node on some of its nodes', {
      fix: 'Leave one of them out.',
    });
  }
  return run({
    pipeline: options.node ? 'remove' : whole,
    mode: 'apply',
    options,
    onlyFailures: true,
    proceed: async ({ context }) => {
      const machines = [...context.world.before.values()].filter(({ name }) => options.node?.includes(name) ?? true);
      if (options.yes) return true;
      // They are in the cluster's folder.
      const snapshots = options.node ? [] : ((await context.provider.snapshots?.names()) ?? []);
      const questions = [
        ...(machines.length > 0 ? [farewell(machines, options.node !== undefined, context.cluster)] : []),
        ...(snapshots.length > 0 ? [`Remove the snapshots ${snapshots.join(', ')}?`] : []),
      ];
      return questions.length === 0 || confirm(questions.join(' '));
    },
  });
}

/** Asks for confirmation of what `down` would do. */
function farewell(machines: readonly Machine[], partly: boolean, { name }: Cluster): string {
  const list = (some: readonly Machine[]) => some.map((machine) => machine.name).join(', ');
  const own = machines.filter(({ external }) => !external);
  const kept = machines.filter((machine) => machine.external);
  const whole = partly ? 'of the cluster' : 'and with them the whole cluster';
  const remove = own.length > 0 ? [`Remove ${list(own)} ${whole} ${name}, with everything on them?`] : [];
  const end = partly ? '' : ', which ends the swarm and all its services';
  const leave = kept.length > 0 ? [`Take ${list(kept)} out of the swarm of ${name}${end}?`] : [];
  return [...remove, ...leave].join(' ');
}
