import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type Docker from 'dockerode';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Host } from '../../lib/contracts/host.ts';
import type { Engine } from '../../lib/contracts/engine.ts';
import type { Machines } from '../../lib/contracts/machines.ts';
import type { Mesh } from '../../lib/contracts/mesh.ts';
import type { Machine } from '../../lib/contracts/provider.ts';
import type { Remote } from '../../lib/contracts/remote.ts';
import type { SwarmAccess } from '../../lib/contracts/swarm.ts';
import { checksumOffload } from '../../lib/facts/checksum-offload.ts';
import { ingressRules } from '../../lib/facts/ingress-rules.ts';
import { ingressSandbox } from '../../lib/facts/ingress-sandbox.ts';
import { gather } from '../../lib/remote/gather-facts.ts';
import { faultsOf, stateFaults } from '../../lib/swarm/mesh/faults.ts';
import { meshOf } from '../../lib/swarm/mesh/mesh.ts';
import { clusterOf } from '../support/cluster.ts';
import { strict } from '../fakes/strict.ts';
import { MeshRig, type RigNode } from '../support/mesh-rig.ts';
import { needPackages } from '../support/packages.ts';

/** The overlay network between two nodes: real namespaces, VXLAN, iptables and ethtool. */
let rig: MeshRig;
const never = new AbortController().signal;

const RULES = `iptables -t nat -N DOCKER-INGRESS; iptables -N DOCKER-INGRESS; iptables -N DOCKER-FORWARD
iptables -t nat -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER-INGRESS
iptables -t nat -A DOCKER-INGRESS -p tcp --dport 80 -j DNAT --to-destination 172.18.0.2:80
iptables -t nat -A DOCKER-INGRESS -j RETURN
iptables -A FORWARD -j DOCKER-FORWARD; iptables -A DOCKER-FORWARD -j DOCKER-INGRESS; iptables -P FORWARD DROP
iptables -A DOCKER-INGRESS -p tcp --dport 80 -j ACCEPT
iptables -A DOCKER-INGRESS -p tcp --sport 80 -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT`;

beforeAll(async () => {
  needPackages('iproute2', 'iptables', 'nftables', 'ethtool', 'perl-base', 'python3-minimal');
  rig = await MeshRig.start();
  for (const { sh } of rig.nodes) {
    sh(RULES);
    sh('iptables -t mangle -A PREROUTING -p tcp --dport 80 -j MARK --set-mark 256', 'sandbox');
  }
});

afterAll(() => rig.stop());

const only = async <T>(node: RigNode, fact: Parameters<typeof gather>[1][string] & { parse: (text: string) => T }) =>
  (await gather(node.host, { fact }, never)).fact;

const FILE = `name: test
provider: { type: hosts }
nodes: [{ name: a, role: manager, address: 192.0.2.1 }, { name: b, role: worker, address: 192.0.2.2 }]
networks: { back: {} }
services: { web: { image: nginx, replicas: 2, ports: ['80:80'], networks: [back] } }
`;

/** What a manager would answer. Source: the responses to GET /networks, /services and /tasks. */
const ANSWERS = {
  listNetworks: async () => [
    { Id: 'n', Name: 'ingress', Scope: 'swarm', Ingress: true, IPAM: { Config: [{ Subnet: '10.0.0.0/24' }] } },
  ],
  listServices: async () => [
    {
      ID: 's',
      Spec: { Name: 'web' },
      Endpoint: { Ports: [{ PublishedPort: 80, Protocol: 'tcp', PublishMode: 'ingress' }] },
    },
  ],
  listTasks: async () =>
    ['10.0.0.7/24', '10.0.0.8/24'].map((address) => ({
      ServiceID: 's',
      DesiredState: 'running',
      Status: { State: 'running' },
      NetworksAttachments: [{ Network: { ID: 'n' }, Addresses: [address] }],
    })),
};
const manager = strict<Engine>('engine', {
  call: (_what, request) => request(strict<Docker>('docker', ANSWERS as unknown as Partial<Docker>)),
});

