import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FILES } from '../record/recorder.ts';
import { listRuns, readRun, runsFolder } from '../record/store.ts';
import type { Stage } from '../record/timeline.ts';
import { ifThere } from '../util/files.ts';
import { STATUS } from './allowed.ts';
import type { Parts } from './parts.ts';
import { isRecord, parseRecord, pick, type Allowed } from './pick.ts';
import { lastLines } from './bounds.ts';

/** How much of the events is read, from their end, in characters. */
const LONGEST_EVENTS = 2 * 2 ** 20;

/** The errors whose output is a command's of this computer or a host, and not a container's. */
const WITH_OUTPUT = new Set([
  'ANSWER_UNREADABLE',
  'COMMAND_FAILED',
  'DAEMON_CONFIG_INVALID',
  'ENGINE_UNREACHABLE',
  'IMAGE_BUILD_FAILED',
  'INSTALL_CONFLICT',
  'INSTALL_UNSUPPORTED',
  'INTERNAL',
  'LOCAL_COMMAND_FAILED',
  'MACHINE_FAILED',
  'PREFLIGHT_FAILED',
  'PREREQUISITE_MISSING',
  'SSH_AUTH_FAILED',
  'SSH_UNREACHABLE',
  'SUDO_REFUSED',
]);

const ERROR: Allowed = { code: true, message: true, fix: true, trace: true };

/** An error of a record, without what containers printed unless that is wanted. */
function errorOf(logs: boolean): Allowed {
  return (value) => {
    const { code, output, postMortem } = isRecord(value) ? value : {};
    const error = pick(value, ERROR);
    if (!isRecord(error)) return undefined;
    const printed = logs || (typeof code === 'string' && WITH_OUTPUT.has(code)) ? { output } : {};
    return { ...error, ...printed, ...(logs ? { postMortem } : {}) };
  };
}

const UNIT: Allowed = { task: true, title: true, target: true, needs: [true] };

/** Names and reasons of changes, not their values. */
const CHANGES: Allowed = [{ action: true, path: [true], reason: true }];

/** Source: lib/contracts/events.ts. The output of commands isn't in the events at all. */
function eventOf(logs: boolean): Allowed {
  const error = errorOf(logs);
  const result: Allowed = {
    task: true,
    target: true,
    node: true,
    outcome: true,
    ms: true,
    changes: CHANGES,
    reason: true,
    error,
    retries: [true],
    notDone: true,
    ok: true,
    changed: true,
    durationMs: true,
    warnings: [true],
    interrupted: true,
    partial: true,
  };
  return {
    at: true,
    type: true,
    title: true,
    pipeline: true,
    mode: true,
    units: [UNIT],
    unit: UNIT,
    phase: true,
    detail: true,
    changes: CHANGES,
    attempt: true,
    of: true,
    delayMs: true,
    error,
    result,
    host: true,
    command: true,
    exitCode: true,
    ms: true,
    warning: { key: true, message: true },
    running: [UNIT],
  };
}

const META: Allowed = {
  command: true,
  cluster: true,
  file: true,
  provider: true,
  startedAt: true,
  versions: { '*': true },
};

/**
 * Adds the record of the last run: when and how it was started, its events, its errors, and the status at its end.
 *
 * @param logs whether what containers printed is wanted
 * @returns its stages; none without a record
 */
export async function addLastRun(stateDir: string, logs: boolean, parts: Parts): Promise<readonly Stage[]> {
  const runs = runsFolder(stateDir);
  const id = (await listRuns(runs)).at(-1);
  if (id === undefined) {
    parts.miss('the last run', 'no run has left a record');
    return [];
  }
  const from = `the record of the run ${id}`;
  const add = (name: string, content: unknown) => parts.add(['run', name], from, content);
  try {
    const { folder, meta, stages, status } = await readRun(runs, id);
    add('run.json', pick(meta, META));
    const text = (await ifThere(readFile(join(folder, FILES.events), 'utf8'))) ?? '';
    const allowed = eventOf(logs);
    const events = lastLines(text, LONGEST_EVENTS)
      .split('\n')
      .map(parseRecord)
      .filter((event) => event !== undefined);
    add(
      'events.json',
      events.map((event) => pick(event, allowed)),
    );
    const failed = stages.flatMap(({ units }) => units).filter(({ error }) => error !== undefined);
    add(
      'errors.json',
      failed.map(({ task, target, error }) => ({ task, target, error: pick(error, errorOf(logs)) })),
    );
    if (status) add('status.json', pick(status, STATUS));
    return stages;
  } catch (error) {
    // A damaged record must not keep the rest from being collected.
    parts.miss('the last run', error);
    return [];
  }
}
