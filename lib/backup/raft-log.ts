import { basename, dirname } from 'node:path/posix';
import type { Writable } from 'node:stream';
import type { Engines, Hosts, Work } from '../contracts/context.ts';
import { untilEngineAnswers } from '../docker/engine.ts';
import { startDocker, stopDocker } from '../docker/service.ts';
import { localSwarm } from '../swarm/local-state.ts';

/** How long an interrupted run may still take to start the engine again and remove the copy, in milliseconds. */
const AFTER_MS = 120_000;

/** A copy of what a manager keeps on its disk, beside the original. */
export interface RaftLogCopy {
  /**
   * Makes the copy. The log is consistent only while nothing writes to it, so the engine is stopped while it is copied.
   */
  make(): Promise<void>;
  /** Writes the copy as a compressed tar archive whose only top-level entry is the folder. */
  read(output: Writable): Promise<void>;
  /** Removes the copy if there is one: it contains the manager's keys. */
  remove(): Promise<void>;
}

/** Source: docs.docker.com, "Back up the swarm". */
export async function raftLogCopy(ctx: Work & Engines & Hosts, node: string): Promise<RaftLogCopy> {
  const { signal, report } = ctx;
  const host = await ctx.host(node);
  const { folder } = await localSwarm(await ctx.engine(node));
  const copy = `${dirname(folder)}/swarmup-backup`;
  const shell = (script: string) => host.run(['sh', '-ec', script, 'sh', folder, copy], { signal });
  return {
    make: async () => {
      await shell('rm -rf "$2"; mkdir -m 700 "$2"');
      report(`${node}: copying its Raft log`);
      await stopDocker(host, signal);
      try {
        // Most of the log is preallocated space. BusyBox has no --sparse.
        await shell('cp -a --sparse=always "$1" "$2/" 2>/dev/null || cp -a "$1" "$2/"');
      } finally {
        await startDocker(host, AbortSignal.timeout(AFTER_MS));
      }
      await untilEngineAnswers(ctx, node);
    },
    read: async (output) => {
      report(`${node}: reading its Raft log`);
      await host.run(['tar', '-C', copy, '--exclude=*.tmp', '-cz', basename(folder)], { output, signal });
    },
    remove: async () => {
      await host.run(['rm', '-rf', copy], { signal: AbortSignal.timeout(AFTER_MS) });
    },
  };
}
