import type { RunContext } from '../contracts/context.ts';
import { isOn } from '../contracts/machines.ts';
import { asSwarmupError, type SwarmupError } from '../util/errors.ts';
import type { Machine, Price, Rented } from '../contracts/provider.ts';
import type { SshEndpoint } from '../contracts/endpoint.ts';
import { expiring } from './certificates.ts';
import { judge } from './convergence.ts';
import { mayEnd } from './ending.ts';
import { pagesOf } from './pages.ts';
import { listNodes, listServices, listTasks, nameOf } from './read.ts';
import { readSwarm, type SwarmObjectState } from './settings.ts';
import type { SwarmNode, SwarmService, SwarmTask } from '../contracts/swarm-types.ts';

/** What a cluster's status needs. */
type Context = Pick<RunContext, 'cluster' | 'provider' | 'machines' | 'remote' | 'swarm' | 'clock'>;

/** `status --json`. */
export interface ClusterStatus {
  readonly cluster: { readonly name: string; readonly id: string | null; readonly provider: string };
  readonly nodes: readonly NodeStatus[];
  readonly services: readonly ServiceStatus[];
  readonly problems: readonly string[];
}

export interface NodeStatus {
  readonly name: string;
  readonly role: string;
  readonly machine: string;
  readonly address: string | null;
  readonly ssh: (Pick<SshEndpoint, 'host' | 'port' | 'user'> & { readonly identityFile: string | null }) | null;
  readonly swarm: {
    readonly id: string;
    readonly state: string;
    readonly availability: string;
    readonly leader: boolean;
  } | null;
  readonly engine: string | null;
  /** For machines that cost money while they run: their type, running time and cost. */
  readonly rented?: Rented & { readonly hours: number; readonly perHour?: Price };
}

export interface ServiceStatus {
  readonly name: string;
  readonly image: string;
  readonly replicas: {
    readonly desired: number;
    readonly running: number;
    /** Of jobs, and of services whose tasks may end: how many completed. */
    readonly completed?: number;
  };
  readonly tasks: readonly { readonly node: string; readonly state: string; readonly error: string | null }[];
  /** `port` is the published one; the URL may have another if the provider forwards it. */
  readonly urls: readonly { readonly node: string; readonly port: number; readonly url: string }[];
}

/**
 * Reads the status from the provider and a manager. A swarm without a manager that answers is listed as a problem, not
 * a failure.
 */
export async function clusterStatus(context: Context, signal: AbortSignal): Promise<ClusterStatus> {
  const { cluster, machines } = context;
  const swarm = await askSwarm(context, signal);
  const found = 'error' in swarm ? undefined : swarm;
  const names = [
    ...new Set([...cluster.nodes.map((node) => node.name), ...machines.all().map((machine) => machine.name)]),
  ];
  return {
    cluster: { name: cluster.name, id: found?.swarm.ID ?? null, provider: cluster.provider.type },
    nodes: names.map((name) => nodeStatus(context, name, found?.nodes ?? [])),
    services: (found?.services ?? []).map((service) =>
      serviceStatus(context, service, found?.tasks ?? [], found?.nodes ?? []),
    ),
    problems: [...machines.all().flatMap(cutOffProblem), ...('error' in swarm ? [swarm.error.message] : swarm.notices)],
  };
}

function cutOffProblem({ name, cutOff }: Machine): string[] {
  return cutOff ? [`the machine ${name} is cut off from the other machines; 'swarmup up' connects it`] : [];
}

interface Answers {
  readonly swarm: SwarmObjectState;
  /** Certificates that expire soon. */
  readonly notices: readonly string[];
  readonly nodes: readonly SwarmNode[];
  readonly services: readonly SwarmService[];
  readonly tasks: readonly SwarmTask[];
}

async function askSwarm(context: Context, signal: AbortSignal): Promise<Answers | { error: SwarmupError }> {
  try {
    const manager = await context.swarm.manager(signal);
    const [swarm, nodes, services, tasks] = await Promise.all([
      readSwarm(manager),
      listNodes(manager),
      listServices(manager),
      listTasks(manager),
    ]);
    return { swarm, notices: await expiring(context, swarm, nodes, signal), nodes, services, tasks };
  } catch (error) {
    signal.throwIfAborted();
    return { error: asSwarmupError(error) };
  }
}

