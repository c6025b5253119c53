import { scaled, type Availability, type Cluster } from '../../config/model.ts';
import type { RunOptions, Scale, SelectionOptions } from '../options.ts';
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
