import { systemClock } from '../async/clock.ts';
import type { RunContext } from '../contracts/context.ts';
import type { RunCluster } from '../contracts/run-cluster.ts';
import { namedMirror } from '../images/debian-mirror.ts';
import type { Emit, Listener } from '../contracts/events.ts';
import { cacheFolder } from '../util/files.ts';
import { credentialsFor } from '../images/credentials.ts';
import { imageStore } from '../images/store.ts';
import { machineTable } from '../providers/machine-table.ts';
import { loadProvider } from '../providers/index.ts';
import { preflightOf } from '../preflight/preflight.ts';
import { meshOf } from '../swarm/mesh/mesh.ts';
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
import type { Prompts } from '../contracts/prompts.ts';

export interface SessionOptions {
  /** Aborts the work. */
  readonly signal: AbortSignal;
  /** Whether missing system packages may be installed without asking; default: only as root. */
  readonly mayInstall?: boolean;
  /** Whether commands will run as root: the sudo password is then asked for if one is needed. */
  readonly asRoot?: boolean;
  /** Whether host keys that were never seen before are accepted without asking. */
  readonly acceptNew?: boolean;
  /** Answers decisions that a person has to make; without it nothing is asked. */
  readonly prompts?: Prompts | undefined;
  /** Called with every event. */
  readonly listeners?: readonly Listener[];
  /** Called with the secrets that are read or generated. */
  readonly onSecret?: (secret: Secret) => void;
  /** The environment that commands and credentials are looked up in; default: the process's. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** A session with listeners for its events. */
export interface OpenSession extends Session {
  /** Calls a listener with every event from now on. @returns a function that stops it */
  listen(listener: Listener): () => void;
}

/** Opens a session, runs the work, and closes its connections in any case. */
export async function withSession<T>(
  cluster: RunCluster,
  options: SessionOptions,
  work: (session: OpenSession) => Promise<T>,
): Promise<T> {
  const { signal } = options;
  const listeners = new Set(options.listeners);
  const emit: Emit = (body) => {
    const event = { ...body, at: systemClock.now() };
    for (const listener of listeners) listener(event);
  };
  const listen = (listener: Listener) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  };
  const opened: { remote?: SshRemote } = {};
  try {
    const keep = (remote: SshRemote) => (opened.remote = remote);
    const context = await openContext(cluster, options, emit, keep);
    return await work({ context, emit, signal, listen });
  } finally {
    await opened.remote?.close();
  }
}

async function openContext(
  cluster: RunCluster,
  options: SessionOptions,
  emit: Emit,
  onRemote: (remote: SshRemote) => void,
): Promise<RunContext> {
  const { signal, prompts, acceptNew = false, mayInstall = false, onSecret = () => undefined } = options;
  const env = options.env ?? process.env;
  const local = localCommands(emit, env);
  const createProvider = await loadProvider(cluster.provider);
  const provider = await createProvider({ cluster, clock: systemClock, local, env, mayInstall });
  await verifyHostKeys(provider, { acceptNew, prompts, emit, signal });
  const listed = await provider.list(signal);
  for (const { ssh } of listed) if (ssh.sudoPassword) onSecret(ssh.sudoPassword);
  const machines = machineTable(listed);
  const remote = new SshRemote(machines, emit);
  onRemote(remote);
  if (options.asRoot) await gainRootRights(remote, listed, { prompts, onSecret, signal });
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
    mesh: meshOf({ cluster, machines, remote, swarm }),
    preflight: preflightOf({ cluster, machines, remote, swarm, clock: systemClock }),
    mutex: new KeyedMutex(),
    http: httpClient((via, to, until) => remote.dial(via, to, until)),
    images: {
      ...imageStore({ local, cache: cacheFolder(env), mirror: namedMirror(cluster.provider) }),
      credentials: credentialsFor(cluster, { local, env }),
    },
    state: new StateFolder(cluster.stateDir, onSecret),
    clock: systemClock,
    env,
  };
}
