import { systemClock } from '../async/clock.ts';
import { loadCluster } from '../config/load.ts';
import type { Cluster } from '../config/model.ts';
import type { RunContext } from '../contracts/context.ts';
import { namedMirror } from '../images/debian-mirror.ts';
import type { Emit, Listener } from '../contracts/events.ts';
import { cacheFolder } from '../util/files.ts';
import { dockerCredentials } from '../images/credentials.ts';
import { imageStore } from '../images/store.ts';
import { machineTable } from '../providers/machine-table.ts';
import { loadProvider, providerRegistry } from '../providers/index.ts';
import { preflightOf } from '../preflight/preflight.ts';
import { httpClient } from '../remote/http.ts';
import { verifyHostKeys } from './verify-host-keys.ts';
import { localCommands } from '../remote/local.ts';
import { SshRemote } from '../remote/remote.ts';
import type { Session } from '../pipeline/run-pipeline.ts';
import type { Secret } from '../util/secret.ts';
import { StateFolder } from '../util/state-folder.ts';
import { swarmAccess } from '../swarm/access.ts';
import { gainRootRights } from './sudo-password.ts';
import { KeyedMutex } from '../async/keyed-mutex.ts';
import { listenForInterrupts } from './interrupts.ts';
import type { CommonOptions } from './options.ts';

export interface SessionOptions {
  /** Missing system packages may be installed without asking. */
  readonly yes?: boolean | undefined;
  /** Root's rights will be needed: a password for sudo is asked for where one is wanted. */
  readonly asRoot?: boolean;
  /** Host keys that were never seen before are accepted without asking. */
  readonly acceptNew?: boolean | undefined;
  /** Told everything that happens. */
  readonly listeners?: readonly Listener[];
  /** Told the secrets that are read or made. */
  readonly onSecret?: (secret: Secret) => void;
  /** Aborts the work; default: the first interrupt. */
  readonly signal?: AbortSignal;
}

/** The cluster file that the options name. */
export function clusterOf({ file }: CommonOptions): Promise<Cluster> {
  return loadCluster({ file, cwd: process.cwd(), env: process.env, providers: providerRegistry });
}

/** Opens a session, does the work, and closes its connections whatever happens. */
export async function withSession<T>(
  cluster: Cluster,
  options: SessionOptions,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const emit: Emit = (event) => {
    for (const listen of options.listeners ?? []) listen({ ...event, at: systemClock.now() });
  };
  const interrupts = options.signal ? { signal: options.signal, stop: () => undefined } : listenForInterrupts();
  const opened: { remote?: SshRemote } = {};
  try {
    const keep = (remote: SshRemote) => (opened.remote = remote);
    const context = await openContext(cluster, options, { emit, signal: interrupts.signal }, keep);
    return await work({ context, emit, signal: interrupts.signal });
  } finally {
    interrupts.stop();
    await opened.remote?.close();
  }
}

async function openContext(
  cluster: Cluster,
  options: SessionOptions,
  { emit, signal }: Pick<Session, 'emit' | 'signal'>,
  onRemote: (remote: SshRemote) => void,
): Promise<RunContext> {
  const { env } = process;
  const local = localCommands(emit, env);
  const createProvider = await loadProvider(cluster.provider);
  const provider = await createProvider({ cluster, clock: systemClock, local, env, mayInstall: options.yes ?? false });
  await verifyHostKeys(provider, { acceptNew: options.acceptNew ?? false, emit, signal });
  const listed = await provider.list(signal);
  for (const { ssh } of listed) if (ssh.sudoPassword) options.onSecret?.(ssh.sudoPassword);
  const machines = machineTable(listed);
  const remote = new SshRemote(machines, emit);
  onRemote(remote);
  if (options.asRoot) await gainRootRights(remote, listed, options.onSecret ?? (() => undefined), signal);
  const swarm = swarmAccess(cluster, { remote, machines }, systemClock);
  return {
    cluster,
    provider,
    world: {
      before: new Map(listed.map((machine) => [machine.name, machine])),
      shares: provider.shared !== undefined,
    },
    machines,
    remote,
    swarm,
    preflight: preflightOf({ cluster, machines, remote, swarm, clock: systemClock }),
    mutex: new KeyedMutex(),
    http: httpClient((via, to, until) => remote.dial(via, to, until)),
    local,
    images: imageStore({ local, cache: cacheFolder(env), mirror: namedMirror(cluster.provider) }),
    credentials: cluster.images.registryAuth ? dockerCredentials({ local, env }) : () => Promise.resolve(undefined),
    state: new StateFolder(cluster.stateDir, options.onSecret),
    clock: systemClock,
    env,
  };
}
