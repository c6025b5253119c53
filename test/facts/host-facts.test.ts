import { execFile } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { addresses } from '../../lib/facts/addresses.ts';
import { appArmor } from '../../lib/facts/app-armor.ts';
import { engineInfo } from '../../lib/facts/engine-info.ts';
import { identity } from '../../lib/facts/identity.ts';
import { missingModules } from '../../lib/facts/kernel-modules.ts';
import { listeners } from '../../lib/facts/listeners.ts';
import { mtus } from '../../lib/facts/mtu.ts';
import { packageHolds } from '../../lib/facts/package-holds.ts';
import { packageLock } from '../../lib/facts/package-lock.ts';
import { registries } from '../../lib/facts/registries.ts';
import { packageSources } from '../../lib/facts/package-sources.ts';
import { platform } from '../../lib/facts/platform.ts';
import { resources } from '../../lib/facts/resources.ts';
import { routes } from '../../lib/facts/routes.ts';
import { runningKernel } from '../../lib/facts/running-kernel.ts';
import { surroundings } from '../../lib/facts/environment.ts';
import { wallClock } from '../../lib/facts/wall-clock.ts';
import { needPackages } from '../support/packages.ts';
import { freePort } from '../support/sshd.ts';
import { overlaps } from '../../lib/util/ip.ts';

