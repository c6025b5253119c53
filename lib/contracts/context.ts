import type { Clock } from '../async/clock.ts';
import type { Cluster, NodeSpec } from '../config/model.ts';
import type { Progress } from './events.ts';
import type { CredentialsOf } from '../images/credentials.ts';
import type { ImageStore } from '../images/store.ts';
import type { Preflight } from '../preflight/preflight.ts';
import type { Machine, Provider, ProviderIo } from './provider.ts';
import type { Engine } from '../remote/engine.ts';
import type { Host } from './host.ts';
import type { HttpClient } from '../remote/http.ts';
import type { LocalCommands } from '../remote/local.ts';
import type { StateFolder } from '../util/state-folder.ts';
import type { SwarmAccess } from '../swarm/access.ts';
import type { Desired, Target } from '../pipeline/task.ts';
import type { Turns } from '../async/keyed-mutex.ts';

/** What was there when the run began. */
export interface World {
  /** Machines that existed before this run, by node name. */
  readonly before: ReadonlyMap<string, Machine>;
  /** Whether the provider's machines share anything that has to be there first. */
  readonly shares?: boolean;
}

/** What every unit of a run shares. Made once a run; tasks get it through their UnitContext. */
export interface RunContext {
  readonly cluster: Cluster;
  readonly provider: Provider;
  readonly world: World;
  readonly machines: Machines;
  readonly remote: Remote;
  readonly swarm: SwarmAccess;
  readonly http: HttpClient;
  readonly local: LocalCommands;
  readonly images: ImageStore;
  /** Undefined for every image, unless the cluster file lets nodes have them. */
  readonly credentials: CredentialsOf;
  readonly state: StateFolder;
  readonly preflight: Preflight;
  readonly turns: Turns;
  readonly clock: Clock;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** The machines as this run knows them; `provision` keeps it up to date. */
export interface Machines {
  get(node: string): Machine | undefined;
  set(machine: Machine): void;
  delete(node: string): void;
  /** The node's machine, running. @throws MACHINE_ABSENT or MACHINE_STOPPED */
  running(node: string): Machine;
  all(): readonly Machine[];
}

/** The way to the machines: one SSH connection a host, the Engine API through it. */
export interface Remote {
  host(node: string, signal: AbortSignal): Promise<Host>;
  engine(node: string, signal: AbortSignal): Promise<Engine>;
  /** Whether a machine that runs can be connected to by now: it may still be booting. */
  answers(node: string, signal: AbortSignal): Promise<boolean>;
  close(): Promise<void>;
}

/** What one unit gets: the run, its own target, and the means to say what it is doing. */
export interface UnitContext extends RunContext, Desired {
  readonly target: Target;
  /** The target's node. @throws when the target has none: a mistake in the task */
  readonly node: NodeSpec;
  readonly signal: AbortSignal;
  readonly io: ProviderIo;
  readonly report: (detail: string, progress?: Progress) => void;
  /** Shows a warning once a run, however many units give it; warnings with one key are one. */
  readonly warn: (message: string, key?: string) => void;
  host(node?: string): Promise<Host>;
  engine(node?: string): Promise<Engine>;
}

/** The same for a unit that works on one node after the other: what it says begins with the node's name. */
export function onBehalfOf(ctx: UnitContext, node: string): UnitContext {
  const report: UnitContext['report'] = (detail, progress) => ctx.report(`${node}: ${detail}`, progress);
  // eslint-disable-next-line typescript/no-unsafe-type-assertion -- Object.create has no type for what it makes
  return Object.create(ctx, { report: { value: report } }) as UnitContext;
}
