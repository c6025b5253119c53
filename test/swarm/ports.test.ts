import { describe, expect, it } from 'vitest';
import { listeners } from '../../lib/facts/listeners.ts';
import { clashOf, shadowedListeners, takenPorts } from '../../lib/swarm/port-clash.ts';
import { crowdedPorts } from '../../lib/swarm/crowded-ports.ts';
import { newPorts, ownedPorts, portsTaken } from '../../lib/swarm/free-ports.ts';
import { portsHeldBy, type HeldPort } from '../../lib/swarm/publishers.ts';
import type { SwarmService } from '../../lib/contracts/swarm-types.ts';
import { clusterOf } from '../support/cluster.ts';

const FILE = `name: test
provider: { type: qemu }
nodes:
  - { name: m1, role: manager }
  - { name: w1, role: worker }
  - { name: w2, role: worker, availability: drain }
services:
  web: { image: nginx, ports: ['80:80', '53:53/udp'] }
  edge:
    image: nginx
    mode: global
    constraints: [node.role == worker]
    ports: [{ published: 8081, target: 80, mode: host }]
`;

/** Recorded from `ss -HlntuSpe` as root, on Debian 12 and in a network namespace. */
const LINES = {
  all: 'tcp LISTEN 0      5            0.0.0.0:80        0.0.0.0:*    users:(("python3",pid=812,fd=3)) ino:59143 sk:1 cgroup:/ <->',
  all6: 'tcp LISTEN 0      5               [::]:80           [::]:*    users:(("python3",pid=813,fd=3)) ino:59144 sk:2 cgroup:/ v6only:1 <->',
  both: 'tcp LISTEN 0      5                  *:80              *:*    users:(("node",pid=814,fd=21)) ino:59145 sk:3 cgroup:/ v6only:0 <->',
  one: 'tcp LISTEN 0      5      192.168.77.2:80        0.0.0.0:*    users:(("nginx",pid=815,fd=6),("nginx",pid=816,fd=6)) ino:59146 sk:4 cgroup:/ <->',
  loopback:
    'tcp LISTEN 0      5          127.0.0.1:80        0.0.0.0:*    users:(("python3",pid=817,fd=3)) ino:59147 sk:5 cgroup:/ <->',
  mapped:
    'tcp LISTEN 0      5 [::ffff:127.0.0.1]:80              *:*    users:(("java",pid=818,fd=7)) uid:1000 ino:59148 sk:6 cgroup:/ v6only:0 <->',
  loopback6:
    'tcp LISTEN 0      5              [::1]:80           [::]:*    users:(("python3",pid=819,fd=3)) ino:59149 sk:7 cgroup:/ v6only:1 <->',
  kernel: 'tcp LISTEN 0      64           0.0.0.0:80        0.0.0.0:*    ino:20001 sk:8 cgroup:unreachable:1 <->',
  activated:
    'tcp LISTEN 0      4096               *:80              *:*    users:(("systemd",pid=1,fd=41)) ino:20002 sk:9 cgroup:/ v6only:0 <->',
  udp: 'udp UNCONN 0      0            0.0.0.0:80        0.0.0.0:*    users:(("python3",pid=820,fd=3)) ino:59150 sk:a cgroup:/ <->',
  resolved:
    'udp UNCONN 0      0      127.0.0.53%lo:53         0.0.0.0:*    users:(("systemd-resolve",pid=300,fd=13)) uid:101 ino:20003 sk:b cgroup:/ <->',
  proxy:
    'tcp LISTEN 0      4096         0.0.0.0:80        0.0.0.0:*    users:(("docker-proxy",pid=900,fd=7)) ino:20004 sk:c cgroup:/ <->',
  dockerd:
    'tcp LISTEN 0      4096               *:80              *:*    users:(("dockerd",pid=700,fd=30)) ino:20005 sk:d cgroup:/ v6only:0 <->',
  host: 'tcp LISTEN 0      5          127.0.0.1:8081      0.0.0.0:*    users:(("python3",pid=821,fd=3)) ino:59151 sk:e cgroup:/ <->',
} as const;
const read = (...names: (keyof typeof LINES)[]) => listeners.parse(names.map((name) => LINES[name]).join('\n'));
const node = (name: string, ...names: (keyof typeof LINES)[]) => ({ name, listeners: read(...names), containers: [] });

const service = (name: string, ports: readonly HeldPort[], labels: Record<string, string> = {}): SwarmService => ({
  ID: `id-${name}`,
  Version: { Index: 1 },
  Spec: {
    Name: name,
    Labels: labels,
    TaskTemplate: { ContainerSpec: { Image: 'nginx' } },
    Mode: { Replicated: { Replicas: 1 } },
    EndpointSpec: {
      Ports: ports.map(({ published, protocol, mode }) => ({
        TargetPort: 80,
        PublishedPort: published,
        Protocol: protocol,
        PublishMode: mode,
      })),
    },
  },
});
const TCP80 = { published: 80, protocol: 'tcp', mode: 'ingress' } as const;

