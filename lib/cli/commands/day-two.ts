import { scaled, type Availability, type Cluster } from '../../config/model.ts';
import type { RunOptions, Scale, SelectionOptions } from '../options.ts';
import { confirm } from '../../render/confirm.ts';
import { known, run } from './pipeline.ts';

/** `docker service scale`, until the file says otherwise: the next `up` returns to the file. */
export function scale(scales: readonly Scale[], options: RunOptions & SelectionOptions): Promise<number> {
  const change = (cluster: Cluster): Cluster => {
    for (const { service } of scales)
      known(
        'service',
        service,
        cluster.services.map((one) => one.name),
      );
    return scaled(cluster, new Map(scales.map(({ service, replicas }) => [service, replicas])));
  };
  return run({ pipeline: 'scale', mode: 'apply', options, change });
}

/** `docker node update --availability`, and for drain the wait until nothing runs there. */
export function setAvailability(node: string, availability: Availability, options: RunOptions): Promise<number> {
  const change = (cluster: Cluster): Cluster => {
    known(
      'node',
      node,
      cluster.nodes.map((one) => one.name),
    );
    return { ...cluster, nodes: cluster.nodes.map((one) => (one.name === node ? { ...one, availability } : one)) };
  };
  return run({ pipeline: 'availability', mode: 'apply', options: { ...options, node: [node] }, change });
}

/** A node's machine made anew, with all that this means for the swarm. What is on its disk is lost: it asks. */
export function replace(node: string, options: RunOptions): Promise<number> {
  return run({
    pipeline: 'replace',
    mode: 'apply',
    options: { ...options, node: [node] },
    proceed: async ({ context }) =>
      options.yes === true ||
      !context.machines.get(node) ||
      confirm(`Take ${node} out of the cluster ${context.cluster.name} and make it anew, without what is on its disk?`),
  });
}
