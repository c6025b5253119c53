import { addresses, type InterfaceAddress } from '../facts/addresses.ts';
import { appArmor, type AppArmor } from '../facts/app-armor.ts';
import { daemonJson, type DaemonJson } from '../facts/daemon-json.ts';
import { engineInfo, type EngineInfo } from '../facts/engine-info.ts';
import { gather } from '../facts/fact.ts';
import { identity, type Identity } from '../facts/identity.ts';
import { missingModules } from '../facts/kernel-modules.ts';
import { listeners, type Listener } from '../facts/listeners.ts';
import { mtus } from '../facts/mtu.ts';
import { osRelease, type OsRelease } from '../facts/os-release.ts';
import { packageLock, type PackageLock } from '../facts/package-lock.ts';
import { packageSources } from '../facts/package-sources.ts';
import { platform, type Platform } from '../facts/platform.ts';
import type { Server } from '../facts/reachable.ts';
import { registries } from '../facts/registries.ts';
import { room, type Room } from '../facts/resources.ts';
import { routes, type Route } from '../facts/routes.ts';
import { surroundings, type Surroundings } from '../facts/environment.ts';
import { wallClock } from '../facts/wall-clock.ts';
import type { Clock } from '../async/clock.ts';
import type { Cluster } from '../config/model.ts';
import type { Host } from '../contracts/host.ts';
import { registriesOf } from './registries.ts';

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
  readonly room: Room;
  readonly packageLock: PackageLock;
  /** Asked only where Docker is still to be installed. */
  readonly packageSources: readonly Server[];
  /** Those that images come from. */
  readonly registries: readonly Server[];
  readonly engine: EngineInfo;
  readonly daemon: DaemonJson;
  readonly surroundings: Surroundings;
}

/** The clock first: the time until its answer is as short as it can be. */
const FACTS = {
  time: wallClock,
  identity,
  platform,
  os: osRelease,
  addresses,
  routes,
  mtus,
  missingModules,
  appArmor,
  listeners,
  room,
  packageLock,
  packageSources,
  engine: engineInfo,
  daemon: daemonJson,
  surroundings,
} as const;

/** Asks a host everything in one round trip. */
export async function lookAtHost(
  host: Host,
  { cluster, clock, signal }: { readonly cluster: Cluster; readonly clock: Clock; readonly signal: AbortSignal },
): Promise<HostFacts> {
  const asked = clock.now();
  const { time, ...facts } = await gather(host, { ...FACTS, registries: registries(registriesOf(cluster)) }, signal);
  return { ...facts, aheadMs: time - asked };
}
