import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { shippedConfig } from '../../lib/config/source.ts';
import { publishedPorts, requiredImages } from '../../lib/config/selections.ts';
import { clusterOf, fullText, loadCluster } from '../support/cluster.ts';

/** The message with the mistakes in a text, without its first line. */
async function mistakes(text: string, env: Record<string, string> = {}): Promise<string> {
  try {
    await clusterOf(text, env);
  } catch (error) {
    return (error as Error).message.split('\n\n').slice(1).join('\n\n');
  }
  return '';
}

describe('a cluster file', () => {
  it('becomes a cluster with names, defaults and absolute paths', async () => {
    const cluster = await clusterOf(fullText(3, 1));
    expect(cluster.nodes.map((node) => `${node.name} ${node.role}`)).toEqual([
      'manager1 manager',
      'manager2 manager',
      'manager3 manager',
      'worker1 worker',
    ]);
    expect(cluster.services[0]).toMatchObject({
      name: 'web',
      image: 'nginx',
      replicas: 3,
      ports: [{ published: 80, target: 80, protocol: 'tcp' }],
      verify: [{ port: 80, path: '/', status: 200, body: 'Welcome' }],
    });
    expect(cluster.stacks[0]).toMatchObject({ name: 'portainer', externalSecrets: ['portainer_admin_password'] });
    expect(cluster.stateDir).toMatch(/\.swarmup\/test$/);
    expect(publishedPorts(cluster)).toEqual([80, 9000]);
    expect(requiredImages(cluster).map((image) => image.name)).toEqual([
      'nginx',
      'portainer/agent:lts',
      'portainer/portainer-ce:lts',
    ]);
  });

  it('may list its nodes; managers come first', async () => {
    const cluster = await clusterOf(
      'name: x\nprovider: { type: qemu }\nnodes:\n  - { name: b, role: worker, labels: { zone: a } }\n  - { name: a, role: manager, availability: drain }\n',
    );
    expect(cluster.nodes.map((node) => node.name)).toEqual(['a', 'b']);
    expect(cluster.nodes[0]?.availability).toBe('drain');
    expect(cluster.nodes[1]?.labels).toEqual({ zone: 'a' });
  });

  it.each(['local.yaml'])('is valid as shipped: %s', async (name) => {
    const cluster = await loadCluster({ file: `${shippedConfig}${name}`, cwd: '/somewhere', env: {} });
    // The shipped files keep their state in the current folder, not inside the package.
    expect(cluster.stateDir).toBe('/somewhere/.swarmup/local');
  });

  it('substitutes environment variables, with defaults, and keeps types', async () => {
    const text =
      'name: ${NAME}\nprovider: { type: qemu }\nservices:\n  web:\n    image: "${IMAGE:-nginx}"\n    replicas: ${N:-2}\n    env: { PRICE: "$$5", Q: "${NUMBER}" }\n';
    const cluster = await clusterOf(text, { NAME: 'prod', NUMBER: '7' });
    expect(cluster.name).toBe('prod');
    expect(cluster.services[0]).toMatchObject({ image: 'nginx', replicas: 2, env: { PRICE: '$5', Q: '7' } });
  });

  it('hides the password', async () => {
    const cluster = await clusterOf(fullText(1, 0).replace('portainer: {}', 'portainer: { adminPassword: "${PW}" }'), {
      PW: 'correct-horse-battery',
    });
    expect(cluster.portainer?.adminPassword?.reveal()).toBe('correct-horse-battery');
    for (const shown of [
      JSON.stringify(cluster),
      inspect(cluster, { depth: 9 }),
      String(cluster.portainer?.adminPassword),
    ])
      expect(shown).not.toContain('correct');
  });
});

