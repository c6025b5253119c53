import { describe, expect, it } from 'vitest';
import { keyOnConsole } from '../../lib/providers/aws/host-key.ts';
import { publishedPorts, publishedUdpPorts } from '../../lib/config/selections.ts';
import { ruleKey, wantedRules } from '../../lib/providers/aws/rules.ts';
import { loadProvider } from '../../lib/providers/index.ts';
import { localCommands } from '../../lib/remote/local.ts';
import { clusterOf } from '../support/cluster.ts';

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIRcfr8ez1oDhO5ccuX1BIPqd0q8OHboXhbYHm5i+pqP';

describe('the host key from the console', () => {
  /** Printed by cloud-init 25.1 on Debian 13. */
  const block = `-----BEGIN SSH HOST KEY KEYS-----\r\necdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTI= root@w\r\n${KEY} root@w\r\n-----END SSH HOST KEY KEYS-----\r\n`;

  it('is the Ed25519 key that cloud-init prints', () => {
    expect(keyOnConsole(`[    0.0] Linux version 6.1\r\n${block}worker1 login: `)).toBe(KEY);
  });

  it('is undefined until cloud-init has printed the whole block, even if a log line looks like it', () => {
    expect(keyOnConsole('')).toBeUndefined();
    expect(keyOnConsole(`sshd: Invalid user ${KEY}\r\n`)).toBeUndefined();
    expect(keyOnConsole(block.slice(0, 120))).toBeUndefined();
    expect(keyOnConsole(block.replace(/ssh-ed25519.*\r\n/, ''))).toBeUndefined();
  });
});

describe('the rules of a security group', () => {
  it('open the published ports of TCP and of UDP, and no others', async () => {
    const cluster = await clusterOf(`name: test
provider: { type: qemu }
services:
  dns: { image: coredns/coredns, ports: ['53:53/udp', '53:53', '9153:9153'] }
`);
    const [tcp, udp] = [publishedPorts(cluster), publishedUdpPorts(cluster)];
    expect([tcp, udp]).toEqual([[53, 9153], [53]]);
    const ports = udp.map((published) => ({ published, protocol: 'udp' as const }));
    const rules = wantedRules({ swarm: cluster.swarm, ssh: [], published: ['203.0.113.0/24'], ports });
    expect(rules.filter(({ source }) => source !== 'self').map(ruleKey)).toEqual(['udp 53 53 203.0.113.0/24']);
  });
});

describe('the aws section of a cluster file', () => {
  const section = (more: string, nodes = '{ managers: 1, workers: 1 }') =>
    clusterOf(`name: test\nprovider: { type: aws, ${more} }\nnodes: ${nodes}\n`);

  it.each([
    ['region: europe', /expected a region, such as eu-central-1/],
    ['image: ubuntu-20.04', /ubuntu-22\.04|ubuntu-24\.04/],
    ['instanceType: small', /expected an instance type, such as t3\.small/],
    ['allow: { ssh: [everybody] }', /expected my-address or an IPv4 range, such as 203\.0\.113\.0\/24/],
    ['allow: { published: [203.0.113.7] }', /expected my-address or an IPv4 range/],
    ["tags: { 'swarmup:cluster': mine }", /this tag is reserved/],
    ['subnets: [vpc-12]', /expected the ID of a subnet/],
    ['spot: managers', /none.*workers|workers/],
    [
      `bastion: { host: gate, user: me, identityFile: id, hostKey: '${KEY}' }`,
      /with a bastion, expected the range that it connects from/,
    ],
  ])('is refused with %s, and the message says what is expected', async (more, expected) => {
    await expect(section(more)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(expected),
    });
  });

  it("rejects a node name that doesn't exist", async () => {
    const cluster = await section('instanceType: { nodes: { worker3: t3.large } }');
    const local = localCommands(() => undefined, process.env);
    const create = await loadProvider(cluster.provider);
    const options = {
      cluster,
      clock: { now: () => 0, sleep: () => Promise.resolve() },
      local,
      env: {},
      mayInstall: false,
    };
    await expect(create(options)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: "provider.instanceType.nodes names 'worker3', which is not a node of the cluster",
      fix: expect.stringContaining('worker1'),
    });
  });
});