/** What a machine costs, as far as known; `hours` counts from its last start. */
export function rentOf(
  { cluster, provider, clock }: Pick<Context, 'cluster' | 'provider' | 'clock'>,
  machine: Machine,
): NodeStatus['rented'] {
  const { name, rented } = machine;
  if (!rented) return undefined;
  const node = cluster.nodes.find((one) => one.name === name);
  const perHour = node && provider.price?.(node);
  const ms = isOn(machine) && rented.since ? clock.now() - Date.parse(rented.since) : 0;
  return { ...rented, hours: Math.round(Math.max(0, ms) / 360_000) / 10, ...(perHour ? { perHour } : {}) };
}

function nodeStatus(context: Context, name: string, nodes: readonly SwarmNode[]): NodeStatus {
  const { cluster, machines } = context;
  const machine = machines.get(name);
  const member = nodes.find((node) => nameOf(node) === name);
  const reachable = machine && machine.state !== 'lost';
  const rented = machine && rentOf(context, machine);
  return {
    name,
    role: member?.Spec.Role ?? cluster.nodes.find((node) => node.name === name)?.role ?? 'none',
    machine: machine?.state ?? 'absent',
    address: reachable ? machine.address : null,
    ssh: reachable
      ? {
          host: machine.ssh.host,
          port: machine.ssh.port,
          user: machine.ssh.user,
          identityFile: machine.ssh.identityFiles[0] ?? null,
        }
      : null,
    swarm: member
      ? {
          id: member.ID,
          state: member.Status.State,
          availability: member.Spec.Availability,
          leader: member.ManagerStatus?.Leader ?? false,
        }
      : null,
    engine: member?.Description.Engine.EngineVersion ?? null,
    ...(rented ? { rented } : {}),
  };
}

function serviceStatus(
  context: Context,
  service: SwarmService,
  all: readonly SwarmTask[],
  nodes: readonly SwarmNode[],
): ServiceStatus {
  const tasks = all.filter((task) => task.ServiceID === service.ID);
  const { desired, alive, completed } = judge(service, tasks, nodes);
  const nodeName = (id: string | undefined) => {
    const node = nodes.find((one) => one.ID === id);
    return node ? nameOf(node) : 'none';
  };
  const shown = tasks
    .filter((task) => task.DesiredState === 'running' || task.Status.Err)
    .sort((a, b) => b.CreatedAt.localeCompare(a.CreatedAt));
  return {
    name: service.Spec.Name,
    image: service.Spec.TaskTemplate.ContainerSpec.Image,
    replicas: { desired, running: alive, ...(mayEnd(service.Spec) ? { completed } : {}) },
    tasks: shown.map((task) => ({
      node: nodeName(task.NodeID),
      state: task.Status.State,
      error: task.Status.Err ?? null,
    })),
    urls: urls(context, service),
  };
}

function urls({ provider, machines, cluster }: Context, service: SwarmService): ServiceStatus['urls'] {
  const ports = (service.Endpoint?.Ports ?? []).flatMap(({ PublishedPort: port, Protocol: protocol }) =>
    port && (protocol === 'tcp' || protocol === 'udp') ? [{ port, protocol } as const] : [],
  );
  const overTls = new Set(pagesOf(cluster).flatMap(({ check }) => (check.https ? [check.port] : [])));
  return cluster.nodes.flatMap(({ name }) => {
    const machine = machines.get(name);
    if (machine?.state !== 'running') return [];
    return ports.flatMap(({ port, protocol }) => {
      try {
        const { host, port: local } = provider.endpoint(machine, port, protocol);
        const scheme = protocol === 'udp' ? 'udp' : overTls.has(port) ? 'https' : 'http';
        return [{ node: name, port, url: `${scheme}://${host}:${local}` }];
      } catch {
        // A port that was published by hand isn't reachable from here, so it has no URL.
        return [];
      }
    });
  });
}