/** The routing mesh of a swarm with these nodes, and a task on each. */
async function mesh(): Promise<Mesh> {
  const addressOf = (name: string) => rig.nodes.find((node) => node.name === name)?.address ?? '';
  return meshOf({
    cluster: await clusterOf(FILE),
    machines: strict<Machines>('machines', {
      running: (name) => ({ name, state: 'running', address: addressOf(name) }) as Machine,
    }),
    remote: strict<Remote>('remote', {
      host: async (name) => {
        const node = rig.nodes.find((one) => one.name === name);
        if (!node) throw new Error(`the rig has no node ${name}`);
        return node.host;
      },
    }),
    swarm: strict<SwarmAccess>('swarm', { manager: async () => manager }),
  });
}

const look = async () => (await mesh()).look(never);
const faults = async () => faultsOf(await look(), await clusterOf(FILE));
const faultsThere = async () => stateFaults(await (await mesh()).state(never), await clusterOf(FILE));

describe('the overlay network between two nodes', () => {
  afterEach(async () => {
    await rig.rewire(1500);
    for (const { sh } of rig.nodes) sh('ethtool -K eth0 tx-checksum-ip-generic off; iptables -F INPUT');
  });

  it('carries 100 KB, and nothing of the probe stays', async () => {
    const { links, unknown } = await look();
    expect([...unknown]).toEqual([]);
    expect(links).toEqual(
      [
        ['a', 'b'],
        ['b', 'a'],
      ].map(([from, to]) => ({
        from,
        to,
        ping: true,
        small: { ok: true },
        large: { ok: true },
        packets: { allowed: 1450, arrived: 1450 },
      })),
    );
    for (const { sh } of rig.nodes) expect(sh('ss -Htan', 'sandbox')).toBe('');
    expect(await faults()).toEqual([]);
  });

  it('loses large packets on a link with a smaller MTU, which is measured', async () => {
    await rig.rewire(1400);
    const [fault, ...others] = await faults();
    expect(others).toEqual([]);
    expect(fault).toMatchObject({
      code: 'OVERLAY_MTU',
      message:
        "large packets are lost in the overlay network between a and b: 64 bytes arrive, and 100 KB don't. It sends packets of up to 1500 bytes, and only 1400 get through",
      fix: expect.stringMatching(/networks: \{ ingress: \{ ingress: true, mtu: 1400 \} \}\..* back need mtu: 1400 too/),
    });
    expect(fault?.evidence[0]).toBe(
      'a from b: ping ok; 64 bytes: ok; 100 KB: 0 of 102400 bytes; packets up to 1350 of 1450 bytes',
    );
  });

  it('loses TCP, and no ping, where checksums are left to hardware that makes none', async () => {
    for (const { sh } of rig.nodes) sh('ethtool -K eth0 tx-checksum-ip-generic on');
    const [fault, ...others] = await faults();
    expect(others).toEqual([]);
    expect(fault).toMatchObject({
      code: 'OVERLAY_CHECKSUMS',
      message: expect.stringMatching(
        /^TCP doesn't arrive .* between a and b, although ping does: eth0 of a, eth0 of b /,
      ),
    });
    const commands = fault?.fix.split('\n').slice(1) ?? [];
    expect(commands).toEqual(
      ['a', 'b'].map((name) => `swarmup ssh ${name} -- sudo ethtool -K eth0 tx-checksum-ip-generic off`),
    );
    // The fix, as printed.
    for (const [i, command] of commands.entries()) rig.nodes[i]?.sh(command.replace(/^.*sudo /, ''));
    expect(await faults()).toEqual([]);
  });

  it('carries nothing where a node drops the port of VXLAN', async () => {
    rig.nodes[1].sh('iptables -A INPUT -p udp --dport 4789 -j DROP');
    const [fault, ...others] = await faults();
    expect(others).toEqual([]);
    expect(fault).toMatchObject({ code: 'OVERLAY_BLOCKED', message: expect.stringContaining('VXLAN (4789/udp)') });
  });

  it('carries nothing between nodes that gossip told no way to each other', async () => {
    const [{ sh }, { inside }] = rig.nodes;
    const way = sh(`ip neigh show to ${inside}`, 'sandbox').trim();
    sh(`ip neigh del ${inside} dev eth0`, 'sandbox');
    const found = await look();
    sh(`ip neigh replace ${way.replace(/ (?:PERMANENT|REACHABLE)$/, '')} nud permanent`, 'sandbox');
    const [fault, ...others] = faultsOf(found, await clusterOf(FILE));
    expect(others).toEqual([]);
    expect(fault).toMatchObject({
      code: 'OVERLAY_BLOCKED',
      message: expect.stringContaining('the nodes know no way to each other'),
      fix: expect.stringContaining('Open 7946/tcp and 7946/udp between the nodes'),
    });
  });
});