describe('a listener and a port to be published', () => {
  const ingress = TCP80;
  const host = { ...TCP80, mode: 'host' } as const;
  it.each<[keyof typeof LINES, ReturnType<typeof clashOf>, ReturnType<typeof clashOf>]>([
    ['all', 'taken', 'taken'],
    ['all6', 'taken', 'taken'],
    ['both', 'taken', 'taken'],
    ['one', 'taken', 'taken'],
    ['kernel', 'taken', 'taken'],
    // The engine can't bind 0.0.0.0 beside it; the mesh redirects what is sent to it.
    ['loopback', 'shadowed', 'taken'],
    ['mapped', 'shadowed', 'taken'],
    ['loopback6', undefined, 'taken'],
    ['udp', undefined, undefined],
    ['resolved', undefined, undefined],
  ])('%s: ingress %s, host mode %s', (name, asIngress, asHost) => {
    const [one] = read(name);
    expect(clashOf(one!, ingress)).toBe(asIngress);
    expect(clashOf(one!, host)).toBe(asHost);
  });
});

describe('ports to be published', () => {
  it('are those that the service does not have yet, each with the nodes where it has to be free', async () => {
    const cluster = await clusterOf(FILE);
    const texts = (services: readonly SwarmService[]) =>
      newPorts(cluster, services).map(({ publisher, port, nodes }) =>
        [publisher.name, port.published, port.protocol, ...nodes].join(' '),
      );
    expect(texts([])).toEqual(['web 80 tcp m1 w1 w2', 'web 53 udp m1 w1 w2', 'edge 8081 tcp w1']);
    expect(texts([service('web', [TCP80])])).toEqual(['web 53 udp m1 w1 w2', 'edge 8081 tcp w1']);
    // Changing the mode makes the engine bind it again.
    expect(texts([service('web', [{ ...TCP80, mode: 'host' }])])).toContain('web 80 tcp m1 w1 w2');
  });

  it('are told with who has them, where, and how to see that, whatever the number of nodes', async () => {
    const wanted = newPorts(await clusterOf(FILE), []);
    const problems = takenPorts(wanted, [node('m1', 'one'), node('w1', 'both', 'resolved', 'host', 'udp')]);
    expect(problems).toEqual([
      {
        message:
          'service web is to publish 80/tcp (swarmup.yaml:8:32), and the port is already in use: on m1, nginx (pid 815) listens on 192.168.77.2:80; on w1, node (pid 814) listens on *:80',
        fix: "Stop it or move it to another port, or publish another port. On m1: swarmup ssh m1 -- sudo ss -lnp 'sport = :80'",
      },
      {
        message:
          'service edge is to publish 8081/tcp (swarmup.yaml:13:13), and the port is already in use: on w1, python3 (pid 821) listens on 127.0.0.1:8081',
        fix: "Stop it or move it to another port, or publish another port. On w1: swarmup ssh w1 -- sudo ss -lnp 'sport = :8081'",
      },
    ]);
    const error = portsTaken(problems);
    expect(error).toMatchObject({ code: 'PORT_TAKEN', message: expect.stringMatching(/^2 ports/) });
    expect(error.output).toContain('on w1, node (pid 814)');
    expect(shadowedListeners(wanted, [node('w1', 'resolved')])).toEqual([
      'on w1, systemd-resolve of user 101 (pid 300) listens on 127.0.0.53:53: programs there that use it reach web instead once 53/udp is published',
    ]);
  });

  it("are free where only a drained or another node's listener has a host-mode port, or the engine itself listens", async () => {
    const wanted = newPorts(await clusterOf(FILE), []);
    expect(takenPorts(wanted, [node('m1', 'host'), node('w2', 'host'), node('w1', 'proxy', 'dockerd')])).toEqual([]);
  });

  it('may be held by the kernel, by systemd for a service that is not started yet, or by a container', async () => {
    const wanted = newPorts(await clusterOf(FILE), []).slice(0, 1);
    const container = { name: "it's", ports: [{ published: 80, protocol: 'tcp' as const }] };
    const told = (...nodes: Parameters<typeof takenPorts>[1]) =>
      takenPorts(wanted, nodes).map(({ message, fix }) => `${message.split('in use: ')[1]} | ${fix.split('w1: ')[1]}`);
    expect(told(node('w1', 'kernel'))).toEqual([
      "on w1, the kernel (no program holds the socket) listens on 0.0.0.0:80 | swarmup ssh w1 -- sudo ss -lnp 'sport = :80'",
    ]);
    expect(told(node('w1', 'activated'))).toEqual([
      'on w1, systemd (pid 1) listens on *:80 | swarmup ssh w1 -- systemctl list-sockets',
    ]);
    expect(told({ ...node('w1', 'proxy'), containers: [container] })).toEqual([
      "on w1, the container it's, which isn't part of the swarm, publishes it | swarmup ssh w1 -- sudo docker stop 'it'\\''s'",
    ]);
    const other = { ...container, ports: [{ published: 81, protocol: 'tcp' as const }] };
    expect(told({ ...node('w1', 'proxy'), containers: [other] })).toEqual([]);
  });
});

