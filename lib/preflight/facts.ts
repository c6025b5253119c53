import { addresses } from '../facts/addresses.ts';
import { appArmor } from '../facts/app-armor.ts';
import { daemonJson } from '../facts/daemon-json.ts';
import { engineInfo } from '../facts/engine-info.ts';
import { gather } from '../remote/gather-facts.ts';
import { identity } from '../facts/identity.ts';
import { missingModules } from '../facts/kernel-modules.ts';
import { listeners } from '../facts/listeners.ts';
import { mtus } from '../facts/mtu.ts';
import { osRelease } from '../facts/os-release.ts';
import { packageHolds } from '../facts/package-holds.ts';
import { packageLock } from '../facts/package-lock.ts';
import { packageSources } from '../facts/package-sources.ts';
import { platform } from '../facts/platform.ts';
import { registries } from '../facts/registries.ts';
import { resources } from '../facts/resources.ts';
import { nearby } from '../facts/nearby.ts';
import { routes } from '../facts/routes.ts';
import { runningKernel } from '../facts/running-kernel.ts';
import { surroundings } from '../facts/environment.ts';
import { wallClock } from '../facts/wall-clock.ts';
import type { Clock } from '../async/clock.ts';
import type { Cluster } from '../config/model.ts';
import type { Host } from '../contracts/host.ts';
import { registriesOf } from './registries.ts';
import type { HostFacts } from '../contracts/preflight.ts';

/** The clock first, to keep the time until its answer short. */
const FACTS = {
  time: wallClock,
  identity,
  platform,
  os: osRelease,
  addresses,
  routes,
  nearby,
  mtus,
  missingModules,
  appArmor,
  listeners,
  runningKernel,
  packageLock,
  packageHolds,
  engine: engineInfo,
  daemon: daemonJson,
  surroundings,
} as const;

/**
 * Gathers all facts from a host. Those that wait for servers elsewhere are a command of their own, so that the others
 * needn't wait.
 */
export async function lookAtHost(
  host: Host,
  { cluster, clock, signal }: { readonly cluster: Cluster; readonly clock: Clock; readonly signal: AbortSignal },
): Promise<HostFacts> {
  const asked = clock.now();
  const dataRoot = cluster.docker.daemon['data-root'];
  const own = { ...FACTS, resources: resources(typeof dataRoot === 'string' ? dataRoot : undefined) };
  const [{ time, ...facts }, servers] = await Promise.all([
    gather(host, own, signal),
    gather(host, { packageSources, registries: registries(registriesOf(cluster)) }, signal),
  ]);
  return { ...facts, ...servers, aheadMs: time - asked };
}
