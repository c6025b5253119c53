import { readdir, readFile } from 'node:fs/promises';
import { existsSync, readFileSync } from 'node:fs';
import { hasErrno } from '../errno.ts';
import type { LocalCommands } from './local.ts';

export interface RunningProcess {
  readonly pid: number;
  readonly argv: readonly string[];
}

/** The processes of this machine whose arguments contain a text. */
export async function findProcesses(text: string, local: LocalCommands): Promise<readonly RunningProcess[]> {
  const all = existsSync('/proc/self/cmdline') ? await fromProc() : await fromPs(local);
  return all.filter((process) => process.argv.some((argument) => argument.includes(text)));
}

async function fromProc(): Promise<RunningProcess[]> {
  const entries = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    entries.map(async (pid) => {
      // A process may end while it is being read, and others' may not be readable: neither is one of ours.
      const cmdline = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
      return { pid: Number(pid), argv: cmdline.split('\0').filter((argument) => argument !== '') };
    }),
  );
  return found.filter((process) => process.argv.length > 0);
}

async function fromPs(local: LocalCommands): Promise<RunningProcess[]> {
  const { stdout } = await local.run(['ps', '-axww', '-o', 'pid=,command=']);
  return stdout.split('\n').flatMap((line) => {
    const match = /^\s*(\d+)\s+(.*)$/.exec(line);
    return match ? [{ pid: Number(match[1]), argv: (match[2] ?? '').split(' ') }] : [];
  });
}

/** Whether a process runs. One that ended and that nobody has asked about yet (a zombie) does not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !isZombie(pid);
  } catch (error) {
    // EPERM: it exists and belongs to somebody else.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** Source: proc(5); the name in brackets may hold anything, so the state is what follows the last one. */
function isZombie(pid: number): boolean {
  try {
    return /\) [ZX] [^)]*$/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    // It ended meanwhile, which the next look sees; or this system has no /proc, and tells no more than that it exists.
    return false;
  }
}

/** Ends a process at once. One that is gone already is no failure. */
export function endProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    // It may go at any moment, also between a look and the signal.
    if (!hasErrno(error, 'ESRCH')) throw error;
  }
}