describe('mistakes in a cluster file', () => {
  it('are all reported at once, each with its position, a marker and the nearest valid key', async () => {
    const text = `name: Bad_Name
provider: { type: qemu, memry: 1GiB }
nodes: { managers: 1, wrkers: 2 }
services:
  web: { image: nginx, replica: 3, ports: ["8O"] }
  db: { replicas: two, image: x }
`;
    expect(await mistakes(text)).toMatchInlineSnapshot(`
      "swarmup.yaml:1:7: name is not valid
        1 | name: Bad_Name
          |       ^^^^^^^^
        expected lower-case letters, digits and hyphens, at most 63, such as worker-1

      swarmup.yaml:2:25: unknown key 'memry' in provider
        2 | provider: { type: qemu, memry: 1GiB }
          |                         ^^^^^
        did you mean 'memory'? expected one of image, cpus, memory, disk, accelerator, start, mirror

      swarmup.yaml:3:23: unknown key 'wrkers' in nodes
        3 | nodes: { managers: 1, wrkers: 2 }
          |                       ^^^^^^
        did you mean 'workers'? expected one of managers, workers

      swarmup.yaml:5:24: unknown key 'replica' in services.web
        5 |   web: { image: nginx, replica: 3, ports: ["8O"] }
          |                        ^^^^^^^
        did you mean 'replicas'?

      swarmup.yaml:5:44: services.web.ports.0 is not valid
        5 |   web: { image: nginx, replica: 3, ports: ["8O"] }
          |                                            ^^^^
        expected PUBLISHED:TARGET in quotes, such as '80:80', '53:53/udp', '8000-8010:80-90', or a target such as '80'

      swarmup.yaml:6:19: services.db.replicas has the wrong type
        6 |   db: { replicas: two, image: x }
          |                   ^^^
        expected a number, found a text"
    `);
  });

  it.each([
    [
      'no manager',
      'name: x\nprovider: { type: qemu }\nnodes:\n  - { name: a, role: worker }\n',
      /swarmup\.yaml:4:3: no node is a manager/,
    ],
    [
      'duplicate node names',
      'name: x\nprovider: { type: qemu }\nnodes:\n  - { name: a, role: manager }\n  - { name: a, role: worker }\n',
      /:5:13: two nodes are named a/,
    ],
    [
      'an unknown role',
      'name: x\nprovider: { type: qemu }\nnodes:\n  - { name: a, role: boss }\n',
      /:4:22: .*\n.*\n.*\n.*expected one of manager, worker/,
    ],
    [
      'an unknown provider',
      'name: x\nprovider: { type: qmeu }\n',
      /:2:19: there is no provider 'qmeu'[^]*did you mean 'qemu'/,
    ],
    ['no name', 'provider: { type: qemu }\n', /:1:1: 'name' is missing/],
    [
      'no role',
      'name: x\nprovider: { type: hosts }\nnodes: [{ name: a, address: 192.0.2.1 }]\n',
      /'nodes\.0\.role' is missing/,
    ],
    [
      'an unset variable',
      'name: ${NOPE}\nprovider: { type: qemu }\n',
      /:1:7: the environment variable NOPE is not set[^]*\$\{NOPE:-value\}/,
    ],
    ['broken YAML', 'name: [x\nprovider: 3\n', /swarmup\.yaml:2:/],
    ['a key twice', 'name: x\nname: y\nprovider: { type: qemu }\n', /:2:1: Map keys must be unique/],
    [
      'a stack without a file',
      'name: x\nprovider: { type: qemu }\nstacks:\n  s: { file: none.yml }\n',
      /:4:14: none\.yml does not exist/,
    ],
    [
      'a port published twice',
      'name: x\nprovider: { type: qemu }\nservices:\n  a: { image: i, ports: ["80:80"] }\n  b: { image: i, ports: ["80:81"] }\n',
      /:5:26: port 80\/tcp is published twice: by service a and by service b/,
    ],
    [
      "a port of the swarm's own",
      'name: x\nprovider: { type: qemu }\nservices:\n  a: { image: i, ports: ["80:80", "4789:53/udp"] }\n',
      /:4:35: service a can't publish 4789\/udp: the nodes use it for overlay networks/,
    ],
    [
      'two networks with the same addresses',
      'name: x\nprovider: { type: qemu }\nnetworks:\n  a: { subnet: 10.9.0.0/16 }\n  b: { subnet: 10.9.3.0/24 }\n',
      /:5:6: its subnet 10\.9\.3\.0\/24 overlaps that of network a, 10\.9\.0\.0\/16/,
    ],
    [
      'a check of an unpublished port',
      'name: x\nprovider: { type: qemu }\nservices:\n  a: { image: i, ports: ["80:80"], verify: { port: 81 } }\n',
      /:4:52: port 81 is not published here/,
    ],
    [
      'a check without a port',
      'name: x\nprovider: { type: qemu }\nservices:\n  a: { image: i, verify: {} }\n',
      /there is no published TCP port to check/,
    ],
    [
      'Portainer without its stack',
      'name: x\nprovider: { type: qemu }\nportainer: {}\n',
      /portainer\.stack names 'portainer', which is not a stack of the cluster/,
    ],
    [
      'a password that is too short',
      'name: x\nprovider: { type: qemu }\nportainer: { adminPassword: admin123 }\n',
      /at least 12 characters/,
    ],
    [
      'a port out of range',
      'name: x\nprovider: { type: qemu }\nservices:\n  a: { image: i, ports: ["80:99999"] }\n',
      /port numbers from 1 to 65535/,
    ],
    [
      'the official source without a repository',
      'name: x\nprovider: { type: qemu }\ndocker: { source: official }\n',
      /:3:19: docker\.source is official, and docker\.repository is not set/,
    ],
    [
      'too many managers',
      'name: x\nprovider: { type: qemu }\nnodes: { managers: 9 }\n',
      /:3:20: nodes\.managers is not valid/,
    ],
  ])('%s', async (_name, text, expected) => {
    expect(await mistakes(text)).toMatch(expected);
  });

  it('include a missing file, with a fix that says how to name one', async () => {
    await expect(loadCluster({ file: 'nope.yaml', cwd: '/', env: {} })).rejects.toMatchObject({
      code: 'CONFIG_NOT_FOUND',
    });
  });
});

