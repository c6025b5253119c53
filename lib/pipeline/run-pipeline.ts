import type { Catalogue } from './taskfile.ts';
import { firstManager } from '../config/model.ts';
import type { RunContext } from '../contracts/context.ts';
import { hasCode, messageOf } from '../util/errors.ts';
import type { Emit, Mode, RunResult } from '../contracts/events.ts';
import { layOut, type Selection, type Unit } from './graph.ts';
import { ClusterLock } from '../lock/cluster-lock.ts';
import { runUnits } from './run-units.ts';
import type { Gate } from './step.ts';

/** One command's work on one cluster: everything it needs, opened once and closed at the end. */
export interface Session {
  readonly context: RunContext;
  readonly emit: Emit;
  readonly signal: AbortSignal;
}

export interface PipelineRequest {
  readonly pipeline: string;
  readonly mode: Mode;
  readonly selection?: Selection;
  readonly keepGoing?: boolean;
  readonly prune?: boolean;
  /** Any change is a failure: everything was expected to be done already. */
  readonly changesNothing?: boolean;
  /** The last run left the cluster matching its file. */
  readonly expectsNoChange?: boolean;
}

/** The lock, and a gate that opens once it is held everywhere it has to be. */
export interface Held {
  readonly lock: ClusterLock;
  readonly gate: Gate;
  /** Warnings about the lock, and about what a killed run left; more may come. */
  readonly warned: ReadonlySet<string>;
}

/** Runs a pipeline; changes are made under the cluster's lock. */
export async function runPipeline(
  catalogue: Catalogue,
  request: PipelineRequest,
  { context, emit, signal }: Session,
  held: Held | undefined,
): Promise<RunResult> {
  const { pipeline, mode, selection = {}, prune } = request;
  const all = await catalogue.load(catalogue.pipelines[pipeline] ?? []);
  const tasks = mode === 'plan' ? all.filter((task) => !task.verifies) : all;
  const units = layOut(tasks, context.cluster, context.world, selection);
  const withLock = held ? AbortSignal.any([signal, held.lock.lost]) : signal;
  return runUnits(units, {
    pipeline,
    mode,
    context,
    emit,
    signal: withLock,
    partial: Object.keys(selection).length > 0,
    // Checks are cheap, so a read-only run reports every problem.
    keepGoing: mode !== 'apply' || (request.keepGoing ?? false),
    prune: prune ?? false,
    changesNothing: request.changesNothing ?? false,
    expectsNoChange: mode !== 'plan' && (request.expectsNoChange ?? false) && everyMachineRuns(context),
    ...(held
      ? {
          gate: held.gate,
          warned: held.warned,
          afterChange: (unit) => extendAfter(unit, held.lock, { context, emit, signal }),
        }
      : {}),
  });
}

function everyMachineRuns({ cluster, world }: Session['context']): boolean {
  return cluster.nodes.every(({ name }) => world.before.get(name)?.state === 'running');
}

export interface LockRequest {
  /** The running command, shown to other runs that find the lock. */
  readonly command: string;
  readonly waitMs: number;
  /** Only on this computer: for work that the lock on a manager would be part of, as with snapshots of machines that run here. */
  readonly onlyHere?: boolean;
}

/**
 * Runs work under the cluster's lock, which is released in any case.
 *
 * @throws SwarmupError LOCKED when another run holds it, or has taken it over meanwhile
 */
export async function underLock<T>(
  { command, waitMs, onlyHere = false }: LockRequest,
  opened: Session,
  work: (held: Held) => Promise<T>,
): Promise<T> {
  const { session, warned } = rememberingWarnings(opened);
  const { context, signal } = session;
  const first = firstManager(context.cluster).name;
  const { cluster, clock } = context;
  const lock = await ClusterLock.take({
    cluster: cluster.name,
    stateDir: cluster.stateDir,
    command,
    clock,
    signal,
    waitMs,
    warn: warner(session),
    manager: async (until) => {
      const there =
        !onlyHere && context.machines.get(first)?.state === 'running' && (await context.remote.answers(first, until));
      return there ? context.remote.host(first, until) : undefined;
    },
  });
  await repair(session);
  const gate = openGate(lock, session);
  try {
    await context.provider.remember?.();
    const done = await work({ lock, gate, warned });
    // An interrupted run is reported separately.
    if (!signal.aborted) await gate.pass();
    lock.lost.throwIfAborted();
    return done;
  } finally {
    // A pending request to the manager would arrive after the release. Its failure was reported above.
    await gate.pass().catch(() => undefined);
    await lock.release();
  }
}

/** A killed run may have left machines paused, which would not answer. `down` must work even when they can't be helped. */
async function repair(session: Session): Promise<void> {
  const { context, signal } = session;
  const warn = warner(session);
  try {
    await context.provider.snapshots?.repair({ signal, report: () => undefined, warn });
  } catch (error) {
    if (!signal.aborted) warn(`what a killed run left could not be repaired: ${messageOf(error)}`);
  }
}

/** A session, and the warnings in it. */
function rememberingWarnings(session: Session): { readonly session: Session; readonly warned: ReadonlySet<string> } {
  const warned = new Set<string>();
  const emit: Emit = (event) => {
    if (event.type === 'warning') warned.add(event.warning.message);
    session.emit(event);
  };
  return { session: { ...session, emit }, warned };
}

/** A gate that opens once the first manager's lock is held. Checks start meanwhile, as connecting takes time. */
function openGate(lock: ClusterLock, session: Session): Gate {
  const gate = { open: false, pass: () => opening };
  const opening = extend(lock, session).then(
    () => void (gate.open = true),
    (error: unknown) => {
      if (!session.signal.aborted) lock.fail(error);
      throw error;
    },
  );
  // The error is thrown to units that pass the gate; until then no one handles it.
  opening.catch(() => undefined);
  return gate;
}

/**
 * Extends the lock after the first manager's machine was made, started or waited for: runs from other computers then
 * see it.
 */
async function extendAfter(unit: Unit, lock: ClusterLock, session: Session): Promise<void> {
  const first = firstManager(session.context.cluster).name;
  if (unit.task.id === 'provision' && unit.target.id === first) await extend(lock, session);
}

const NO_LOGIN = [
  'SSH_UNREACHABLE',
  'SSH_CONNECTION_LOST',
  'SSH_AUTH_FAILED',
  'SSH_HOST_KEY_CHANGED',
  'SSH_NO_COMMON_ALGORITHM',
] as const;

/** Acquires the lock on the first manager, if that can be reached. */
async function extend(lock: ClusterLock, session: Session): Promise<void> {
  try {
    await lock.extend();
  } catch (error) {
    if (!hasCode(error, ...NO_LOGIN)) throw error;
    const first = firstManager(session.context.cluster).name;
    warner(session)(`the lock is held on this computer only, as ${first} can't be reached: ${messageOf(error)}`);
  }
}

function warner({ emit }: Session): (message: string) => void {
  return (message) => emit({ type: 'warning', warning: { key: message, message } });
}
