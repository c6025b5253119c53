import { describe, expect, it } from 'vitest';
import { linkTable } from '../../lib/preflight/link-matrix.ts';
import type { HostFacts, Link } from '../../lib/contracts/preflight.ts';
import { registriesOf } from '../../lib/preflight/registries.ts';
import { findingsOf } from '../../lib/preflight/survey.ts';
import { goodFacts, surveyOf } from './host.ts';

const engine = {
  version: '26.1.5',
  kind: 'ordinary',
  swarm: { state: 'inactive', nodeId: '', clusterId: '' },
} as const satisfies HostFacts['engine'];
const inSwarm = { ...engine, swarm: { state: 'active', nodeId: 'n1', clusterId: 'c1' } };

type Change = Partial<HostFacts>;
/** A fault of the second host, the expected findings, and a part of the fix. */
const WRONG: [string, Change, string[], string?][] = [
  [
    'a processor that Docker does not support',
    { platform: { architecture: 'mips', init: 'systemd', container: '' } },
    ['fatal architecture: its architecture is mips', 'warning architecture: the nodes have different architectures'],
  ],
  [
    'another processor',
    { platform: { architecture: 'aarch64', init: 'systemd', container: '' } },
    ['warning architecture: the nodes have different architectures (x86_64, aarch64)'],
  ],
  [
    'a container',
    { platform: { architecture: 'x86_64', init: 'systemd', container: 'lxc' } },
    ['fatal container: it is a lxc container'],
  ],
  [
    'no init system',
    { platform: { architecture: 'x86_64', init: 'other', container: '' } },
    ['fatal system: it runs neither systemd nor OpenRC'],
  ],
  [
    'a system without Docker packages',
    {
      os: { id: 'rocky', families: ['rocky', 'rhel', 'centos', 'fedora'], codename: '', prettyName: 'Rocky Linux 9.6' },
    },
    ["fatal system: it runs Rocky Linux 9.6, on which swarmup can't install Docker"],
  ],
  [
    'missing kernel modules',
    { missingModules: ['ip_vs', 'xt_ipvs'] },
    ['fatal kernel-modules: its kernel 6.12.48+deb13-amd64 has no ip_vs, xt_ipvs'],
    'linux-modules-extra-6.12.48+deb13-amd64',
  ],
  [
    'missing kernel modules on Red Hat, which has them in a package of their own',
    {
      missingModules: ['xt_addrtype'],
      runningKernel: { release: '5.14.0-570.el9.x86_64', hasModules: true },
      os: { id: 'rocky', families: ['rocky', 'rhel', 'centos', 'fedora'], codename: '', prettyName: 'Rocky Linux 9.6' },
      engine,
    },
    ['fatal kernel-modules: its kernel 5.14.0-570.el9.x86_64 has no xt_addrtype'],
    'dnf install -y kernel-modules-extra-5.14.0-570.el9.x86_64',
  ],
  [
    'a kernel that was upgraded since the last boot',
    { missingModules: ['vxlan'], runningKernel: { release: '6.12.41+deb13-amd64', hasModules: false } },
    ['fatal kernel-modules: its running kernel 6.12.41+deb13-amd64 has no modules on the disk any more'],
    'systemctl reboot',
  ],
  [
    'AppArmor without its parser',
    { appArmor: { enabled: true, parser: false }, engine },
    ['fatal apparmor: AppArmor is on but apparmor_parser is missing'],
    'apt-get install apparmor',
  ],
  ['AppArmor without its parser, where Docker brings it', { appArmor: { enabled: true, parser: false } }, []],
  [
    'a full disk',
    { resources: { dataRoot: '/var/lib/docker', diskMiB: 900, memoryMiB: 2000 } },
    ['fatal disk: 0.9 GiB are free for /var/lib/docker'],
    'du -xh',
  ],
  [
    'a full disk at another data folder',
    { resources: { dataRoot: '/srv/docker', diskMiB: 900, memoryMiB: 2000 } },
    ['fatal disk: 0.9 GiB are free for /srv/docker'],
    'du -xh --max-depth=2 /srv/docker',
  ],
  [
    'a disk with room enough for a host with Docker',
    { resources: { dataRoot: '/var/lib/docker', diskMiB: 2000, memoryMiB: 2000 }, engine },
    [],
  ],
  [
    'little memory',
    { resources: { dataRoot: '/var/lib/docker', diskMiB: 9000, memoryMiB: 480 } },
    ['fatal memory: it has 480 MiB of memory'],
  ],
  [
    'a held package lock',
    {
      packageLock: { kind: 'process', pid: 812, program: 'unattended-upgr', file: '/var/lib/dpkg/lock-frontend' },
    },
    ['warning package-lock: unattended-upgr (process 812) holds /var/lib/dpkg/lock-frontend'],
    'ps -fp 812',
  ],
  [
    'package lists that a fresh machine reads itself',
    {
      packageLock: {
        kind: 'process',
        pid: 640,
        program: 'apt-get',
        file: '/var/lib/apt/lists/lock',
        service: 'apt-daily.service',
      },
    },
    ['warning package-lock: apt-get (process 640, apt-daily.service) holds /var/lib/apt/lists/lock'],
    'ps -fp 640',
  ],
  [
    'a machine that is still being set up',
    { packageLock: { kind: 'cloud-init' } },
    ['warning package-lock: cloud-init is still setting the machine up; installing waits for it'],
    'cloud-init status --long',
  ],
  [
    'package sources that are all unreachable',
    { packageSources: [{ server: 'http://mirror.test', reachable: false }] },
    ["fatal package-source: it can't reach its package sources http://mirror.test"],
    'apt-get update',
  ],
  [
    'one unreachable package source',
    {
      packageSources: [
        { server: 'http://mirror.test', reachable: true },
        { server: 'https://other.test:8443', reachable: false },
      ],
    },
    ["warning package-source: it can't reach its package sources https://other.test:8443"],
  ],
  [
    'an unreachable registry',
    { registries: [{ server: 'https://registry-1.docker.io', reachable: false }] },
    ["fatal registry: it can't reach https://registry-1.docker.io, from which images are pulled"],
    'images.load',
  ],
  [
    'an unreachable registry on a host with an engine, which may have the images',
    { registries: [{ server: 'https://registry-1.docker.io', reachable: false }], engine },
    ["warning registry: it can't reach https://registry-1.docker.io, from which images are pulled"],
  ],
  [
    'a duplicate host name',
    { identity: { hostname: 'node1', machineId: 'x' } },
    [
      'fatal host-name: its host name is node1, the same as that of w2',
      'fatal host-name: its host name is node1, the same as that of m1',
    ],
    'hostnamectl set-hostname',
  ],
  [
    'a duplicate machine id',
    { identity: { hostname: 'x', machineId: '1'.repeat(32) } },
    ['fatal machine-id: it has the same machine ID as w2', 'fatal machine-id: it has the same machine ID as m1'],
    'systemd-machine-id-setup',
  ],
  [
    'an address of another machine',
    { addresses: [{ interface: 'eth0', address: '10.9.8.7', prefix: 24, dynamic: true }] },
    ['fatal address: it has no interface with 192.168.77.2, the address at which the other nodes are to reach it'],
    'advertise: 10.9.8.7',
  ],
  [
    'a clock an hour ahead',
    { aheadMs: 3_600_500 },
    ['fatal clock: its clock is 60 min ahead of the others'],
    'set-ntp true',
  ],
  ['a clock behind', { aheadMs: -45_000 }, ['fatal clock: its clock is 45 s behind the others']],
  ['a clock a little off', { aheadMs: 29_000 }, []],
  [
    'a damaged daemon.json',
    { daemon: { invalid: 'Unexpected end' } },
    ['fatal daemon-json: /etc/docker/daemon.json is invalid'],
  ],
  [
    'live-restore',
    { daemon: { values: { 'live-restore': true } } },
    ['fatal daemon-json: daemon.json has live-restore'],
  ],
  [
    'hosts in daemon.json',
    { daemon: { values: { hosts: ['tcp://0.0.0.0:2375'] } } },
    ['warning daemon-json: daemon.json has hosts'],
  ],
  [
    'nftables in daemon.json',
    { daemon: { values: { 'firewall-backend': 'nftables' } } },
    ['fatal daemon-json: daemon.json has firewall-backend: nftables'],
  ],
  ['a rootless engine', { engine: { ...engine, kind: 'rootless' } }, ['fatal engine: its Docker is rootless']],
  ['Podman', { engine: { ...engine, version: '', kind: 'podman' } }, ['fatal engine: its `docker` is Podman']],
  ['a snap', { engine: { ...engine, kind: 'snap' } }, ['warning engine: its Docker is a snap']],
  [
    'an old engine',
    { engine: { ...engine, version: '19.03.15' } },
    ['warning engine: its Docker 19.03.15 is older than 20.10'],
  ],
  [
    'another swarm',
    { engine: inSwarm },
    ['fatal swarm: it belongs to another swarm (c1)'],
    'docker swarm leave --force',
  ],
  [
    'a published port in use',
    { listeners: [{ protocol: 'tcp', port: 80, address: '*', program: 'apache2' }] },
    ['fatal ports: apache2 listens on 80/tcp, which is needed for a published port'],
  ],
  [
    'a published UDP port in use, but not on an address of its own',
    {
      listeners: [
        { protocol: 'udp', port: 53, address: '127.0.0.53', program: 'systemd-resolve' },
        { protocol: 'tcp', port: 53, address: '*', program: 'named' },
        { protocol: 'udp', port: 53, address: '192.168.77.1', program: 'dnsmasq' },
      ],
    },
    ['fatal ports: dnsmasq listens on 53/udp, which is needed for a published port'],
  ],
  [
    'a port of overlay networks in use',
    { listeners: [{ protocol: 'udp', port: 4789, address: '0.0.0.0', program: '' }] },
    ['fatal ports: Something listens on 4789/udp'],
  ],
  [
    "a port that only a manager needs, and one that is the host's own affair",
    {
      listeners: [
        { protocol: 'tcp', port: 2377, address: '*', program: 'x' },
        { protocol: 'tcp', port: 80, address: '127.0.0.1', program: 'y' },
      ],
    },
    [],
  ],
  ["the engine's own ports", { listeners: [{ protocol: 'tcp', port: 80, address: '*', program: 'dockerd' }] }, []],
  [
    "a route into the engine's default pool, as another one is chosen",
    { routes: [{ network: '10.0.5.0/24', device: 'eth1' }] },
    [],
  ],
  [
    'routes to all private networks',
    {
      routes: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'].map((network) => ({ network, device: 'tun0' })),
    },
    ['fatal address-pool: no private network is free for the overlay networks'],
    'swarm.addressPool',
  ],
  [
    'a firewall, a proxy',
    {
      surroundings: {
        firewalls: ['firewalld'],
        proxies: ['http_proxy=http://p:3128'],
        unattendedUpgrades: ['unattended-upgrades'],
      },
    },
    ['warning firewall: firewalld is on', 'warning proxy: it is configured with a proxy (http_proxy=http://p:3128)'],
  ],
  [
    'unattended upgrades',
    {
      surroundings: { firewalls: [], proxies: [], unattendedUpgrades: ['unattended-upgrades'] },
      packageHolds: { manager: undefined, installed: ['docker.io', 'containerd', 'runc'], held: ['docker.io'] },
      engine,
    },
    ['warning upgrades: unattended-upgrades upgrades packages unattended, also containerd, runc: that may restart'],
    'sudo apt-mark hold containerd runc',
  ],
  [
    'unattended upgrades on SUSE',
    {
      surroundings: { firewalls: [], proxies: [], unattendedUpgrades: ['transactional-update'] },
      packageHolds: { manager: undefined, installed: ['docker'], held: [] },
      os: {
        id: 'opensuse-microos',
        families: ['opensuse-microos', 'suse', 'opensuse'],
        codename: '',
        prettyName: 'MicroOS',
      },
      engine,
    },
    ['warning upgrades: transactional-update upgrades packages unattended, also docker'],
    'sudo zypper addlock docker',
  ],
  [
    'unattended upgrades on Red Hat',
    {
      surroundings: { firewalls: [], proxies: [], unattendedUpgrades: ['dnf-automatic-install'] },
      packageHolds: { manager: undefined, installed: ['docker-ce', 'containerd.io'], held: [] },
      os: { id: 'rocky', families: ['rocky', 'rhel', 'centos', 'fedora'], codename: '', prettyName: 'Rocky Linux 9.6' },
      engine,
    },
    ['warning upgrades: dnf-automatic-install upgrades packages unattended, also docker-ce, containerd.io'],
    'sudo dnf versionlock add docker-ce containerd.io',
  ],
  [
    'unattended upgrades that leave Docker alone, as its packages are held',
    {
      surroundings: { firewalls: [], proxies: [], unattendedUpgrades: ['unattended-upgrades'] },
      packageHolds: { manager: 'apt', installed: ['docker.io', 'containerd'], held: ['docker.io', 'containerd'] },
      engine,
    },
    [],
  ],
];

