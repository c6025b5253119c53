import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expectedOneOf } from '../util/nearest-name.ts';
import { hasCode, SwarmupError } from '../util/errors.ts';
import type { Event } from '../contracts/events.ts';
import { ifThere } from '../util/files.ts';
import { removeInside } from '../util/remove.ts';
import type { ClusterStatus } from '../swarm/status.ts';
import { FILES, type RunMeta } from './recorder.ts';
import { Timeline, type Stage } from './timeline.ts';

/** The record of a run, read back. */
export interface RecordedRun {
  /** The folder's name: when it began, in UTC. */
  readonly id: string;
  readonly folder: string;
  readonly meta: RunMeta;
  readonly stages: readonly Stage[];
  /** The cluster's status at the end of the run, if it could be read. */
  readonly status: ClusterStatus | undefined;
}

/** The folder with the records of a cluster's runs. */
export function runsFolder(stateDir: string): string {
  return join(stateDir, 'runs');
}

/** A folder for a new run: its time in UTC, with a number if the name is taken. */
export function newRunFolder(runs: string, now: Date): string {
  const time = now.toISOString().slice(0, 19).replaceAll(':', '-');
  for (let i = 1; ; i++) {
    const folder = join(runs, i === 1 ? `${time}Z` : `${time}Z-${i}`);
    if (!existsSync(folder)) return folder;
  }
}

/** The names that `newRunFolder` gives: other folders aren't records. */
const RUN = /^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ(-\d+)?$/;

/** The recorded runs, oldest first. */
export async function listRuns(runs: string): Promise<readonly string[]> {
  const entries = (await ifThere(readdir(runs, { withFileTypes: true }))) ?? [];
  return entries
    .filter((entry) => entry.isDirectory() && RUN.test(entry.name))
    .map((entry) => entry.name)
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
}

/** Removes the oldest records, keeping this many. */
export async function pruneRuns(runs: string, keep: number): Promise<void> {
  const ids = await listRuns(runs);
  const root = dirname(dirname(runs));
  for (const id of ids.slice(0, Math.max(0, ids.length - keep))) await removeInside(root, join(runs, id));
}

/**
 * Reads a record.
 *
 * @param id the run's name; without it, the latest
 * @throws SwarmupError UNKNOWN_NAME with the nearest existing name
 */
export async function readRun(runs: string, id?: string): Promise<RecordedRun> {
  const ids = await listRuns(runs);
  const found = id === undefined ? ids.at(-1) : ids.find((one) => one === id);
  if (found !== undefined) return readRecord(join(runs, found), found);
  const what = id === undefined ? 'there is no record of a run' : `there is no record of a run '${id}'`;
  throw new SwarmupError('UNKNOWN_NAME', `${what} in ${runs}`, {
    fix:
      id === undefined || ids.length === 0
        ? "A run of 'swarmup up' leaves one."
        : `${expectedOneOf(id, ids)}; see 'swarmup runs'.`,
  });
}

/** Whether the latest recorded run ended well. */
export async function lastRunWasOk(runs: string): Promise<boolean> {
  const [latest] = (await listRuns(runs)).slice(-1);
  if (latest === undefined) return false;
  try {
    return (await readJson<{ ok?: boolean }>(join(runs, latest, FILES.result)))?.ok === true;
  } catch (error) {
    // It was killed while it wrote its record.
    if (!hasCode(error, 'RECORD_INVALID')) throw error;
    return false;
  }
}

/** Reads the record in a folder. @throws SwarmupError RECORD_INVALID */
export async function readRecord(folder: string, id: string): Promise<RecordedRun> {
  const meta = await readJson<RunMeta>(join(folder, FILES.meta));
  if (!meta) {
    throw new SwarmupError('RECORD_INVALID', `${folder} is not the record of a run: it has no ${FILES.meta}`, {
      fix: "Choose another: 'swarmup runs' lists them.",
    });
  }
  const timeline = new Timeline();
  for (const event of await readEvents(join(folder, FILES.events))) timeline.listener(event);
  const status = await readJson<ClusterStatus>(join(folder, FILES.status));
  return { id, folder, meta, stages: timeline.stages, status };
}

async function readEvents(path: string): Promise<readonly Event[]> {
  const text = await ifThere(readFile(path, 'utf8'));
  return (text ?? '').split('\n').flatMap((line): Event[] => {
    try {
      const event: Event = JSON.parse(line);
      return [event];
    } catch {
      // The last line of a killed run may be truncated.
      return [];
    }
  });
}

async function readJson<T>(path: string): Promise<T | undefined> {
  const text = await ifThere(readFile(path, 'utf8'));
  if (text === undefined) return undefined;
  try {
    const value: T = JSON.parse(text);
    return value;
  } catch (cause) {
    throw new SwarmupError('RECORD_INVALID', `${path} can't be read: it is not a complete JSON document`, {
      fix: "Its run was killed while writing it. Choose another: 'swarmup runs' lists them.",
      cause,
    });
  }
}
