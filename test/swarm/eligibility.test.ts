import { describe, expect, it } from 'vitest';
import { unmet } from '../../lib/swarm/constraints.ts';
import { mayRun, refusals } from '../../lib/swarm/eligibility.ts';
import type { SwarmNode, SwarmService, SwarmTask, TaskTemplate } from '../../lib/contracts/swarm-types.ts';

const MIB = 2 ** 20;
const node = (
  id: string,
  description: Partial<SwarmNode['Description']> = {},
  rest: Partial<SwarmNode> = {},
): SwarmNode => ({
  ID: id,
  Version: { Index: 1 },
  Spec: { Role: 'worker', Availability: 'active', Labels: { zone: 'a' } },
  Description: {
    Hostname: id,
    Platform: { OS: 'linux', Architecture: 'x86_64' },
    Resources: { NanoCPUs: 2e9, MemoryBytes: 1024 * MIB },
    Engine: {
      EngineVersion: '28.2.2',
      Labels: { disk: 'ssd' },
      Plugins: [
        { Type: 'Log', Name: 'json-file' },
        { Type: 'Volume', Name: 'local' },
        { Type: 'Volume', Name: 'vieux/sshfs:latest' },
      ],
    },
    ...description,
  },
  Status: { State: 'ready', Addr: '10.0.0.1' },
  ...rest,
});

const service = (
  template: Partial<TaskTemplate>,
  spec: Partial<SwarmService['Spec']> = {},
  id = 'web',
): SwarmService => ({
  ID: id,
  Version: { Index: 1 },
  Spec: {
    Name: id,
    TaskTemplate: { ContainerSpec: { Image: 'nginx' }, ...template },
    Mode: { Replicated: { Replicas: 3 } },
    ...spec,
  },
});

const task = (nodeId: string, spec: Partial<TaskTemplate>, rest: Partial<SwarmTask> = {}): SwarmTask => ({
  ID: `${nodeId}-task`,
  Version: { Index: 1 },
  CreatedAt: '2026-01-01T00:00:00Z',
  ServiceID: 'other',
  NodeID: nodeId,
  DesiredState: 'running',
  Spec: spec,
  Status: { State: 'running' },
  ...rest,
});

const pending = (err: string) => task('', {}, { ServiceID: 'web', Status: { State: 'pending', Err: err } });
const reserving = (mib: number, cpus = 0): Partial<TaskTemplate> => ({
  Resources: { Reservations: { MemoryBytes: mib * MIB, NanoCPUs: cpus * 1e9 } },
});
const hostPort = (port: number, protocol = 'tcp') => ({
  EndpointSpec: { Ports: [{ Protocol: protocol, TargetPort: 80, PublishedPort: port, PublishMode: 'host' }] },
});
const gpus = (count: number): Partial<TaskTemplate> => ({
  Resources: { Reservations: { GenericResources: [{ DiscreteResourceSpec: { Kind: 'gpu', Value: count } }] } },
});
const named = (...values: string[]) => values.map((Value) => ({ NamedResourceSpec: { Kind: 'gpu', Value } }));
const mounting = (driver: string): Partial<TaskTemplate> => ({
  ContainerSpec: {
    Image: 'nginx',
    Mounts: [{ Type: 'volume', Source: 'v', Target: '/v', VolumeOptions: { DriverConfig: { Name: driver } } }],
  },
});
const onPlatforms = (...Platforms: { OS?: string; Architecture?: string }[]) => ({ Placement: { Platforms } });

const refuse = (wanted: SwarmService, one: SwarmNode, tasks: SwarmTask[] = [], others: SwarmService[] = []) =>
  refusals(wanted, { nodes: [one], tasks, services: [wanted, ...others] }).flatMap(({ reasons }) => reasons);

