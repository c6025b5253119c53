import type {
  GenericResource,
  Platform,
  Resources,
  SwarmNode,
  SwarmService,
  SwarmTask,
} from '../contracts/swarm-types.ts';
import type { Refusal } from '../util/post-mortem.ts';
import { sizeText } from '../util/size-text.ts';
import { unmet } from './constraints.ts';
import { nameOf } from './read.ts';
import { isUnplaced, schedulersWords } from './tasks.ts';

/** Which nodes can't take a task of a service, and why, by the filters of swarmkit's manager/scheduler. All is pure. */

/** What the scheduler knows. */
export interface Swarm {
  readonly nodes: readonly SwarmNode[];
  /** Of all services: their reservations and ports count. */
  readonly tasks: readonly SwarmTask[];
  readonly services: readonly SwarmService[];
}

/** The nodes that can't take another task of this service, each with every reason. Source: swarmkit, scheduler/filter.go. */
export function refusals(service: SwarmService, swarm: Swarm): readonly Refusal[] {
  const hidden = onlyTheSchedulerKnows(service, swarm.tasks);
  return swarm.nodes.flatMap((node) => {
    const found = reasonsOf(service, node, swarm);
    const reasons = found.length > 0 ? found : hidden;
    return reasons.length > 0 ? [{ node: nameOf(node), reasons }] : [];
  });
}

/** What the API doesn't tell about a node: its CSI plugins, and the driver that a network needs. */
function onlyTheSchedulerKnows(service: SwarmService, tasks: readonly SwarmTask[]): string[] {
  const words = tasks.flatMap((task) =>
    task.ServiceID === service.ID && isUnplaced(task) ? [schedulersWords(task)] : [],
  );
  const mounts = service.Spec.TaskTemplate.ContainerSpec.Mounts ?? [];
  const volumes = mounts.flatMap(({ Type, Source }) => (Type === 'cluster' ? (Source ?? 'without a name') : []));
  return [
    ...(words.some((text) => text.includes('CSI volume'))
      ? volumes.map((name) => `cluster volume ${name} is not available there`)
      : []),
    ...(words.some((text) => text.includes('missing plugin'))
      ? ['has no plugin that a network of the service needs']
      : []),
  ];
}

/** Whether a node may run tasks of a service, whatever else runs there: it is up, and fits the constraints and the platforms. */
export function mayRun({ Spec }: Pick<SwarmService, 'Spec'>, node: SwarmNode): boolean {
  const { Constraints = [], Platforms } = Spec.TaskTemplate.Placement ?? {};
  return (
    unavailable(node).length === 0 &&
    unmet(node, Constraints).length === 0 &&
    unsupported(Platforms ?? [], node).length === 0
  );
}

function reasonsOf(service: SwarmService, node: SwarmNode, { tasks, services }: Swarm): string[] {
  const away = unavailable(node);
  // A node that is away is out of the question, whatever it has.
  if (away.length > 0) return away;
  const { Placement = {}, Resources: { Reservations } = {} } = service.Spec.TaskTemplate;
  const there = tasks.filter((task) => task.NodeID === node.ID && isCounted(task));
  return [
    ...(Reservations ? short(Reservations, node, there) : []),
    ...missingPlugins(service, node),
    ...unmet(node, Placement.Constraints ?? []),
    ...unsupported(Placement.Platforms ?? [], node),
    ...takenPorts(service, there, services),
    ...tooMany(service, there),
  ];
}

function unavailable({ Status, Spec }: SwarmNode): string[] {
  if (Status.State !== 'ready')
    return [Status.Message ? `is ${Status.State}: ${Status.Message}` : `is ${Status.State}`];
  if (Spec.Availability === 'active') return [];
  return [Spec.Availability === 'drain' ? 'is drained' : 'is paused'];
}

/** States in which a task on a node holds its reservations and ports, whatever it is to become. Source: scheduler.go, setupTasksList. */
const HOLDING = ['assigned', 'accepted', 'preparing', 'ready', 'starting', 'running'];

function isCounted({ Status: { State } }: SwarmTask): boolean {
  return HOLDING.includes(State);
}

function short(wanted: Resources, { Description }: SwarmNode, there: readonly SwarmTask[]): string[] {
  const has = Description.Resources ?? {};
  const sum = (of: 'NanoCPUs' | 'MemoryBytes') =>
    there.reduce((total, { Spec }) => total + (Spec.Resources?.Reservations?.[of] ?? 0), 0);
  const lack = (of: 'NanoCPUs' | 'MemoryBytes', text: (amount: number) => string, what: string) => {
    const [total, held, more] = [has[of] ?? 0, sum(of), wanted[of] ?? 0];
    if (more === 0 || more <= total - held) return [];
    return held === 0
      ? [`has ${text(total)} ${what}, ${text(more)} wanted`]
      : [`${text(held)} of ${text(total)} ${what} reserved, ${text(more)} wanted`];
  };
  return [
    ...lack('NanoCPUs', (nano) => String(Number((nano / 1e9).toFixed(3))), 'CPUs'),
    ...lack('MemoryBytes', sizeText, 'memory'),
    ...(wanted.GenericResources ?? []).flatMap((one) => shortGeneric(one, has, there)),
  ];
}

