import { readdir, readFile, readlink, stat } from 'node:fs/promises';
import { existsSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { Clock } from '../async/clock.ts';
import { waitUntil } from '../async/wait-until.ts';
import { hasErrno } from '../util/errno.ts';
import type { LocalCommands } from '../contracts/local-commands.ts';
import { userId } from '../util/user.ts';

export interface RunningProcess {
  readonly pid: number;
  readonly argv: readonly string[];
}

/**
 * This user's processes that run a program. Arguments alone prove nothing: any user may start any program with any
 * arguments.
 *
 * @param program matches the name of the executable's file
 */
export async function ownProcesses(program: RegExp, local: LocalCommands): Promise<readonly RunningProcess[]> {
  const uid = userId();
  const all = existsSync('/proc/self/cmdline') ? await fromProc(uid) : await fromPs(uid, local);
  return all.filter(({ executable }) => program.test(basename(executable)));
}

interface Found extends RunningProcess {
  readonly executable: string;
}

async function fromProc(uid: number): Promise<readonly Found[]> {
  const entries = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(entries.map((pid) => readProcess(pid, uid)));
  return found.filter((process) => process !== undefined);
}

/** Source: proc(5). The link to an executable that was replaced since, as by an upgrade, ends in " (deleted)". */
async function readProcess(pid: string, uid: number): Promise<Found | undefined> {
  try {
    const folder = `/proc/${pid}`;
    if ((await stat(folder)).uid !== uid) return undefined;
    const executable = (await readlink(`${folder}/exe`)).replace(/ \(deleted\)$/, '');
    const argv = (await readFile(`${folder}/cmdline`, 'utf8')).split('\0').filter((argument) => argument !== '');
    return { pid: Number(pid), executable, argv };
  } catch (error) {
    // It ended meanwhile, is a kernel thread, or can't be read: not a program of ours.
    if (hasErrno(error, 'ENOENT', 'ESRCH', 'EACCES', 'EPERM')) return undefined;
    throw error;
  }
}

/** For systems without /proc: the first word of the command. Source: ps(1). */
async function fromPs(uid: number, local: LocalCommands): Promise<readonly Found[]> {
  const { stdout } = await local.run(['ps', '-axww', '-o', 'pid=,uid=,command=']);
  return stdout.split('\n').flatMap((line): Found[] => {
    const [, pid, owner, command = ''] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
    const argv = command.split(' ');
    return Number(owner) === uid ? [{ pid: Number(pid), executable: argv[0] ?? '', argv }] : [];
  });
}

/** Whether a process runs. A zombie, which ended but wasn't reaped yet, does not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !isZombie(pid);
  } catch (error) {
    // EPERM: it exists and belongs to another user.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** Source: proc(5); the name in brackets may contain anything, so the state is what follows the last bracket. */
function isZombie(pid: number): boolean {
  try {
    return /\) [ZX] [^)]*$/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    // It ended meanwhile, which the next check sees; or this system has no /proc, and only its existence is known.
    return false;
  }
}

/** Sends a signal to a process. A process that is already gone is not a failure. */
export function endProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    // It may end at any moment, even between the check and the signal.
    if (!hasErrno(error, 'ESRCH')) throw error;
  }
}

export interface EndingProcess {
  readonly pid: number;
  /** What it runs, for messages. */
  readonly what: string;
  readonly deadlineMs: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Waits until a process that was told to end is gone. @throws SwarmupError TIMED_OUT */
export function untilEnded({ pid, what, ...wait }: EndingProcess): Promise<void> {
  return waitUntil({
    until: `${what} (process ${pid}) has ended`,
    probe: () => Promise.resolve(isAlive(pid) ? { seen: 'it still runs' } : { done: undefined }),
    intervalMs: 20,
    fix: `Check it with ps -p ${pid}, then run again.`,
    ...wait,
  });
}
