import { basename, dirname } from 'node:path/posix';
import type { Writable } from 'node:stream';
import type { Engines, Hosts, Work } from '../contracts/context.ts';
import { untilEngineAnswers } from '../docker/engine.ts';
import { startDocker, stopDocker } from '../docker/service.ts';
import { localSwarm } from '../swarm/local-state.ts';

/** The engine is started again, and the copy taken away, also by a run that was interrupted. */
const AFTER_MS = 120_000;

/** A copy of what a manager keeps on its disk, beside it. */
export interface RaftLogCopy {
  /** Makes it. The log is whole only while nothing writes it: the engine is stopped meanwhile, and no longer. */
  make(): Promise<void>;
  /** Writes it as a compressed tar archive, with the folder's own name as the only one at its top. */
  read(output: Writable): Promise<void>;
  /** Takes it away, made or not: it has the manager's keys in it. */
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
        // Most of it is room that the log may grow into. BusyBox has no such option.
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