/** Services ask for numbers of things; nodes have numbers of them, or things with names. */
function shortGeneric(
  { DiscreteResourceSpec }: GenericResource,
  has: Resources,
  there: readonly SwarmTask[],
): string[] {
  const { Kind: kind = '', Value: more = 0 } = DiscreteResourceSpec ?? {};
  const count = (all: readonly GenericResource[] | null | undefined) =>
    (all ?? []).reduce((sum, { DiscreteResourceSpec: number, NamedResourceSpec: name }) => {
      if (number?.Kind === kind) return sum + (number.Value ?? 0);
      return name?.Kind === kind ? sum + 1 : sum;
    }, 0);
  const total = count(has.GenericResources);
  const free = total - there.reduce((sum, task) => sum + count(task.GenericResources), 0);
  if (more <= free && total > 0) return [];
  return [total === 0 ? `has no ${kind}` : `${free} of ${total} ${kind} free, ${more} wanted`];
}

/** Volume and logging plugins. Which driver a network needs isn't in the service; every engine has the overlay driver. */
function missingPlugins({ Spec }: SwarmService, { Description }: SwarmNode): string[] {
  const { ContainerSpec, LogDriver } = Spec.TaskTemplate;
  const plugins = Description.Engine.Plugins ?? [];
  const ofType = (type: string) => plugins.filter(({ Type }) => Type === type);
  const has = (type: string, name: string) =>
    ofType(type).some(({ Name }) => Name === name || Name === `${name}:latest`);
  const volumes = (ContainerSpec.Mounts ?? [])
    .filter(({ Type }) => Type === 'volume')
    .flatMap(({ VolumeOptions }) => VolumeOptions?.DriverConfig?.Name ?? [])
    .filter((name) => name !== '' && name !== 'local' && !has('Volume', name));
  const log = LogDriver?.Name ?? '';
  // An older engine doesn't list its logging drivers.
  const noLog = log !== '' && log !== 'none' && ofType('Log').length > 0 && !has('Log', log);
  return [...volumes.map((name) => `has no volume plugin ${name}`), ...(noLog ? [`has no logging driver ${log}`] : [])];
}

function unsupported(wanted: readonly Platform[], { Description: { Platform: found = {} } }: SwarmNode): string[] {
  if (wanted.length === 0) return [];
  const same = (one: string | undefined, other: string | undefined) => !one || one === other;
  const fits = wanted.some(
    ({ OS, Architecture }) => same(OS, found.OS) && same(architecture(Architecture), architecture(found.Architecture)),
  );
  return fits ? [] : [`is ${platformText(found)}, image has ${wanted.map(platformText).join(', ')}`];
}

/** The two names that the scheduler knows to be the same. */
function architecture(name: string | undefined): string | undefined {
  return name === 'x86_64' ? 'amd64' : name === 'aarch64' ? 'arm64' : name;
}

function platformText({ OS = 'any system', Architecture }: Platform): string {
  return Architecture ? `${OS}/${architecture(Architecture)}` : OS;
}

interface HostPort {
  readonly port: number;
  readonly protocol: string;
}

function hostPorts({ Spec }: SwarmService): readonly HostPort[] {
  return (Spec.EndpointSpec?.Ports ?? []).flatMap(({ PublishMode, PublishedPort: port = 0, Protocol = 'tcp' }) =>
    PublishMode === 'host' && port !== 0 ? [{ port, protocol: Protocol }] : [],
  );
}

/** A task holds the ports that its service has now: the API doesn't tell those that it was made with. */
function takenPorts(service: SwarmService, there: readonly SwarmTask[], services: readonly SwarmService[]): string[] {
  const wanted = hostPorts(service);
  if (wanted.length === 0) return [];
  const present = services.filter(({ ID }) => there.some(({ ServiceID }) => ServiceID === ID));
  return wanted.flatMap(({ port, protocol }) => {
    const holder = present.find((one) =>
      hostPorts(one).some((held) => held.port === port && held.protocol === protocol),
    );
    if (!holder) return [];
    const who = holder.ID === service.ID ? 'another task of it' : holder.Spec.Name;
    return [`host-mode port ${port}/${protocol} is used by ${who}`];
  });
}

function tooMany({ ID, Spec }: SwarmService, there: readonly SwarmTask[]): string[] {
  const most = Spec.TaskTemplate.Placement?.MaxReplicas ?? 0;
  const own = there.filter(
    ({ ServiceID, DesiredState }) =>
      ServiceID === ID && !['shutdown', 'remove', 'failed', 'rejected'].includes(DesiredState),
  );
  if (most === 0 || own.length < most) return [];
  return [`runs ${own.length} of its tasks, the most per node is ${most}`];
}