const said = (found: ReturnType<typeof findingsOf>) =>
  found.map(({ severity, check, message }) => `${severity} ${check}: ${message}`);

describe('preflight', () => {
  it('finds nothing on suitable hosts', async () => {
    expect(said(findingsOf(await surveyOf()))).toEqual([]);
  });

  it.each(WRONG)('explains %s', async (_what, change, expected, fix = '') => {
    const survey = await surveyOf((facts) => (facts[1] = { ...goodFacts(2), ...change }));
    const found = findingsOf(survey);
    expect(said(found)).toEqual(expected.map((text) => expect.stringContaining(text)));
    for (const finding of found) {
      expect(finding.fix.length).toBeGreaterThan(15);
      expect(finding.fix).toMatch(/[.)]$|[a-z0-9/']$/);
    }
    expect(found[0]?.fix ?? '').toContain(fix);
  });

  it('accepts a node of this swarm', async () => {
    const survey = await surveyOf(
      (facts) =>
        (facts[1] = {
          ...goodFacts(2),
          engine: inSwarm,
          listeners: [{ protocol: 'udp', port: 4789, address: '0.0.0.0', program: '' }],
        }),
    );
    expect(findingsOf({ ...survey, members: new Map([['w2', true]]) })).toEqual([]);
  });

  it('ignores the VXLAN port that an engine keeps after leaving its swarm, but no program on it', async () => {
    const left = { ...inSwarm, swarm: { state: 'inactive', nodeId: '', clusterId: '' } };
    const found = async (program: string) =>
      said(
        findingsOf(
          await surveyOf(
            (facts) =>
              (facts[1] = {
                ...goodFacts(2),
                engine: left,
                listeners: [{ protocol: 'udp', port: 4789, address: '0.0.0.0', program }],
              }),
          ),
        ),
      );
    expect(await found('')).toEqual([]);
    expect(await found('ovs-vswitchd')).toEqual([expect.stringContaining('ovs-vswitchd listens on 4789/udp')]);
  });

  it('compares a custom address pool as a whole', async () => {
    const change = (facts: HostFacts[]) =>
      (facts[0] = { ...goodFacts(1), routes: [{ network: '10.77.0.0/16', device: 'eth1' }] });
    expect(said(findingsOf(await surveyOf(change, 'swarm: { addressPool: [10.64.0.0/12] }')))).toEqual([
      expect.stringContaining('swarm.addressPool (10.64.0.0/12) overlaps it'),
    ]);
  });

  it('compares routes with the pool of the swarm that a host is to join', async () => {
    const survey = await surveyOf(
      (facts) => (facts[1] = { ...goodFacts(2), routes: [{ network: '10.0.5.0/24', device: 'eth1' }] }),
    );
    expect(said(findingsOf({ ...survey, pool: ['10.0.0.0/8'] }))).toEqual([
      "fatal address-pool: it has a route to 10.0.5.0/24 (eth1), and the swarm's address pool (10.0.0.0/8) overlaps it: containers could not reach that network, or each other",
    ]);
    expect(said(findingsOf({ ...survey, pool: ['10.200.0.0/16'] }))).toEqual([]);
  });

  it('finds that two hosts behind one NAT have the same address', async () => {
    const survey = await surveyOf((_facts, hosts) => (hosts[2] = { ...hosts[2]!, address: '192.168.77.2' }));
    expect(said(findingsOf(survey))).toEqual([
      'fatal address: its address 192.168.77.2 is also that of w3',
      'fatal address: its address 192.168.77.2 is also that of w2',
    ]);
  });

  it('warns of an even number of managers', async () => {
    const survey = await surveyOf();
    const nodes = survey.cluster.nodes.map((node, i) => (i < 2 ? { ...node, role: 'manager' as const } : node));
    expect(said(findingsOf({ ...survey, cluster: { ...survey.cluster, nodes } }))).toEqual([
      'warning managers: 2 managers survive the loss of 0, as 1 do: an even number gains nothing',
    ]);
  });
});

describe('the registries that are checked', () => {
  it.each([
    ['', ['https://registry-1.docker.io']],
    ['images: { whenUnreachable: build }', []],
    ['docker: { proxy: http://proxy:3128 }', []],
    ["docker: { daemon: { registry-mirrors: ['http://10.0.2.2:5000'] } }", []],
  ])('for %j are %j', async (extra, expected) => {
    expect(registriesOf((await surveyOf(undefined, extra)).cluster)).toEqual(expected);
  });
});

describe('the network between hosts', () => {
  const link = (from: string, to: string, result: Link['result'], more: Partial<Link> = {}): Link => ({
    from,
    to,
    protocol: 'udp',
    port: 4789,
    result,
    reason: result === 'ok' ? '' : 'no answer',
    ...more,
  });

  it("has one finding per destination, with all sources that can't reach it", async () => {
    const links = [link('m1', 'w2', 'failed'), link('w3', 'w2', 'failed'), link('w2', 'm1', 'ok')];
    const survey = {
      ...(await surveyOf(
        (facts) =>
          (facts[1] = {
            ...goodFacts(2),
            surroundings: { firewalls: ['ufw'], proxies: [], unattendedUpgrades: [] },
          }),
      )),
      links,
    };
    const [found] = findingsOf(survey);
    expect(found).toMatchObject({
      node: 'w2',
      check: 'network',
      message: "UDP 4789 (overlay networks (VXLAN)) can't be reached from m1, w3: no answer",
      fix: expect.stringContaining('sudo ufw allow 4789/udp'),
    });
    expect(linkTable(survey)).toBe(
      [
        'from \\ to  m1  w2        w3',
        'm1         ·   4789/udp  -',
        'w2         ok  ·         -',
        'w3         -   4789/udp  ·',
      ].join('\n'),
    );
  });

  it('distinguishes dropped full-size packets from closed ports', async () => {
    const links = [link('m1', 'w2', 'ok'), link('m1', 'w2', 'failed', { packetBytes: 1500 })];
    expect(said(findingsOf({ ...(await surveyOf()), links }))).toEqual([
      expect.stringContaining('fatal path-mtu: packets of 1500 bytes'),
    ]);
  });

  it('may be unknown, which is a warning', async () => {
    const links = [link('m1', 'w2', 'unknown', { reason: 'it has neither Perl nor Python to probe with' })];
    expect(said(findingsOf({ ...(await surveyOf()), links }))).toEqual([
      expect.stringContaining('warning network: it could not check whether it reaches the other nodes'),
    ]);
  });
});
