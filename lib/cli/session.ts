import { systemClock } from '../clock.ts';
import { loadCluster } from '../config/load.ts';
import type { Cluster } from '../config/model.ts';
import type { RunContext } from '../context.ts';
import type { Emit, Listener } from '../events.ts';
import { cacheFolder } from '../files.ts';
import { imageStore } from '../images/store.ts';
import { machineTable } from '../machines.ts';
import { loadProvider } from '../providers/index.ts';
import { httpClient } from '../remote/http.ts';
import { localCommands } from '../remote/local.ts';
import { SshRemote } from '../remote/remote.ts';
import { StateFolder } from '../state-folder.ts';
import { swarmAccess } from '../swarm/access.ts';
import type { CommonOptions } from './options.ts';

/** One command's work on one cluster: everything it needs, opened once and closed at the end. */
export interface Session {
  readonly context: RunContext;
  readonly emit: Emit;
  /** Aborts on the first interrupt. */
  readonly signal: AbortSignal;
}

export interface SessionOptions extends CommonOptions {
  /** Told everything that happens. */
  readonly listener?: Listener;
  /** Changes the validated cluster before anything is done with it: a scale, an availability. */
  readonly change?: (cluster: Cluster) => Cluster;
}

/** Opens a session, does the work, and closes its connections whatever happens. */
export async function withSession<T>(options: SessionOptions, work: (session: Session) => Promise<T>): Promise<T> {
  const { env } = process;
  const emit: Emit = (event) => options.listener?.({ ...event, at: systemClock.now() });
  const loaded = await loadCluster({ file: options.file, cwd: process.cwd(), env });
  const cluster = options.change ? options.change(loaded) : loaded;
  const interrupts = listenForInterrupts();
  const { signal } = interrupts;
  const local = localCommands(emit, env);
  const createProvider = await loadProvider(cluster.provider.type);
  const provider = await createProvider({ cluster, clock: systemClock, local, env, mayInstall: options.yes ?? false });
  const listed = await provider.list(signal);
  const machines = machineTable(listed);
  const remote = new SshRemote(machines, emit);
  const context: RunContext = {
    cluster,
    provider,
    world: { before: new Map(listed.map((machine) => [machine.name, machine])) },
    machines,
    remote,
    swarm: swarmAccess(cluster, remote),
    http: httpClient,
    local,
    images: imageStore({
      local,
      cache: cacheFolder(env),
      mirror: mirrorOf(cluster),
    }),
    state: new StateFolder(cluster.stateDir),
    clock: systemClock,
    env,
  };
  try {
    return await work({ context, emit, signal });
  } finally {
    interrupts.stop();
    await remote.close();
  }
}

function mirrorOf(cluster: Cluster): string | undefined {
  const { config } = cluster.provider;
  return typeof config === 'object' && config !== null && 'mirror' in config && typeof config.mirror === 'string'
    ? config.mirror
    : undefined;
}

/** The first Ctrl-C (or SIGTERM, or a closed terminal) stops cleanly, the second at once. */
function listenForInterrupts(): { signal: AbortSignal; stop: () => void } {
  const controller = new AbortController();
  const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  const onSignal = () => {
    if (controller.signal.aborted) {
      // The cursor may be hidden by the progress view.
      process.stderr.write('\u001B[?25h');
      process.exit(130);
    }
    controller.abort();
  };
  for (const name of names) process.on(name, onSignal);
  return {
    signal: controller.signal,
    stop: () => {
      for (const name of names) process.off(name, onSignal);
    },
  };
}
