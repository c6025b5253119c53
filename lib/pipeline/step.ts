import type { UnitContext } from '../contracts/context.ts';
import { SwarmupError } from '../util/errors.ts';
import type { Mode, Outcome, Phase } from '../contracts/events.ts';
import type { Unit } from './graph.ts';
import type { DeferredPlans } from './deferred-plan.ts';
import { madeOnlyBy, type Change } from '../contracts/change.ts';
import { sentenceOf } from '../contracts/change-sentence.ts';
import type { Inspection } from './task.ts';

/** The permission to change anything, which may still be pending. */
export interface Gate {
  readonly open: boolean;
  pass(): Promise<void>;
}

/** The result of a successful unit. */
export interface StepResult {
  readonly outcome: Exclude<Outcome, 'failed'>;
  readonly changes: readonly Change[];
  readonly reason?: string;
}

export interface StepOptions {
  readonly mode: Mode;
  /** Removes what swarmup made and the cluster file no longer names. */
  readonly prune: boolean;
  readonly phase: (phase: Phase) => void;
  /** A check made before the cluster's lock is held may see another run's changes: it is repeated afterwards. */
  readonly gate: Gate | undefined;
  /** Called with the changes before they are made. */
  readonly planned: (changes: readonly Change[]) => void;
  /** What a check found before it was this unit's turn. */
  readonly foreseen?: Inspection | undefined;
}

/**
 * Check, plan, apply, and check again. In the mode `check`, changes are a failure instead.
 *
 * @throws SwarmupError what the task threw, NOT_AS_CONFIGURED or NOT_CONVERGED
 */
export async function performStep(unit: Unit, ctx: UnitContext, options: StepOptions): Promise<StepResult> {
  const wasOpen = options.gate?.open ?? true;
  let inspection = options.foreseen ?? (await unit.task.inspect(ctx));
  if (!wasOpen && inspection.changes.length > 0) {
    await options.gate?.pass();
    inspection = await unit.task.inspect(ctx);
  }
  if (inspection.skipped !== undefined) return { outcome: 'skipped', changes: [], reason: inspection.skipped };
  const changes = wanted(inspection, ctx, options);
  if (changes.length === 0) return { outcome: 'unchanged', changes };
  if (options.mode === 'check') throw notAsConfigured(changes);
  options.planned(changes);
  options.phase('applying');
  await inspection.apply(changes);
  options.phase('checking again');
  const left = wanted(await unit.task.inspect(ctx), ctx, options);
  if (left.length > 0) throw notConverged(unit, left);
  return { outcome: 'changed', changes };
}

/** What the unit would change, for a plan. */
export async function planStep(unit: Unit, ctx: UnitContext, deferredPlans: DeferredPlans): Promise<StepResult> {
  const inspection = await deferredPlans.inspect(unit, ctx);
  const deferred = 'deferred' in inspection;
  if (!deferred && inspection.skipped !== undefined)
    return { outcome: 'skipped', changes: [], reason: inspection.skipped };
  const changes = deferred ? inspection.deferred : inspection.changes;
  deferredPlans.settle(unit, changes, deferred);
  const reason = deferred ? inspection.reason : undefined;
  return { outcome: changes.length > 0 ? 'changed' : 'unchanged', changes, ...(reason ? { reason } : {}) };
}

/** The changes to make now. Those that only another command makes are reported instead. */
function wanted({ changes }: Inspection, ctx: UnitContext, { prune }: StepOptions): readonly Change[] {
  const now = (change: Change) => madeOnlyBy(change) === undefined || (prune && change.prune === true);
  for (const change of changes) {
    if (now(change)) continue;
    const by = madeOnlyBy(change) ?? '';
    const what = sentenceOf(change);
    ctx.warn(
      change.replace
        ? `differs from the cluster file: ${what}; 'swarmup replace ${ctx.target.id}' recreates it`
        : `no longer in the cluster file: ${what}; '${by}' removes it`,
      what,
    );
  }
  return changes.filter(now);
}

function list(changes: readonly Change[]): string {
  return changes.map(sentenceOf).join('; ');
}

function notAsConfigured(changes: readonly Change[]): SwarmupError {
  return new SwarmupError('NOT_AS_CONFIGURED', `differs from the cluster file: ${list(changes)}`, {
    fix: "Run 'swarmup up' to apply the cluster file, or 'swarmup plan' to see every difference.",
  });
}

function notConverged(unit: Unit, left: readonly Change[]): SwarmupError {
  return new SwarmupError(
    'NOT_CONVERGED',
    `${unit.key} was applied, but the check afterwards still finds: ${list(left)}`,
    {
      fix: 'Something else may be changing it at the same time. Run again; if it happens again, report it with these lines.',
    },
  );
}
