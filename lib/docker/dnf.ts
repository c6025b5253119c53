import type { Host } from '../remote/host.ts';
import type { Report } from './apt.ts';

/** What a swarm node needs from Amazon Linux: the engine brings its command line and containerd with it. */
const PACKAGE = 'docker';

/**
 * Docker from Amazon Linux 2023's own repository, started: RPM packages don't start what they install.
 *
 * @param version of the engine, such as 25.0.8 or 25.0.*; undefined for the newest
 */
export async function dnfInstall(
  host: Host,
  version: string | undefined,
  report: Report,
  signal: AbortSignal,
): Promise<void> {
  report('installing docker');
  const fix = `Look at it by hand: swarmup ssh ${host.name} -- sudo dnf install ${PACKAGE}`;
  // A version stands before the release, which is Amazon's: docker-25.0.8-1.amzn2023.0.4.
  const wanted = version === undefined ? PACKAGE : `${PACKAGE}-${version.replace(/\.?\*$/, '')}*`;
  await host.run(['dnf', 'install', '-y', '-q', wanted], { signal, fix });
  await host.run(['systemctl', 'enable', '--now', 'docker'], { signal });
}
