import type { NodeSpec, Cluster } from '../config/model.ts';
import type { SwarmupError } from '../util/errors.ts';
import type { Identity } from '../facts/identity.ts';
import type { Platform } from '../facts/platform.ts';
import type { OsRelease } from '../facts/os-release.ts';
import type { InterfaceAddress } from '../facts/addresses.ts';
import type { Route } from '../facts/routes.ts';
import type { Nearby } from '../facts/nearby.ts';
import type { AppArmor } from '../facts/app-armor.ts';
import type { Listener } from '../facts/listeners.ts';
import type { Resources } from '../facts/resources.ts';
import type { PackageHolds } from '../facts/package-holds.ts';
import type { PackageLock } from '../facts/package-lock.ts';
import type { RunningKernel } from '../facts/running-kernel.ts';
import type { Server } from '../facts/reachable.ts';
import type { EngineInfo } from '../facts/engine-info.ts';
import type { DaemonJson } from '../facts/daemon-json.ts';
import type { Surroundings } from '../facts/environment.ts';

/** Something on a host that keeps a swarm from working, or might. */
export interface Finding {
  readonly node: string;
  /** What was checked, such as clock or ports. */
  readonly check: string;
  /** fatal: nothing is changed anywhere until it is fixed. */
  readonly severity: 'fatal' | 'warning';
  /** What is wrong, and its consequence. */
  readonly message: string;
  readonly fix: string;
}

/** A host that answered. */
export interface Surveyed {
  readonly node: NodeSpec;
  /** The address at which the other nodes reach it. */
  readonly address: string;
  readonly facts: HostFacts;
}

export interface Survey {
  readonly cluster: Cluster;
  readonly hosts: readonly Surveyed[];
  /** The hosts that didn't answer, and why. */
  readonly unreachable: ReadonlyMap<string, SwarmupError>;
  readonly links: readonly Link[];
  /** For each host in a swarm, whether that swarm is this cluster's. */
  readonly members: ReadonlyMap<string, boolean>;
  /** The address pool of this cluster's swarm; absent before there is one. */
  readonly pool?: readonly string[] | undefined;
}

export function isFatal({ severity }: Finding): boolean {
  return severity === 'fatal';
}

export type Protocol = 'tcp' | 'udp';

/** Whether something sent by one host arrives at another, and the answer comes back. */
export interface Link {
  readonly from: string;
  readonly to: string;
  readonly protocol: Protocol;
  readonly port: number;
  /** The size with headers of a datagram that must not be fragmented; absent for an ordinary probe. */
  readonly packetBytes?: number;
  /** unknown: another program listens on the port, or the probe can't be started. */
  readonly result: 'ok' | 'failed' | 'unknown';
  /** The system's error message; empty for none. */
  readonly reason: string;
}

/** The facts gathered from a host before any host is changed. */
export interface HostFacts {
  readonly identity: Identity;
  readonly platform: Platform;
  readonly os: OsRelease;
  readonly addresses: readonly InterfaceAddress[];
  readonly routes: readonly Route[];
  readonly nearby: readonly Nearby[];
  /** Bytes, by interface. */
  readonly mtus: ReadonlyMap<string, number>;
  /** How far its clock is ahead of ours, in milliseconds, within the duration of the query. */
  readonly aheadMs: number;
  readonly missingModules: readonly string[];
  readonly appArmor: AppArmor;
  readonly listeners: readonly Listener[];
  readonly resources: Resources;
  readonly runningKernel: RunningKernel;
  readonly packageLock: PackageLock;
  readonly packageHolds: PackageHolds;
  /** Gathered only where Docker isn't installed yet. */
  readonly packageSources: readonly Server[];
  /** The registries of the images. */
  readonly registries: readonly Server[];
  readonly engine: EngineInfo;
  readonly daemon: DaemonJson;
  readonly surroundings: Surroundings;
}

export interface Look {
  readonly survey: Survey;
  readonly findings: readonly Finding[];
}

/** The survey of all hosts, made once per run, on the first request. */
export interface Preflight {
  look(signal: AbortSignal): Promise<Look>;
}
