import type { Cluster } from './model.ts';

/** Properties of a cluster's parts, and clusters reduced to some of their parts. */

/** The cluster with only these services, at these numbers of replicas: everything else is left unchanged. */
export function scaled(cluster: Cluster, replicas: ReadonlyMap<string, number>): Cluster {
  const services = cluster.services.flatMap((service) => {
    const wanted = replicas.get(service.name);
    return wanted === undefined ? [] : [{ ...service, replicas: wanted }];
  });
  const { portainer: _left, ...rest } = cluster;
  return { ...rest, services, stacks: [] };
}

/** The names of all services in the file: its own, and those of its stacks as Swarm names them. */
export function serviceNames({ services, stacks }: Cluster): readonly string[] {
  return [
    ...services.map(({ name }) => name),
    ...stacks.flatMap((stack) => stack.services.map(({ name }) => `${stack.name}_${name}`)),
  ];
}

/** The cluster with only these services; stacks keep their names. */
export function withServices(cluster: Cluster, names: readonly string[]): Cluster {
  const { portainer: _left, ...rest } = cluster;
  const stacks = cluster.stacks.map((stack) => ({
    ...stack,
    services: stack.services.filter(({ name }) => names.includes(`${stack.name}_${name}`)),
  }));
  return {
    ...rest,
    services: cluster.services.filter(({ name }) => names.includes(name)),
    stacks: stacks.filter(({ services }) => services.length > 0),
  };
}

/** The TCP ports that the cluster publishes, in ascending order: what clients must be able to reach on every node. */
export function publishedPorts(cluster: Cluster): readonly number[] {
  const checks = [...cluster.services, ...cluster.stacks].flatMap((one) => (one.verify ?? []).map(({ port }) => port));
  const portainer = cluster.portainer ? [cluster.portainer.port] : [];
  return ascending([...portsOf(cluster, 'tcp'), ...checks, ...portainer]);
}

/** The UDP ports that the cluster publishes, in ascending order. */
export function publishedUdpPorts(cluster: Cluster): readonly number[] {
  return ascending(portsOf(cluster, 'udp'));
}

function portsOf({ services, stacks }: Cluster, protocol: 'tcp' | 'udp'): number[] {
  const all = [
    ...services.flatMap((one) => one.ports),
    ...stacks.flatMap((one) => one.services.flatMap((s) => s.ports)),
  ];
  return all.filter((port) => port.protocol === protocol).flatMap((port) => port.published ?? []);
}

const ascending = (ports: readonly number[]): readonly number[] => [...new Set(ports)].sort((a, b) => a - b);

/** The images the cluster's services and stacks need on the nodes. */
export function requiredImages(cluster: Cluster): readonly RequiredImage[] {
  const images = new Map<string, RequiredImage>();
  for (const service of cluster.services) images.set(service.image, { name: service.image, optional: false });
  for (const stack of cluster.stacks)
    for (const { image } of stack.services)
      if (images.get(image)?.optional !== false)
        images.set(image, { name: image, optional: stack.whenUnreachable === 'skip' });
  return [...images.values()];
}

export interface RequiredImage {
  readonly name: string;
  /** Only stacks that may be skipped need it. */
  readonly optional: boolean;
}
