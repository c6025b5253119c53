import { withoutNote } from '../util/image-reference.ts';
import type { Engine } from '../contracts/engine.ts';
import { listNodes, listServices } from '../swarm/read.ts';
import { NAMESPACE_LABEL } from '../swarm/stack.ts';
import type { SwarmNode, SwarmService } from '../contracts/swarm-types.ts';
import { fileName, type WrittenCluster } from './cluster-text.ts';

/** Variables whose values are nobody's business; these are taken from the environment instead of being written down. */
const SECRET = /pass|secret|token|key|credential/i;

/** How the nodes are logged in to, where it is the same for all. */
export interface Access {
  readonly user?: string | undefined;
  readonly port?: number | undefined;
  readonly identityFile?: string | undefined;
  readonly bastion?: string | undefined;
  readonly sshConfig?: string | undefined;
}

/**
 * What a swarm is, as a cluster file: its nodes and plain services. What a cluster file can't say yet is left out, and said.
 *
 * @param provider how the nodes are logged in to
 */
export async function fromSwarm(
  manager: Engine,
  provider: WrittenCluster['provider'],
  name: string,
): Promise<WrittenCluster> {
  const [nodes, services] = await Promise.all([listNodes(manager), listServices(manager)]);
  const stacks = [...new Set(services.flatMap(({ Spec }) => Spec.Labels?.[NAMESPACE_LABEL] ?? []))];
  const plain = services.filter(({ Spec }) => Spec.Labels?.[NAMESPACE_LABEL] === undefined);
  const sayable = plain.filter((service) => whyNot(service) === undefined);
  const secrets = sayable.flatMap((service) => secretsOf(service).map(({ variable }) => variable));
  return {
    name,
    provider,
    nodes: nodes.toSorted(byRole).map(nodeOf),
    services: Object.fromEntries(sayable.map((service) => [service.Spec.Name, serviceOf(service)])),
    notes: [
      `The swarm that ${manager.node} is a manager of, as it was found. 'swarmup plan' shows no changes.`,
      ...plain.flatMap((service) => {
        const reason = whyNot(service);
        return reason === undefined
          ? []
          : [`Left as it is, and not written here: service ${service.Spec.Name} (${reason}).`];
      }),
      ...(stacks.length > 0
        ? [`Left as they are: the stacks ${stacks.join(', ')}; their Compose files are yours.`]
        : []),
      ...(secrets.length > 0
        ? [`Set these in the environment, as their values are not written down: ${secrets.join(', ')}.`]
        : []),
    ],
  };
}

/** Managers first, then by name. */
function byRole(one: SwarmNode, other: SwarmNode): number {
  const rank = ({ Spec }: SwarmNode) => (Spec.Role === 'manager' ? 0 : 1);
  return rank(one) - rank(other) || one.Description.Hostname.localeCompare(other.Description.Hostname);
}

function nodeOf({ Spec, Description, Status, ManagerStatus }: SwarmNode): Record<string, unknown> {
  // The leader's own Status.Addr may read 0.0.0.0.
  const managed = ManagerStatus?.Addr.replace(/:\d+$/, '');
  const address = Status.Addr === '0.0.0.0' || Status.Addr === '' ? managed : Status.Addr;
  const { Role: role, Availability: availability, Labels: labels } = Spec;
  return {
    name: fileName(Description.Hostname),
    role,
    address,
    labels,
    availability: availability === 'active' ? undefined : availability,
  };
}

/** Why a service can't be written down; undefined when it can. */
function whyNot({ Spec }: SwarmService): string | undefined {
  if (Spec.Mode.Replicated === undefined && Spec.Mode.Global === undefined) return 'it is a job';
  if (Spec.EndpointSpec?.Ports?.some(({ Protocol }) => Protocol === 'sctp')) return 'it publishes SCTP ports';
  return Spec.Name === fileName(Spec.Name) ? undefined : 'its name';
}

function serviceOf(service: SwarmService): Record<string, unknown> {
  const { TaskTemplate, Mode, EndpointSpec } = service.Spec;
  const { Image, Env = [] } = TaskTemplate.ContainerSpec;
  const hidden = new Map(secretsOf(service).map(({ key, variable }) => [key, variable]));
  const env = Env.map((entry) => {
    const [key = '', value = ''] = entry.split(/=(.*)/s);
    const variable = hidden.get(key);
    return [key, variable === undefined ? value.replaceAll('$', '$$$$') : `\${${variable}}`] as const;
  });
  return {
    image: withoutNote(Image),
    ...(Mode.Global ? { mode: 'global' } : { replicas: Mode.Replicated?.Replicas ?? 1 }),
    ports: (EndpointSpec?.Ports ?? []).flatMap((port) => portOf(port) ?? []),
    env: Object.fromEntries(env),
    constraints: TaskTemplate.Placement?.Constraints ?? [],
  };
}

type Port = NonNullable<NonNullable<SwarmService['Spec']['EndpointSpec']>['Ports']>[number];

function portOf({ PublishedPort, TargetPort, Protocol, PublishMode }: Port): string | object | undefined {
  if (!PublishedPort) return undefined;
  if (PublishMode === 'host')
    return { published: PublishedPort, target: TargetPort, protocol: Protocol ?? 'tcp', mode: 'host' };
  return `${PublishedPort}:${TargetPort}${Protocol === 'udp' ? '/udp' : ''}`;
}

function secretsOf({ Spec }: SwarmService): { key: string; variable: string }[] {
  return (Spec.TaskTemplate.ContainerSpec.Env ?? []).flatMap((entry) => {
    const [key = ''] = entry.split('=');
    if (!SECRET.test(key)) return [];
    return [{ key, variable: `${Spec.Name}_${key}`.toUpperCase().replace(/[^A-Z0-9_]/g, '_') }];
  });
}