describe('the rules of the routing mesh', () => {
  it.each([
    [
      'iptables -t nat -F DOCKER-INGRESS; iptables -F DOCKER-INGRESS',
      "DOCKER-INGRESS of its nat table doesn't forward port 80",
    ],
    ['iptables -t nat -F; iptables -t nat -X', 'its nat table has no chain DOCKER-INGRESS'],
    ['nft flush ruleset', 'its nat table has no chain DOCKER-INGRESS'],
    ['iptables -t nat -F PREROUTING', "PREROUTING of its nat table doesn't jump to DOCKER-INGRESS"],
    ['iptables -F', "FORWARD of its filter table drops, and doesn't lead to DOCKER-INGRESS"],
    ['iptables -F DOCKER-INGRESS', "DOCKER-INGRESS of its filter table doesn't accept port 80"],
    [
      'iptables -t nat -F DOCKER-INGRESS; iptables -t nat -A DOCKER-INGRESS -p tcp --dport 80 -j DNAT --to-destination 172.18.0.9:80',
      "DOCKER-INGRESS of its nat table forwards port 80 to an address that ingress_sbox doesn't have",
    ],
  ])('are missed after %s', async (command, problem) => {
    const [, node] = rig.nodes;
    node.sh(command);
    const [fault, ...others] = await faultsThere();
    expect(others).toEqual([]);
    expect(fault).toMatchObject({
      code: 'INGRESS_RULES_LOST',
      nodes: ['b'],
      ports: [80],
      message: `b lost Docker's firewall rules for published ports: ${problem}`,
      fix: expect.stringContaining('swarmup ssh b -- sudo systemctl restart docker.'),
    });
    node.sh(`nft flush ruleset; ${RULES}`);
    expect(await faultsThere()).toEqual([]);
  });

  it('are read from the older iptables too', async () => {
    const { sh } = rig.nodes[0];
    expect(
      ingressRules.parse(
        sh(`nft flush ruleset; ${RULES.replaceAll('iptables', 'iptables-legacy')}
iptables-legacy-save -t nat; iptables-legacy-save -t filter; echo 'the whole of both'`).trim(),
      ),
    ).toEqual({
      hasChain: true,
      isReached: true,
      forwards: new Map([[80, '172.18.0.2']]),
      drops: true,
      isFiltered: true,
      accepts: new Set([80]),
    });
    sh(
      'iptables-legacy -F; iptables-legacy -P FORWARD ACCEPT; iptables-legacy -X; iptables-legacy -t nat -F; iptables-legacy -t nat -X',
    );
    sh(RULES);
  });
});

describe('what a node has', () => {
  it('is unknown where a tool is missing, never a fault', async () => {
    const [node] = rig.nodes;
    const few = mkdtempSync(join(tmpdir(), 'swarmup-few-'));
    for (const name of ['sh', 'ip', 'cat', 'nsenter'])
      symlinkSync(execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim(), join(few, name));
    const run: Host['run'] = (argv, options) => node.host.run(['env', `PATH=${few}`, ...argv], options);
    const bare = { ...node, host: strict<Host>('host', { name: 'a', run }) };
    expect(await only(bare, ingressRules)).toBeUndefined();
    expect(await only(bare, checksumOffload('192.0.2.1'))).toEqual({ interface: 'eth0', isOn: undefined });
    // This kernel has no IPVS.
    expect(await only(bare, ingressSandbox)).toMatchObject({ marks: undefined, backends: undefined });
    rmSync(few, { recursive: true });
    expect(await only(node, checksumOffload('192.0.2.1'))).toEqual({ interface: 'eth0', isOn: false });
    expect(await only(node, checksumOffload('192.0.2.9'))).toBeUndefined();
  });

  it('comes from the namespace of the routing mesh', async () => {
    expect(await only(rig.nodes[0], ingressSandbox)).toMatchObject({
      addresses: expect.arrayContaining([
        { interface: 'eth0', address: '10.0.0.2', prefix: 24, dynamic: false },
        { interface: 'eth0', address: '10.0.0.20', prefix: 32, dynamic: false },
      ]),
      mtus: new Map([
        ['lo', 65_536],
        ['eth0', 1450],
        ['eth1', 1500],
      ]),
      marks: new Map([[80, 256]]),
    });
  });
});
