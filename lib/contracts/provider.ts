import type { Clock } from '../async/clock.ts';
import type { Change } from './change.ts';
import type { Cluster, NodeSpec } from '../config/model.ts';
import type { LocalCommands } from './local-commands.ts';
import type { SshEndpoint, Endpoint } from './endpoint.ts';

export interface Machine {
  /** The node's name. */
  readonly name: string;
  /**
   * starting: made or started, but not reachable yet; `create` waits for it. lost: it runs, but its keys or address are
   * gone; `create` recreates it.
   */
  readonly state: 'running' | 'starting' | 'stopped' | 'lost';
  /** The address at which the other nodes reach it: the one Swarm advertises. */
  readonly address: string;
  readonly ssh: SshEndpoint;
  /** It runs, but the network that its provider makes for it doesn't connect it to the other machines. */
  readonly cutOff?: true;
  /** For machines that cost money while they run. */
  readonly rented?: Rented;
  /** It existed before swarmup and stays: it is never powered off or removed. */
  readonly external?: true;
}

/** A machine as its cloud provider bills it. */
export interface Rented {
  /** The cloud provider's ID, such as i-0123456789abcdef0. */
  readonly id: string;
  /** Such as t3.small. */
  readonly type: string;
  readonly zone?: string;
  /** When it was last started, in ISO 8601. */
  readonly since?: string;
}

/** What an hour of a machine costs, from the user's own table. */
export interface Price {
  readonly amount: number;
  readonly currency: string;
}

/** An SSH server whose host key hasn't been accepted yet. */
export interface UnknownHost {
  /** The nodes reached at it or through it. */
  readonly names: readonly string[];
  readonly endpoint: SshEndpoint;
  /** Whether OpenSSH's configuration accepts its key without asking. */
  readonly unasked: boolean;
  /** Whether OpenSSH's configuration refuses unknown keys, so that the user isn't asked. */
  readonly refused?: boolean;
  /** Whether the user's files trust this key already, for the same server at another port. */
  readonly trusts?: (hostKey: string) => boolean;
  /** Pins this as its host key. @param hostKey `type base64` */
  accept(hostKey: string): Promise<void>;
}

/** What a provider may use while it works. */
export interface ProviderIo {
  readonly signal: AbortSignal;
  /** Reports what is being done now, with progress where it is known. */
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

/** What a provider's machines share, and what has to exist before the first of them: networks, keys. */
export interface SharedThings {
  /**
   * Looks at what exists, and checks for everything known to fail later; changes nothing.
   *
   * @returns what `apply` would do
   */
  plan(io: ProviderIo): Promise<readonly Change[]>;
  /** Creates or updates what the plan found missing or different. */
  apply(io: ProviderIo): Promise<void>;
  /** What is left of it, and of machines that are gone, as the removals of a clean-up. */
  leftovers(signal: AbortSignal): Promise<readonly Change[]>;
}

/** A snapshot of a cluster's machines, as they ran at one moment. */
export interface Snapshot {
  readonly name: string;
  /** ISO 8601. */
  readonly takenAt: string;
  readonly machines: readonly string[];
  /** What it takes of the disk. */
  readonly bytes: number;
  /** When the first of the nodes' certificates expires, in ISO 8601; undefined for machines in no swarm. */
  readonly usableUntil?: string;
  /** Why it can't be restored; undefined when it can. */
  readonly unusable?: string;
}

/** What a snapshot is taken of. */
export interface SnapshotRequest {
  readonly name: string;
  /** Every node of the cluster. */
  readonly nodes: readonly string[];
  /** Asks the nodes for what `Snapshot` has under this name. Called once it is known that the machines run. */
  usableUntil(): Promise<string | undefined>;
}

/** Saves the machines of a whole cluster while they run, and restores them. Only `names` and `list` are called without the lock. */
export interface Snapshots {
  names(): Promise<readonly string[]>;
  /** Every snapshot, the oldest first. @param nodes every node of the cluster */
  list(nodes: readonly string[], io: ProviderIo): Promise<readonly Snapshot[]>;
  /** Takes a snapshot, which replaces one with the same name. @returns how long the machines were paused, in milliseconds */
  save(request: SnapshotRequest, io: ProviderIo): Promise<number>;
  /**
   * Replaces the cluster's machines by those in the snapshot, which then run. When that fails, the machines are as they
   * were before, powered off.
   *
   * @throws SwarmupError SNAPSHOT_UNUSABLE before anything is changed
   */
  restore(name: string, nodes: readonly string[], io: ProviderIo): Promise<void>;
  remove(name: string): Promise<void>;
  /** Completes or undoes what a killed run left half-done: machines that it paused run again. */
  repair(io: ProviderIo): Promise<void>;
}

/** Where machines come from. Every method is idempotent: called again, it does only what is left to do. */
export interface Provider {
  /** Every machine with this cluster's mark, including those no longer in the cluster file; or only the named ones. */
  list(signal: AbortSignal, names?: readonly string[]): Promise<readonly Machine[]>;
  /** What `create` would do for a node, given its listed machine; pure. */
  plan(node: NodeSpec, machine: Machine | undefined): readonly Change[];
  /** Creates the node's machine, or starts it and brings it up to date; resolves when it answers on SSH. */
  create(node: NodeSpec, io: ProviderIo): Promise<Machine>;
  /** Powers a machine off cleanly, keeping its disk. */
  stop(name: string, io: ProviderIo): Promise<void>;
  /** Ends a machine at once, as a power cut would, keeping its disk: for drills. */
  cutPower(name: string, io: ProviderIo): Promise<void>;
  /** Removes one machine with everything that belongs to it. */
  destroy(name: string, io: ProviderIo): Promise<void>;
  /** Removes what the machines shared. Called when no machine is left. @returns what it couldn't remove */
  destroyShared(io: ProviderIo): Promise<readonly string[]>;
  /** For providers whose machines share something. */
  readonly shared?: SharedThings;
  /** For providers that can save running machines. */
  readonly snapshots?: Snapshots | undefined;
  /** What an hour of a node's machine costs, if the user has configured it. */
  price?(node: NodeSpec): Price | undefined;
  /**
   * For machines that swarmup didn't make: the servers, including bastions, whose host keys haven't been accepted yet.
   */
  unknownHosts?(): Promise<readonly UnknownHost[]>;
  /** Stores what is needed to find machines that the cluster file may no longer name later. Called under the lock. */
  remember?(): Promise<void>;
  /**
   * Networks that the machines reach besides those that they have routes to, as a cloud's router knows: networks of the
   * swarm must not overlap them. `reason` says so in a sentence.
   */
  networks?(signal: AbortSignal): Promise<readonly { readonly network: string; readonly reason: string }[]>;
  /** The address a client uses for a port of a machine. @param protocol default: tcp */
  endpoint(machine: Machine, port: number, protocol?: 'tcp' | 'udp'): Endpoint;
}

export type ProviderFactory = (options: ProviderOptions) => Promise<Provider>;
