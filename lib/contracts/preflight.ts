import type { NodeSpec, Cluster } from '../config/model.ts';
import type { SwarmupError } from '../util/errors.ts';
import type { Identity } from '../facts/identity.ts';
import type { Platform } from '../facts/platform.ts';
import type { OsRelease } from '../facts/os-release.ts';
import type { InterfaceAddress } from '../facts/addresses.ts';
import type { Route } from '../facts/routes.ts';
import type { AppArmor } from '../facts/app-armor.ts';
import type { Listener } from '../facts/listeners.ts';
import type { Resources } from '../facts/resources.ts';
import type { PackageLock } from '../facts/package-lock.ts';
import type { Server } from '../facts/reachable.ts';
import type { EngineInfo } from '../facts/engine-info.ts';
import type { DaemonJson } from '../facts/daemon-json.ts';
import type { Surroundings } from '../facts/environment.ts';

/** Something on a host that keeps a swarm from working, or may. */
export interface Finding {
  readonly node: string;
  /** What was checked, such as clock or ports. */
  readonly check: string;
  /** fatal: nothing is changed anywhere before it is mended. */
  readonly severity: 'fatal' | 'warning';
  /** What is wrong, and what comes of it. */
  readonly message: string;
  readonly fix: string;
}

/** A host that could be asked. */
export interface Surveyed {
  readonly node: NodeSpec;
  /** The address the other nodes are to reach it by. */
  readonly address: string;
  readonly facts: HostFacts;
}

export interface Survey {
  readonly cluster: Cluster;
  readonly hosts: readonly Surveyed[];
  /** Those that couldn't be asked, and why. */
  readonly unreachable: ReadonlyMap<string, SwarmupError>;
  readonly links: readonly Link[];
  /** Whether each host that is in a swarm is in this cluster's. */
  readonly members: ReadonlyMap<string, boolean>;
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
  /** Of a datagram that was sent whole or not at all, with its headers; absent for an ordinary probe. */
  readonly packetBytes?: number;
  /** unknown: something else listens there, or nothing can be started that would. */
  readonly result: 'ok' | 'failed' | 'unknown';
  /** What the system said; empty for none. */
  readonly reason: string;
}

/** What is asked of a host before anything is changed on any. */
export interface HostFacts {
  readonly identity: Identity;
  readonly platform: Platform;
  readonly os: OsRelease;
  readonly addresses: readonly InterfaceAddress[];
  readonly routes: readonly Route[];
  /** Bytes, by interface. */
  readonly mtus: ReadonlyMap<string, number>;
  /** How far its clock is ahead of ours, in milliseconds, give or take the time it took to ask. */
  readonly aheadMs: number;
  readonly missingModules: readonly string[];
  readonly appArmor: AppArmor;
  readonly listeners: readonly Listener[];
  readonly resources: Resources;
  readonly packageLock: PackageLock;
  /** Asked only where Docker is still to be installed. */
  readonly packageSources: readonly Server[];
  /** Those that images come from. */
  readonly registries: readonly Server[];
  readonly engine: EngineInfo;
  readonly daemon: DaemonJson;
  readonly surroundings: Surroundings;
}

export interface Look {
  readonly survey: Survey;
  readonly findings: readonly Finding[];
}

/** The look at all hosts that is had once a run, whoever asks first. */
export interface Preflight {
  look(signal: AbortSignal): Promise<Look>;
}