describe('a port in host mode', () => {
  const told = async (services: string, running: readonly SwarmService[] = []) => {
    const cluster = await clusterOf(FILE.slice(0, FILE.indexOf('services:')) + services);
    return crowdedPorts(newPorts(cluster, running), cluster).map(({ message }) => message);
  };
  const HOST = 'ports: [{ published: 90, target: 80, mode: host }]';

  it.each<[string, string, string[]]>([
    ['enough nodes', `services: { a: { image: x, replicas: 2, ${HOST} } }`, []],
    [
      'more tasks than nodes that are not drained',
      `services: { a: { image: x, replicas: 3, ${HOST} } }`,
      [
        '90/tcp is published in host mode by more tasks than there are nodes for them, 2, and each node can run one: service a (swarmup.yaml:7:49) has 3',
      ],
    ],
    [
      'every node for one of two services',
      `services: { a: { image: x, mode: global, ${HOST} }, b: { image: x, ${HOST} } }`,
      [
        expect.stringContaining(
          'nodes for them, 2, and each node can run one: service a (swarmup.yaml:7:50) has 2, service b',
        ),
      ],
    ],
    [
      'two services on one node',
      `services: { a: { image: x, constraints: [node.role == manager], ${HOST} }, b: { image: x, constraints: [node.role == manager], ${HOST} } }`,
      [expect.stringContaining('nodes for them, 1, and each node')],
    ],
    [
      'constraints that may leave out nodes',
      `services: { a: { image: x, mode: global, constraints: [node.platform.arch == arm64], ${HOST} }, b: { image: x, replicas: 2, ${HOST} } }`,
      [],
    ],
  ])('needs a node for each task: %s', async (_what, services, expected) => {
    expect(await told(services)).toEqual(expected);
  });

  it('is not looked at again once a service has it, even if some of its tasks wait for nodes', async () => {
    const running = service('a', [{ published: 90, protocol: 'tcp', mode: 'host' }]);
    expect(await told(`services: { a: { image: x, replicas: 3, ${HOST} } }`, [running])).toEqual([]);
  });
});

describe('a port that another service has', () => {
  const problems = async (...services: SwarmService[]) => {
    const cluster = await clusterOf(FILE);
    return ownedPorts(newPorts(cluster, services), services, cluster, 'm1').map(
      ({ message, fix }) => `${message} | ${fix}`,
    );
  };

  it.each<[string, SwarmService, string]>([
    [
      'a foreign one',
      service('old', [TCP80]),
      'service web is to publish 80/tcp (swarmup.yaml:8:32), and service old (not in the cluster file) publishes it already | Publish another port, or remove it if it is no longer needed: swarmup ssh m1 -- sudo docker service rm old',
    ],
    [
      'one of a foreign stack',
      service('shop_web', [TCP80], { 'com.docker.stack.namespace': 'shop' }),
      'service web is to publish 80/tcp (swarmup.yaml:8:32), and service shop_web of stack shop (not in the cluster file) publishes it already | Publish another port, or remove it if it is no longer needed: swarmup ssh m1 -- sudo docker stack rm shop',
    ],
    [
      "swarmup's own that has left the file",
      service('old', [{ ...TCP80, mode: 'host' }], { 'swarmup.cluster': 'test' }),
      'service web is to publish 80/tcp (swarmup.yaml:8:32), and service old (not in the cluster file) publishes it already | Publish another port, or remove it, as swarmup made it: swarmup up --prune',
    ],
  ])('is told with its name and stack, and how to free it: %s', async (_what, owner, expected) => {
    expect(await problems(owner)).toEqual([expected]);
  });

  it('is no problem if the other one gives it up in the same run, has another protocol, or both use host mode', async () => {
    expect(await problems(service('edge', [TCP80]))).toEqual([]);
    expect(await problems(service('old', [{ ...TCP80, protocol: 'udp' }]))).toEqual([]);
    expect(await problems(service('old', [{ published: 8081, protocol: 'tcp', mode: 'host' }]))).toEqual([]);
  });

  it('may have been chosen by Swarm', async () => {
    const chosen = { ...service('old', []), Endpoint: { Ports: [{ PublishedPort: 80, Protocol: 'tcp' }] } };
    expect(portsHeldBy(chosen)).toEqual([TCP80]);
    expect(await problems(chosen)).toHaveLength(1);
  });
});