/** Outputs were recorded on a Debian 13 guest, except where a test says otherwise. */
describe('facts of a host', () => {
  it('include its identity and its platform', () => {
    expect(identity.parse('alpha\n0ad071c50fde4e2029bf8b5cfccaf948')).toEqual({
      hostname: 'alpha',
      machineId: '0ad071c50fde4e2029bf8b5cfccaf948',
    });
    expect(identity.parse('alpha')).toEqual({ hostname: 'alpha', machineId: '' });
    expect(platform.parse('x86_64\nsystemd\nnone\nnone')).toEqual({
      architecture: 'x86_64',
      init: 'systemd',
      container: '',
    });
    expect(platform.parse('aarch64\nopenrc\nlxc')).toEqual({
      architecture: 'aarch64',
      init: 'openrc',
      container: 'lxc',
    });
  });

  it('include its addresses, also from DHCP, its routes and its interfaces', () => {
    const output = `1: lo    inet 127.0.0.1/8 scope host lo\\       valid_lft forever preferred_lft forever
2: eth0    inet 192.168.76.15/24 brd 192.168.76.255 scope global eth0\\       valid_lft forever preferred_lft forever
3: ens5    inet 172.31.4.7/20 metric 100 brd 172.31.15.255 scope global dynamic ens5\\       valid_lft 3012sec preferred_lft 3012sec
4: wg0    inet 10.8.0.2/32 scope global wg0\\       valid_lft forever preferred_lft forever`;
    expect(addresses.parse(output)).toEqual([
      { interface: 'lo', address: '127.0.0.1', prefix: 8, dynamic: false },
      { interface: 'eth0', address: '192.168.76.15', prefix: 24, dynamic: false },
      { interface: 'ens5', address: '172.31.4.7', prefix: 20, dynamic: true },
      { interface: 'wg0', address: '10.8.0.2', prefix: 32, dynamic: false },
    ]);
    expect(
      routes.parse(
        'default via 192.168.76.2 dev eth0 proto static \n192.168.76.0/24 dev eth0 proto kernel scope link src 192.168.76.15 \n10.8.0.1 dev wg0 scope link',
      ),
    ).toEqual([
      { network: '192.168.76.0/24', device: 'eth0' },
      { network: '10.8.0.1/32', device: 'wg0' },
    ]);
    // `ip -4 route show table all` in a network namespace of Debian 12, with a VPN that has the default route in halves.
    const tables = `throw 10.30.0.0/16 table 52 
10.20.0.0/16 dev wg0 table 51820 scope link 
default via 192.168.77.254 dev eth0 
0.0.0.0/1 via 10.8.0.1 dev tun0 
128.0.0.0/1 via 10.8.0.1 dev tun0 
10.0.0.0/8 via 10.8.0.1 dev tun0 
unreachable 10.40.0.0/16 
blackhole 10.50.0.0/16 
local 10.8.0.6 dev tun0 table local proto kernel scope host src 10.8.0.6 
broadcast 10.8.0.255 dev tun0 table local proto kernel scope link src 10.8.0.6 
local 127.0.0.0/8 dev lo table local proto kernel scope host src 127.0.0.1 
`;
    expect(routes.parse(tables)).toEqual([
      { network: '10.20.0.0/16', device: 'wg0' },
      { network: '10.0.0.0/8', device: 'tun0' },
      { network: '10.40.0.0/16', device: '' },
      { network: '10.50.0.0/16', device: '' },
    ]);
    expect([...mtus.parse('/sys/class/net/eth0/mtu:1500\n/sys/class/net/lo/mtu:65536')]).toEqual([
      ['eth0', 1500],
      ['lo', 65536],
    ]);
  });

  it('include its time, also without fractions as in busybox', () => {
    expect(wallClock.parse('1795413110.792508753')).toBe(1795413110792);
    expect(wallClock.parse('1795413110.%N')).toBe(1795413110000);
  });

  it('include missing kernel modules, and AppArmor', () => {
    expect(missingModules.parse('')).toEqual([]);
    expect(missingModules.parse('ip_vs\nxt_ipvs')).toEqual(['ip_vs', 'xt_ipvs']);
    expect(appArmor.parse('N\n/usr/sbin/apparmor_parser')).toEqual({ enabled: false, parser: true });
    expect(appArmor.parse('Y')).toEqual({ enabled: true, parser: false });
    expect(appArmor.parse('')).toEqual({ enabled: false, parser: false });
  });

  it('include the listening sockets', () => {
    const output = `udp UNCONN 0      0            0.0.0.0:4789       0.0.0.0:* ino:20001 sk:1 cgroup:unreachable:1 <->
udp UNCONN 0      0      127.0.0.53%lo:53         0.0.0.0:*    users:(("systemd-resolve",pid=300,fd=13)) uid:101 ino:20002 sk:2 cgroup:/system.slice <->
sctp LISTEN 0      128          0.0.0.0:3868       0.0.0.0:*    users:(("python3",pid=812,fd=3)) ino:20006 sk:6 <->
tcp LISTEN 0      128          0.0.0.0:22         0.0.0.0:*    users:(("sshd",pid=275,fd=6),("systemd",pid=1,fd=41)) ino:20003 sk:3 cgroup:/ <->
tcp LISTEN 0      4096               *:2377             *:*    users:(("dockerd",pid=1229,fd=24)) ino:20004 sk:4 cgroup:/ v6only:0 <->
tcp LISTEN 0      128             [::]:22            [::]:*    users:(("sshd",pid=275,fd=7)) ino:20005 sk:5 v6only:1 <->`;
    expect(listeners.parse(output)).toEqual([
      { protocol: 'udp', port: 4789, address: '0.0.0.0', program: '' },
      { protocol: 'udp', port: 53, address: '127.0.0.53', program: 'systemd-resolve of user 101', pid: 300 },
      { protocol: 'sctp', port: 3868, address: '0.0.0.0', program: 'python3', pid: 812 },
      { protocol: 'tcp', port: 22, address: '0.0.0.0', program: 'sshd', pid: 275 },
      { protocol: 'tcp', port: 2377, address: '*', program: 'dockerd', pid: 1229 },
      { protocol: 'tcp', port: 22, address: '[::]', program: 'sshd', pid: 275 },
    ]);
  });

  it('include the listening sockets as ss of Debian 13 aligns them', () => {
    const output = `udp UNCONN 0      0        0.0.0.0:4789  0.0.0.0:*                                     ino:15670 sk:6 cgroup:/system.slice/docker.service <->
tcp LISTEN 0      5        0.0.0.0:8099  0.0.0.0:* users:(("perl",pid=838,fd=3))       ino:16516 sk:7 cgroup:/system.slice/ssh.service <->
tcp LISTEN 0      4096   127.0.0.1:45661 0.0.0.0:* users:(("containerd",pid=267,fd=9)) ino:12373 sk:2 cgroup:/system.slice/containerd.service <->
tcp LISTEN 0      4096           *:443         *:* users:(("dockerd",pid=284,fd=38))   ino:16455 sk:8 cgroup:/system.slice/docker.service v6only:0 <->`;
    expect(listeners.parse(output)).toEqual([
      { protocol: 'udp', port: 4789, address: '0.0.0.0', program: '' },
      { protocol: 'tcp', port: 8099, address: '0.0.0.0', program: 'perl', pid: 838 },
      { protocol: 'tcp', port: 45661, address: '127.0.0.1', program: 'containerd', pid: 267 },
      { protocol: 'tcp', port: 443, address: '*', program: 'dockerd', pid: 284 },
    ]);
  });

  it('include real sockets with their processes, of which one on loopback keeps others from binding all addresses', async () => {
    needPackages('iproute2');
    const tcp = createServer().listen(0, '127.0.0.1');
    const udp = createSocket('udp4').bind(0, '127.0.0.1');
    await Promise.all([once(tcp, 'listening'), once(udp, 'listening')]);
    const [tcpPort, udpPort] = [(tcp.address() as AddressInfo).port, udp.address().port];
    const { stdout } = await promisify(execFile)('sh', ['-c', listeners.command]);
    const user = process.getuid?.() === 0 ? '' : ` of user ${process.getuid?.()}`;
    const own = listeners.parse(stdout).filter(({ pid }) => pid === process.pid);
    for (const [protocol, port] of [
      ['tcp', tcpPort],
      ['udp', udpPort],
    ] as const)
      expect(own).toContainEqual({
        protocol,
        port,
        address: '127.0.0.1',
        program: expect.stringMatching(new RegExp(`.${user}$`)),
        pid: process.pid,
      });
    // As the engine binds a port in host mode.
    const second = createServer().listen(tcpPort, '0.0.0.0');
    const secondUdp = createSocket('udp4').bind(udpPort, '0.0.0.0');
    const refusals = await Promise.all([once(second, 'error'), once(secondUdp, 'error')]);
    expect(refusals.map(([error]) => error)).toEqual([
      expect.objectContaining({ code: 'EADDRINUSE' }),
      expect.objectContaining({ code: 'EADDRINUSE' }),
    ]);
    tcp.close();
    udp.close();
    secondUdp.close();
  });

  it('include free disk and memory, and the process that holds the package lock', () => {
    const output = `Filesystem     1024-blocks   Used Available Capacity Mounted on
/dev/vda          10237276 389216   9370312       4% /
MemTotal:         996612 kB`;
    const { parse } = resources(undefined);
    expect(parse(output)).toEqual({ dataRoot: '/var/lib/docker', diskMiB: 9150, memoryMiB: 973 });
    expect(parse(`data-root /srv/docker data\n${output}`)).toMatchObject({ dataRoot: '/srv/docker data' });
    expect(parse(`data-root /srv/\u001b[31m\n${output}`)).toMatchObject({ dataRoot: '/var/lib/docker' });
    const lists = '/var/lib/apt/lists/lock';
    expect(packageLock.parse(`423 ${lists} apt-daily.service apt-get`)).toEqual({
      kind: 'process',
      pid: 423,
      program: 'apt-get',
      file: lists,
      service: 'apt-daily.service',
    });
    // Stopping a login's service would end all logins.
    expect(packageLock.parse(`723 ${lists} ssh.service apt-get`)).not.toHaveProperty('service');
    expect(packageLock.parse('77 /run/zypp.pid - a name')).toEqual({
      kind: 'process',
      pid: 77,
      program: 'a name',
      file: '/run/zypp.pid',
    });
    expect(packageLock.parse('cloud-init')).toEqual({ kind: 'cloud-init' });
    expect(packageLock.parse('')).toBeUndefined();
    expect(runningKernel.parse('6.12.48+deb13-amd64\nmodules')).toEqual({
      release: '6.12.48+deb13-amd64',
      hasModules: true,
    });
    expect(runningKernel.parse('6.12.41+deb13-amd64').hasModules).toBe(false);
    expect(packageHolds.parse('manager apt\n/usr/bin/dpkg-query\nhi  docker.io\nii  containerd\nrc  runc')).toEqual({
      manager: 'apt',
      installed: ['docker.io', 'containerd'],
      held: ['docker.io'],
    });
    expect(packageHolds.parse('ii docker-ce\nhi containerd.io')).toEqual({
      manager: undefined,
      installed: ['docker-ce', 'containerd.io'],
      held: ['containerd.io'],
    });
    expect(packageSources.parse('yes http://mirror.test\nno https://other.test:8443')).toEqual([
      { server: 'http://mirror.test', reachable: true },
      { server: 'https://other.test:8443', reachable: false },
    ]);
  });

  it('include the free disk of the data folder in the cluster file, even before it exists', async () => {
    const { command, argument = '', parse } = resources('/nonexistent/docker $(touch /tmp/no)');
    const { stdout } = await promisify(execFile)('sh', ['-c', `f() { ${command}\n}; f "$1"`, 'sh', argument]);
    const found = parse(stdout);
    expect(found.dataRoot).toBe('/nonexistent/docker $(touch /tmp/no)');
    expect(found.diskMiB).toBeGreaterThan(0);
    const relative = await promisify(execFile)('sh', ['-c', `f() { ${command}\n}; f "$1"`, 'sh', 'data']);
    expect(parse(relative.stdout).dataRoot).toBe('/var/lib/docker');
  });

  it('include which registries are reachable', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const servers = [`https://127.0.0.1:${port}`, `https://127.0.0.1:${await freePort()}`];
    const fact = registries(servers);
    const { stdout } = await promisify(execFile)('sh', ['-c', fact.command, 'sh', fact.argument ?? '']);
    server.close();
    expect([...fact.parse(stdout)].sort((a, b) => servers.indexOf(a.server) - servers.indexOf(b.server))).toEqual([
      { server: servers[0], reachable: true },
      { server: servers[1], reachable: false },
    ]);
    expect(registries([]).parse('')).toEqual([]);
  });

  it('include the kind of its engine', () => {
    const info = (more: object) =>
      JSON.stringify({ ServerVersion: '26.1.5+dfsg1', DockerRootDir: '/var/lib/docker', ...more });
    expect(engineInfo.parse('')).toBeUndefined();
    // The command line is installed, but no engine answers.
    expect(engineInfo.parse('{"ServerErrors":["Cannot connect to the Docker daemon"]}')).toBeUndefined();
    const inactive = { state: 'inactive', nodeId: '', clusterId: '' };
    expect(engineInfo.parse(info({ Swarm: { NodeID: '', LocalNodeState: 'inactive' } }))).toEqual({
      version: '26.1.5+dfsg1',
      kind: 'ordinary',
      swarm: inactive,
    });
    expect(
      engineInfo.parse(info({ Swarm: { NodeID: 'n1', LocalNodeState: 'active', Cluster: { ID: 'c1' } } }))?.swarm,
    ).toEqual({ state: 'active', nodeId: 'n1', clusterId: 'c1' });
    expect(engineInfo.parse(info({ SecurityOptions: ['name=seccomp', 'name=rootless'] }))?.kind).toBe('rootless');
    expect(engineInfo.parse('1234 rootlesskit --net=slirp4netns dockerd')?.kind).toBe('rootless');
    expect(engineInfo.parse(info({ DockerRootDir: '/var/snap/docker/common/var-lib-docker' }))?.kind).toBe('snap');
    expect(engineInfo.parse('podman')?.kind).toBe('podman');
  });

  it('include firewalls and proxies, without passwords', () => {
    const output = `unit 0 active
unit 1 active
unit 2 inactive
unit 3 active
unit 4 inactive
unit 5 inactive
unit 6 inactive
unit 7 active
Status: inactive
export HTTPS_PROXY="http://me:secret@proxy.example.org:3128"
http_proxy=http://proxy.example.org:3128`;
    expect(surroundings.parse(output)).toEqual({
      firewalls: ['firewalld'],
      proxies: ['HTTPS_PROXY=http://***@proxy.example.org:3128', 'http_proxy=http://proxy.example.org:3128'],
      unattendedUpgrades: ['unattended-upgrades', 'transactional-update'],
    });
    expect(surroundings.parse('unit 1 active\nStatus: active').firewalls).toEqual(['ufw']);
  });
});

describe('networks', () => {
  it.each([
    ['10.0.0.0/8', '10.0.5.0/24', true],
    ['10.0.0.0/20', '10.0.16.0/24', false],
    ['10.0.0.0/20', '10.0.15.255', true],
    ['192.168.0.0/16', '10.0.0.0/8', false],
    ['0.0.0.0/0', '203.0.113.0/24', true],
    ['nonsense', '10.0.0.0/8', false],
    ['fd00::/8', 'fd00:1::1', true],
    ['fd00::/8', '10.0.0.0/8', false],
  ])('%s and %s overlap: %s', (one, other, expected) => {
    expect(overlaps(one, other)).toBe(expected);
    expect(overlaps(other, one)).toBe(expected);
  });
});