describe('hosts', () => {
  const hosts = (nodes: string, provider = '{ type: hosts }') => `name: x\nprovider: ${provider}\nnodes:\n${nodes}`;

  it('are nodes with addresses', async () => {
    const cluster = await clusterOf(
      hosts(
        '  - { name: a, role: manager, address: web1, user: admin, port: 2200, advertise: 10.0.0.5, sudoPassword: "${PW}" }\n',
        '{ type: hosts, user: me, bastion: gate }',
      ),
      { PW: 'swordfish' },
    );
    expect(cluster.nodes[0]).toMatchObject({
      name: 'a',
      host: { address: 'web1', user: 'admin', port: 2200, advertise: '10.0.0.5' },
    });
    expect(cluster.nodes[0]?.host?.sudoPassword?.reveal()).toBe('swordfish');
    expect(inspect(cluster, { depth: 10 })).not.toContain('swordfish');
  });

  it('need a list with an address for each; other providers refuse addresses', async () => {
    expect(await mistakes('name: x\nprovider: { type: hosts }\nnodes: { managers: 3 }\n')).toContain(
      'expected a list of nodes, each with name, role and address',
    );
    expect(await mistakes(hosts('  - { name: a, role: manager }\n'))).toContain('a has no address');
    expect(await mistakes(hosts('  - { name: a, role: manager, address: b }\n', '{ type: qemu }'))).toContain(
      'address is for machines that exist already',
    );
    expect(await mistakes(hosts('  - { name: a, role: manager, address: b, advertise: b }\n'))).toContain('advertise');
  });
});

describe('several providers', () => {
  const several = (nodes: string) =>
    `name: x\nproviders:\n  cloud: { type: qemu, cpus: 2 }\n  own: { type: hosts }\nnodes:\n${nodes}`;

  it('are named sections that nodes refer to', async () => {
    const cluster = await clusterOf(
      several(
        '  - { name: a, role: manager, provider: cloud }\n  - { name: b, role: worker, provider: own, address: b1 }\n',
      ),
    );
    expect(cluster.provider).toMatchObject({
      type: 'qemu+hosts',
      parts: { cloud: { type: 'qemu', config: { cpus: 2 } }, own: { type: 'hosts' } },
    });
    expect(cluster.nodes.map(({ name, provider }) => `${name} ${provider}`)).toEqual(['a cloud', 'b own']);
  });

  it('must be named by every node, correctly', async () => {
    const text = await mistakes(
      several(
        '  - { name: a, role: manager }\n  - { name: b, role: worker, provider: clod }\n  - { name: c, role: worker, provider: own }\n  - { name: d, role: worker, provider: cloud, user: me }\n',
      ),
    );
    expect(text).toContain('a has no provider, and there are several');
    expect(text).toContain("did you mean 'cloud'?");
    expect(text).toContain('c has no address');
    expect(text).toContain('user is for machines that exist already');
    expect(await mistakes('name: x\nnodes: { managers: 1 }\n')).toContain("'provider' is missing");
    expect(await mistakes('name: x\nproviders: { a: { type: qemu } }\nnodes: { managers: 1 }\n')).toContain(
      'expected a list of nodes, each with name, role and provider',
    );
    expect(
      await mistakes('name: x\nprovider: { type: qemu }\nproviders: { a: { type: qem } }\nnodes: { managers: 1 }\n'),
    ).toMatch(/both provider and providers are set[^]*did you mean 'qemu'/);
  });
});
