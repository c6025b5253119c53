import type { Cluster } from '../config/model.ts';
import { SwarmupError } from '../util/errors.ts';
import type { Fact } from '../facts/fact.ts';
import type { Host, RemoteRun } from '../contracts/host.ts';
import { writeOn } from '../remote/write-file.ts';

/**
 * A separate file, so that the engine's other settings stay unchanged. Source: docs.docker.com, "Configure the daemon
 * to use a proxy".
 */
export const PROXY_FILE = '/etc/systemd/system/docker.service.d/swarmup-proxy.conf';

/**
 * Traffic between nodes, and to nearby registries, must bypass the proxy: joining would fail with a wrong certificate.
 */
const NEAR = ['localhost', '127.0.0.0/8', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'] as const;

type Proxied = Pick<Cluster, 'docker' | 'nodes'>;

/** The environment variables for a proxy; none without one. */
function variables({ docker, nodes }: Proxied): Readonly<Record<string, string>> {
  const { proxy, noProxy } = docker;
  if (proxy === undefined) return {};
  const named = nodes
    .flatMap(({ host }) => [host?.address ?? '', host?.advertise ?? ''])
    .filter((one) => /^[\d.]+$/.test(one));
  return {
    HTTP_PROXY: proxy,
    HTTPS_PROXY: proxy,
    NO_PROXY: [...NEAR, ...[...new Set([...named, ...noProxy])].sort()].join(','),
  };
}

/** The text of the service's drop-in file; empty without a proxy. */
export function proxyFile(cluster: Proxied): string {
  const settings = Object.entries(variables(cluster)).map(([name, value]) => `"${name}=${value}"`);
  return settings.length === 0 ? '' : `[Service]\nEnvironment=${settings.join(' ')}`;
}

/** The settings in a drop-in file, in the form of the cluster file; undefined without a proxy. */
export function proxyOf(file: string): Required<Pick<Cluster['docker'], 'proxy' | 'noProxy'>> | undefined {
  const proxy = /"HTTP_PROXY=([^"]+)"/.exec(file)?.[1];
  const excluded = /"NO_PROXY=([^"]+)"/.exec(file)?.[1]?.split(',') ?? [];
  return proxy === undefined
    ? undefined
    : { proxy, noProxy: excluded.filter((one) => !NEAR.some((near) => near === one)) };
}

/** The proxy in a drop-in file in printable form: without a password, in case one was added by hand. */
export function publicProxyOf(file: string): string | undefined {
  const proxy = proxyOf(file)?.proxy;
  return proxy?.includes('@') ? undefined : proxy;
}

/** The text of the file on a host; empty when there is none. */
export const proxyFileOn: Fact<string> = { command: `cat ${PROXY_FILE}`, parse: (output) => output };

/**
 * Writes or removes the file to match the cluster; the engine reads it on start.
 * @throws INSTALL_UNSUPPORTED without systemd
 */
export async function writeProxyFile(host: Host, cluster: Proxied, signal: AbortSignal): Promise<void> {
  const text = proxyFile(cluster);
  if (text === '') await host.run(['rm', '-f', PROXY_FILE], { signal });
  else {
    const { exitCode } = await host.run(['test', '-d', '/run/systemd/system'], { signal, okExit: [0, 1] });
    if (exitCode !== 0) throw needsSystemd(host.name);
    await writeOn(host, PROXY_FILE, `${text}\n`, signal);
  }
  await host.run(['systemctl', 'daemon-reload'], { signal });
}

/** The same host, with commands that fetch their packages through the proxy. Sources: apt.conf(5), dnf.conf(5), curl(1). */
export function behindProxy(host: Host, cluster: Proxied): Host {
  // Programs disagree about case: curl knows only the lower-case http_proxy.
  const settings = Object.entries(variables(cluster)).flatMap(([name, value]) => [
    `${name}=${value}`,
    `${name.toLowerCase()}=${value}`,
  ]);
  if (settings.length === 0) return host;
  return {
    name: host.name,
    run: (argv, options?: RemoteRun) => host.run(['env', ...settings, ...argv], options),
    dialEngine: () => host.dialEngine(),
    dialPort: (port) => host.dialPort(port),
    close: () => host.close(),
  };
}

function needsSystemd(node: string): SwarmupError {
  return new SwarmupError(
    'INSTALL_UNSUPPORTED',
    `${node} has no systemd, which swarmup needs to configure Docker's proxy`,
    {
      fix: 'Set HTTP_PROXY, HTTPS_PROXY and NO_PROXY there by hand (Alpine: /etc/conf.d/docker), and leave docker.proxy out.',
    },
  );
}