/** A service, a node, tasks on it, and every reason. Source: swarmkit, manager/scheduler/filter.go and nodeinfo.go. */
describe('a node', () => {
  it.each<[string, string[], SwarmService, SwarmNode, SwarmTask[]?, SwarmService[]?]>([
    ['with room', [], service(reserving(512)), node('m1'), [task('m1', reserving(512))]],
    [
      'with too little memory left',
      ['512 MiB of 1 GiB memory reserved, 768 MiB wanted'],
      service(reserving(768)),
      node('m1'),
      [task('m1', reserving(512)), task('m2', reserving(512))],
    ],
    ['with too little memory at all', ['has 1 GiB memory, 2 GiB wanted'], service(reserving(2048)), node('m1')],
    [
      'with too few processors left',
      ['1.5 of 2 CPUs reserved, 1 wanted'],
      service(reserving(0, 1)),
      node('m1'),
      [task('m1', reserving(0, 1.5))],
    ],
    [
      'on which a task that is to stop still runs',
      ['1 GiB of 1 GiB memory reserved, 1 MiB wanted'],
      service(reserving(1)),
      node('m1'),
      [task('m1', reserving(1024), { DesiredState: 'shutdown' })],
    ],
    [
      'on which a task ended, or waits for room',
      [],
      service(reserving(1024)),
      node('m1'),
      [
        task('m1', reserving(1024), { Status: { State: 'failed' } }),
        task('m1', reserving(1024), { Status: { State: 'pending' } }),
      ],
    ],
    [
      'that has too few things left',
      ['1 of 2 gpu free, 2 wanted'],
      service(gpus(2)),
      node('m1', { Resources: { GenericResources: named('a', 'b') } }),
      [task('m1', {}, { GenericResources: named('a') })],
    ],
    ['without such things', ['has no gpu'], service(gpus(1)), node('m1')],
    [
      'without a label',
      ['constraint node.labels.gpu == yes, has no label gpu'],
      service({ Placement: { Constraints: ['node.labels.gpu==yes'] } }),
      node('m1'),
    ],
    [
      'with another label and role',
      ['constraint node.labels.zone == b, has zone=a', 'constraint node.role == manager, is worker'],
      service({ Placement: { Constraints: ['node.labels.zone == b', 'node.role==manager'] } }),
      node('m1'),
    ],
    ['of the platform of the image', [], service(onPlatforms({ OS: 'linux', Architecture: 'amd64' })), node('m1')],
    [
      'of another platform',
      ['is linux/arm64, image has linux/amd64, linux/386'],
      service(onPlatforms({ OS: 'linux', Architecture: 'amd64' }, { OS: 'linux', Architecture: '386' })),
      node('m1', { Platform: { OS: 'linux', Architecture: 'aarch64' } }),
    ],
    ['for an image that tells no architecture', [], service(onPlatforms({ OS: 'linux' })), node('m1')],
    [
      'whose port another service has',
      ['host-mode port 8080/tcp is used by other'],
      service({}, hostPort(8080)),
      node('m1'),
      [task('m1', {})],
      [service({}, hostPort(8080), 'other')],
    ],
    [
      'whose port has another protocol',
      [],
      service({}, hostPort(8080)),
      node('m1'),
      [task('m1', {})],
      [service({}, hostPort(8080, 'udp'), 'other')],
    ],
    [
      'whose port the service has itself',
      ['host-mode port 8080/tcp is used by another task of it'],
      service({}, hostPort(8080)),
      node('m1'),
      [task('m1', {}, { ServiceID: 'web' })],
    ],
    [
      'with as many tasks as a node may have',
      ['runs 1 of its tasks, the most per node is 1'],
      service({ Placement: { MaxReplicas: 1 } }),
      node('m1'),
      [task('m1', {}, { ServiceID: 'web' }), task('m1', {}, { ServiceID: 'web', DesiredState: 'shutdown' })],
    ],
    [
      'without the CSI volume, as only the scheduler knows',
      ['cluster volume data is not available there'],
      service({ ContainerSpec: { Image: 'nginx', Mounts: [{ Type: 'cluster', Source: 'data', Target: '/data' }] } }),
      node('m1'),
      [pending('no suitable node (cannot fulfill requested CSI volume mounts on 1 node)')],
    ],
    [
      'without the driver of a network, as only the scheduler knows',
      ['has no plugin that a network of the service needs'],
      service({}),
      node('m1'),
      [pending('no suitable node (missing plugin on 1 node)')],
    ],
    ['without a plugin', ['has no volume plugin rexray'], service(mounting('rexray')), node('m1')],
    ['with a plugin', [], service(mounting('vieux/sshfs')), node('m1')],
    ['without a logging driver', ['has no logging driver loki'], service({ LogDriver: { Name: 'loki' } }), node('m1')],
    [
      'that does not tell its logging drivers',
      [],
      service({ LogDriver: { Name: 'loki' } }),
      node('m1', { Engine: { EngineVersion: '17.06.0', Plugins: [] } }),
    ],
    [
      'that is drained, whatever it has',
      ['is drained'],
      service(reserving(9999)),
      node('m1', {}, { Spec: { Role: 'worker', Availability: 'drain' } }),
    ],
    ['that is paused', ['is paused'], service({}), node('m1', {}, { Spec: { Role: 'worker', Availability: 'pause' } })],
    [
      'that is down',
      ['is down: heartbeat failure'],
      service({}),
      node('m1', {}, { Status: { State: 'down', Addr: '10.0.0.1', Message: 'heartbeat failure' } }),
    ],
  ])('%s', (_what, expected, wanted, one, tasks = [], others = []) => {
    expect(refuse(wanted, one, tasks, others)).toEqual(expected);
  });

  it('may run a service regardless of what is free', () => {
    expect(mayRun(service(reserving(9999)), node('m1'))).toBe(true);
    expect(mayRun(service({ Placement: { Constraints: ['node.role==manager'] } }), node('m1'))).toBe(false);
    expect(mayRun(service(onPlatforms({ OS: 'windows' })), node('m1'))).toBe(false);
  });
});

/** Source: swarmkit, manager/constraint. */
describe('a constraint', () => {
  it.each([
    ['node.id == m1', true],
    ['node.id != M1', false],
    ['node.hostname==m1', true],
    ['Node.Role == WORKER', true],
    ['node.platform.arch == amd64', false],
    ['node.platform.arch == x86_64', true],
    ['node.labels.zone == A', true],
    ['node.labels.Zone == a', false],
    ['node.labels.none != x', true],
    ['engine.labels.disk == ssd', true],
    ['node.ip == 10.0.0.1', true],
    ['node.ip == 10.0.0.0/24', true],
    ['node.ip != 10.0.0.0/24', false],
    ['node.ip == 10.1.0.0/24', false],
    ['node.ip == nonsense', false],
    ['node.ip != nonsense', false],
    ['node.unknown == 1', false],
  ])('%s: %s', (constraint, expected) => {
    expect(unmet(node('m1'), [constraint]).length === 0).toBe(expected);
  });
});
