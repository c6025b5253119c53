import type { HostFacts, Survey, Surveyed } from '../../lib/contracts/preflight.ts';
import { clusterOf } from '../support/cluster.ts';

/** Facts of a host without findings, recorded on a Debian 13 guest. */
export function goodFacts(i: number): HostFacts {
  return {
    identity: { hostname: `node${i}`, machineId: `${i}`.repeat(32) },
    platform: { architecture: 'x86_64', init: 'systemd', container: '' },
    os: { id: 'debian', families: ['debian'], codename: 'trixie', prettyName: 'Debian GNU/Linux 13 (trixie)' },
    addresses: [
      { interface: 'lo', address: '127.0.0.1', prefix: 8, dynamic: false },
      { interface: 'eth0', address: `192.168.77.${i}`, prefix: 24, dynamic: false },
    ],
    routes: [{ network: '192.168.77.0/24', device: 'eth0' }],
    nearby: [
      { address: '192.168.77.254', use: 'gateway' },
      { address: '192.168.77.254', use: 'DNS server' },
    ],
    mtus: new Map([['eth0', 1500]]),
    aheadMs: 40 * i,
    missingModules: [],
    appArmor: { enabled: true, parser: true },
    listeners: [{ protocol: 'tcp', port: 22, address: '0.0.0.0', program: 'sshd' }],
    resources: { dataRoot: '/var/lib/docker', diskMiB: 9150, memoryMiB: 973 },
    runningKernel: { release: '6.12.48+deb13-amd64', hasModules: true },
    packageLock: undefined,
    packageHolds: { manager: undefined, installed: [], held: [] },
    packageSources: [{ server: 'http://mirror.test', reachable: true }],
    registries: [{ server: 'https://registry-1.docker.io', reachable: true }],
    engine: undefined,
    daemon: { values: {} },
    surroundings: { firewalls: [], proxies: [], unattendedUpgrades: [] },
  };
}

const FILE = (extra: string) => `name: test
provider: { type: hosts }
nodes:
  - { name: m1, role: manager, address: 192.168.77.1 }
  - { name: w2, role: worker, address: 192.168.77.2 }
  - { name: w3, role: worker, address: 192.168.77.3 }
services:
  web: { image: nginx, ports: ['80:80', '53:53/udp'] }
${extra}`;

/** A survey of three hosts without findings, except for a test's changes. */
export async function surveyOf(
  change: (facts: HostFacts[], hosts: Surveyed[]) => void = () => undefined,
  extra = '',
): Promise<Survey> {
  const cluster = await clusterOf(FILE(extra));
  const all = cluster.nodes.map((_node, i) => goodFacts(i + 1));
  const hosts = cluster.nodes.map((node, i) => ({ node, address: `192.168.77.${i + 1}`, facts: all[i]! }));
  change(all, hosts);
  hosts.forEach((host, i) => (hosts[i] = { ...host, facts: all[i]! }));
  return { cluster, hosts, unreachable: new Map(), links: [], members: new Map() };
}
