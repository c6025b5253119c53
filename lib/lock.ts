import { mkdir, readFile, rm, rmdir, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { z } from 'zod';
import { SwarmupError } from './errors.ts';
import { hasErrno } from './errno.ts';
import { isAlive } from './remote/processes.ts';

const ownerSchema = z.object({ pid: z.number(), host: z.string(), command: z.string(), since: z.string() });
type Owner = z.output<typeof ownerSchema>;

/** Who may change a cluster from this machine: one run at a time. Runs that only look take no lock. */
export interface Lock {
  release(): Promise<void>;
}

/**
 * Takes the lock file beside a cluster's state folder. One that a dead process left is taken over.
 *
 * @throws SwarmupError LOCKED naming the run that holds it
 */
export async function takeLock(stateDir: string, command: string, now: Date): Promise<Lock> {
  const path = `${stateDir}.lock`;
  const owner: Owner = { pid: process.pid, host: hostname(), command, since: now.toISOString() };
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  for (;;) {
    try {
      await writeFile(path, `${JSON.stringify(owner)}\n`, { flag: 'wx', mode: 0o600 });
      return { release: () => release(path) };
    } catch (error) {
      if (!hasErrno(error, 'EEXIST')) throw error;
    }
    const other = await readOwner(path);
    if (other && (other.host !== hostname() || isAlive(other.pid))) throw locked(path, other);
    await rm(path, { force: true });
  }
}

async function readOwner(path: string): Promise<Owner | undefined> {
  try {
    return ownerSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    // Released meanwhile, or cut off by a kill while it was written: nobody holds it.
    return undefined;
  }
}

async function release(path: string): Promise<void> {
  await rm(path, { force: true });
  try {
    await rmdir(dirname(path));
  } catch (error) {
    // Other clusters' folders, or this one's own, are still there.
    if (!hasErrno(error, 'ENOTEMPTY', 'EEXIST', 'ENOENT')) throw error;
  }
}

function locked(path: string, { pid, host, command, since }: Owner): SwarmupError {
  const where = host === hostname() ? `process ${pid}` : `process ${pid} on ${host}`;
  return new SwarmupError('LOCKED', `another run holds this cluster: 'swarmup ${command}', ${where}, since ${since}`, {
    fix: `Wait until it ends, or end it. If you are sure that it is gone, remove ${path}.`,
  });
}
