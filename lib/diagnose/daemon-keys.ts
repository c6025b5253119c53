import type { DaemonJson } from '../facts/daemon-json.ts';
import { MASK } from '../util/secret-shapes.ts';

/**
 * The keys of daemon.json whose values decide how an engine works and can't be secret. Others, such as proxies, log-opts and
 * labels, may have passwords. Source: dockerd(8), "Daemon configuration file".
 */
const HARMLESS = new Set([
  'bip',
  'bridge',
  'cgroup-parent',
  'containerd',
  'data-root',
  'debug',
  'default-address-pools',
  'default-cgroupns-mode',
  'default-runtime',
  'default-shm-size',
  'default-ulimits',
  'dns',
  'dns-opts',
  'dns-search',
  'exec-opts',
  'exec-root',
  'experimental',
  'features',
  'firewall-backend',
  'fixed-cidr',
  'fixed-cidr-v6',
  'hosts',
  'icc',
  'init',
  'insecure-registries',
  'ip',
  'ip-forward',
  'ip-masq',
  'ip6tables',
  'iptables',
  'ipv6',
  'live-restore',
  'log-driver',
  'log-level',
  'max-concurrent-downloads',
  'max-concurrent-uploads',
  'max-download-attempts',
  'metrics-addr',
  'mtu',
  'no-new-privileges',
  'pidfile',
  'registry-mirrors',
  'selinux-enabled',
  'shutdown-timeout',
  'storage-driver',
  'storage-opts',
  'swarm-default-advertise-addr',
  'tls',
  'tlsverify',
  'userland-proxy',
  'userns-remap',
]);

export function isHarmlessKey(key: string): boolean {
  return HARMLESS.has(key);
}

/** The keys of daemon.json, with the values of harmless ones. Of an invalid file nothing is told: a message may quote it. */
export function daemonKeys(daemon: DaemonJson): Readonly<Record<string, unknown>> {
  if ('invalid' in daemon) return { invalid: true };
  return Object.fromEntries(
    Object.entries(daemon.values).map(([key, value]) => [key, HARMLESS.has(key) ? value : MASK]),
  );
}
