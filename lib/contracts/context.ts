import type { Clock } from '../async/clock.ts';
import type { NodeSpec } from '../config/model.ts';
import type { Progress } from './events.ts';
import type { Images } from './images.ts';
import type { Mesh } from './mesh.ts';
import type { Preflight } from './preflight.ts';
import type { Machine, Provider, ProviderIo } from './provider.ts';
import type { Engine } from './engine.ts';
import type { Host } from './host.ts';
import type { HttpClient } from './http.ts';
import type { StateFolder } from '../util/state-folder.ts';
import type { SwarmAccess } from './swarm.ts';
import type { Desired } from './target.ts';
import type { KeyedMutex } from '../async/keyed-mutex.ts';
import type { Remote } from './remote.ts';
import type { RunCluster } from './run-cluster.ts';
import type { Machines } from './machines.ts';

/** What existed when the run began. */
export interface World {
  /** Machines that existed before this run, by node name. */
  readonly before: ReadonlyMap<string, Machine>;
  /** Whether the provider's machines share resources that have to exist first. */
  readonly shares?: boolean;
}

/**
 * What every unit of a run shares. Made once per run; tasks get it through their UnitContext. Functions below the tasks
 * declare the parts that they use, such as `Work & Engines` or `Pick<RunContext, 'state'>`, and are passed the whole.
 * scripts/context.ts lists the files that may name the whole type.
 */
export interface RunContext {
  readonly cluster: RunCluster;
  readonly provider: Provider;
  readonly world: World;
  readonly machines: Machines;
  readonly remote: Remote;
  readonly swarm: SwarmAccess;
  readonly http: HttpClient;
  readonly images: Images;
  readonly state: StateFolder;
  readonly preflight: Preflight;
  readonly mesh: Mesh;
  readonly mutex: KeyedMutex;
  readonly clock: Clock;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Something that can be stopped. */
export interface Abortable {
  readonly signal: AbortSignal;
}

/** Something that takes time: it can be stopped, has deadlines, and says what it is doing. */
export interface Work extends Abortable {
  readonly clock: Clock;
  readonly report: (detail: string, progress?: Progress) => void;
}

/** The Docker Engine of any node. */
export interface Engines {
  engine(node: string): Promise<Engine>;
}

/** Commands on any node's machine. */
export interface Hosts {
  host(node: string): Promise<Host>;
}

/** Questions to the swarm's managers. */
export interface Managers extends Abortable {
  readonly swarm: SwarmAccess;
}

/** Making and removing machines, and the table of the machines that the run knows. */
export interface Provisioning extends Pick<RunContext, 'provider' | 'machines'> {
  readonly io: ProviderIo;
}

/** The one node that something is about. */
export interface OnNode {
  readonly node: Pick<NodeSpec, 'name'>;
}

export interface Warnings {
  /** Shows a warning once per run, however many units give it; warnings with the same key count as one. */
  readonly warn: (message: string, key?: string) => void;
}

/** What one unit gets: the run, its own target, and a way to report progress. */
export interface UnitContext
  extends RunContext, Desired, Work, Engines, Hosts, Managers, Provisioning, OnNode, Warnings {
  /** The target's node. @throws when the target has none, which is a bug in the task */
  readonly node: NodeSpec;
  /** @param node default: the target's */
  host(node?: string): Promise<Host>;
  /** @param node default: the target's */
  engine(node?: string): Promise<Engine>;
}

/** The same context for work on several nodes, one after another: progress begins with the node's name. */
export function onBehalfOf<W extends Pick<Work, 'report'>>(ctx: W, node: string): W {
  const report: Work['report'] = (detail, progress) => ctx.report(`${node}: ${detail}`, progress);
  // eslint-disable-next-line typescript/no-unsafe-type-assertion -- Object.create has no type for what it makes
  return Object.create(ctx, { report: { value: report } }) as W;
}
