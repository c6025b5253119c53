import type { Clock } from '../async/clock.ts';
import type { Change } from './change.ts';
import type { Cluster, NodeSpec } from '../config/model.ts';
import type { LocalCommands } from './local-commands.ts';
import type { SshEndpoint, Endpoint } from './endpoint.ts';

export interface Machine {
  /** The node's name. */
  readonly name: string;
  /**
   * starting: it was made or started, and can't be reached yet; `create` waits for it. lost: it runs, but what is needed to
   * reach it is gone; `create` recreates it.
   */
  readonly state: 'running' | 'starting' | 'stopped' | 'lost';
  /** The address that the other nodes reach it by: what Swarm advertises. */
  readonly address: string;
  readonly ssh: SshEndpoint;
  /** For machines that cost money while they run. */
  readonly rented?: Rented;
  /** It was there before swarmup and stays: it is never powered off or taken away. */
  readonly external?: true;
}

/** A machine as its owner bills it. */
export interface Rented {
  /** The owner's name for it, such as i-0123456789abcdef0. */
  readonly id: string;
  /** Such as t3.small. */
  readonly type: string;
  readonly zone?: string;
  /** When it was started last, in ISO 8601. */
  readonly since?: string;
}

/** What an hour of a machine costs, by a table of the user's own. */
export interface Price {
  readonly amount: number;
  readonly currency: string;
}

/** An SSH server that nobody has vouched for yet. */
export interface UnknownHost {
  /** The nodes that are reached at it or through it. */
  readonly names: readonly string[];
  readonly endpoint: SshEndpoint;
  /** OpenSSH's configuration says to accept its key without asking. */
  readonly unasked: boolean;
  /** From now on this is its host key. @param hostKey `type base64` */
  accept(hostKey: string): Promise<void>;
}

/** What a provider may use while it works. */
export interface ProviderIo {
  readonly signal: AbortSignal;
  /** Says what is being done now, with a progress figure where there is one. */
  readonly report: (detail: string, progress?: { readonly done: number; readonly total: number }) => void;
  readonly warn: (message: string) => void;
}

export interface ProviderOptions {
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly local: LocalCommands;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether missing system packages may be installed without asking (root, or --yes). */
  readonly mayInstall: boolean;
}

/** What the machines of a provider share, and what has to be there before the first of them: networks, keys. */
export interface SharedThings {
  /**
   * Looks at what is there, and at all that is known to go wrong later; changes nothing.
   *
   * @returns what `apply` would do
   */
  plan(io: ProviderIo): Promise<readonly Change[]>;
  /** Makes it so. */
  apply(io: ProviderIo): Promise<void>;
  /** What is left of it, and of machines that are gone, as the removals that a clean-up makes. */
  leftovers(signal: AbortSignal): Promise<readonly Change[]>;
}

/** Where machines come from. Every method may be called again: it then does what is left to do. */
export interface Provider {
  /** Every machine that carries this cluster's mark, also those no longer in the cluster file; or those named. */
  list(signal: AbortSignal, names?: readonly string[]): Promise<readonly Machine[]>;
  /** What `create` would do for a node, given its machine as listed; pure. */
  plan(node: NodeSpec, machine: Machine | undefined): readonly Change[];
  /** Creates the node's machine, or starts it and brings it up to date; resolves when it answers on SSH. */
  create(node: NodeSpec, io: ProviderIo): Promise<Machine>;
  /** Powers a machine off cleanly, keeping its disk. */
  stop(name: string, io: ProviderIo): Promise<void>;
  /** Ends a machine at once, as a power cut would, keeping its disk: for drills. */
  cutPower(name: string, io: ProviderIo): Promise<void>;
  /** Takes one machine away with all that belongs to it. */
  destroy(name: string, io: ProviderIo): Promise<void>;
  /** Takes away what the machines shared. Called when no machine is left. @returns what it couldn't remove */
  destroyShared(io: ProviderIo): Promise<readonly string[]>;
  /** For providers that have any. */
  readonly shared?: SharedThings;
  /** What an hour of a node's machine costs, where the user has said. */
  price?(node: NodeSpec): Price | undefined;
  /** For machines that others made: the servers, bastions too, whose host keys nobody has accepted yet. */
  unknownHosts?(): Promise<readonly UnknownHost[]>;
  /** Keeps what it takes to find machines that the cluster file may not name any more one day. Called under the lock. */
  remember?(): Promise<void>;
  /** The address a client uses for a port of a machine. */
  endpoint(machine: Machine, port: number): Endpoint;
}

export type ProviderFactory = (options: ProviderOptions) => Promise<Provider>;
