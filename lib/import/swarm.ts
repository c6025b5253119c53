import { withoutNote } from '../util/image-reference.ts';
import type { Engine } from '../contracts/engine.ts';
import { listNodes, listServices } from '../swarm/read.ts';
import { NAMESPACE_LABEL } from '../swarm/stack.ts';
import type { SwarmNode, SwarmService } from '../contracts/swarm-types.ts';
import { fileName, type WrittenCluster } from './cluster-text.ts';

/**
 * Names of variables whose values look secret; these are read from the environment instead of being written to the
 * file.
 */
const SECRET = /pass|secret|token|key|credential/i;

/** The login settings that are the same for all nodes. */
export interface Access {
  readonly user?: string | undefined;
  readonly port?: number | undefined;
  readonly identityFile?: string | undefined;
  readonly bastion?: string | undefined;
  readonly sshConfig?: string | undefined;
}

/**
 * An existing swarm as a cluster file: its nodes and plain services. What a cluster file can't express is skipped and
 * reported.
 * @param provider how to log in to the nodes
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
      `The swarm of the manager ${manager.node}, as it was found. 'swarmup plan' shows no changes.`,
      ...plain.flatMap((service) => {
        const reason = whyNot(service);
        return reason === undefined
          ? []
          : [`Left unchanged, and not in this file: service ${service.Spec.Name} (${reason}).`];
      }),
      ...(stacks.length > 0
        ? [
            `Left unchanged, and not in this file: the stacks ${stacks.join(', ')}, which you deploy from your own Compose files.`,
          ]
        : []),
      ...(secrets.length > 0
        ? [`Set these in the environment, as their values are not in this file: ${secrets.join(', ')}.`]
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

/** Why a service can't be written to a cluster file; undefined when it can. */
function whyNot({ Spec }: SwarmService): string | undefined {
  if (Spec.Mode.Replicated === undefined && Spec.Mode.Global === undefined) return 'it is a job';
  if (Spec.EndpointSpec?.Ports?.some(({ Protocol }) => Protocol === 'sctp')) return 'it publishes SCTP ports';
  return Spec.Name === fileName(Spec.Name) ? undefined : 'its name is not valid in a cluster file';
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
