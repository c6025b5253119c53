import { managersOf, type Availability, type Cluster } from '../../config/model.ts';
import type { RunCluster } from '../../contracts/run-cluster.ts';
import { scaled, serviceNames, withServices } from '../../config/selections.ts';
import { SwarmupError } from '../../util/errors.ts';
import type { RunOptions, SelectionOptions } from '../options.ts';
import type { Scale } from '../values.ts';
import { sentenceOf } from '../../contracts/change-sentence.ts';
import { agreeTo, confirm } from '../../render/confirm.ts';
import { writeStderr } from '../../render/output.ts';
import { requireKnown } from '../../util/require-known.ts';
import { run } from '../run.ts';

/** `docker service scale`, until the file says otherwise: the next `up` returns to the file. */
export function scale(scales: readonly Scale[], options: RunOptions & SelectionOptions): Promise<number> {
  const change = (cluster: Cluster): Cluster => {
    for (const { service } of scales) {
      requireKnown(
        'service',
        service,
        cluster.services.map((one) => one.name),
      );
      const mode = cluster.services.find(({ name }) => name === service)?.mode;
      if (mode === 'global')
        throw new SwarmupError('USAGE', `${service} is global: it runs one task on every node that fits`, {
          fix: 'Add or drain nodes, or narrow its constraints in the cluster file.',
        });
      if (mode !== 'replicated')
        throw new SwarmupError('USAGE', `${service} is a job, which runs until its tasks have completed`, {
          fix: 'Set total and concurrent in the cluster file.',
        });
    }
    return scaled(cluster, new Map(scales.map(({ service, replicas }) => [service, replicas])));
  };
  return run({ pipeline: 'scale', mode: 'apply', options, change });
}

/** `docker service rollback`. */
export function rollback(services: readonly string[], options: RunOptions): Promise<number> {
  const change = (cluster: Cluster): Cluster => {
    const names = cluster.services.map(({ name }) => name);
    for (const service of services) requireKnown('service', service, names);
    return withServices(cluster, services);
  };
  return run({ pipeline: 'rollback', mode: 'apply', options, change });
}

/** `docker service update --force` of jobs, and the wait for their results. */
export function rerun(jobs: readonly string[], options: RunOptions): Promise<number> {
  const change = (cluster: Cluster): RunCluster => {
    for (const job of jobs) requireKnown('service', job, serviceNames(cluster));
    return { ...withServices(cluster, jobs), request: { rerun: { forcedBefore: new Map() } } };
  };
  return run({ pipeline: 'rerun', mode: 'apply', options, change });
}

/** Moves tasks to nodes that came back, of the named services or of all. */
export function rebalance(services: readonly string[], options: RunOptions): Promise<number> {
  const change = (cluster: Cluster): Cluster => {
    for (const service of services) requireKnown('service', service, serviceNames(cluster));
    return services.length > 0 ? withServices(cluster, services) : cluster;
  };
  return run({ pipeline: 'rebalance', mode: 'apply', options, change });
}

/** `docker node update --availability`, and for drain the wait until nothing runs there. */
export function setAvailability(node: string, availability: Availability, options: RunOptions): Promise<number> {
  const change = (cluster: Cluster): Cluster => {
    requireKnown(
      'node',
      node,
      cluster.nodes.map((one) => one.name),
    );
    return { ...cluster, nodes: cluster.nodes.map((one) => (one.name === node ? { ...one, availability } : one)) };
  };
  return run({ pipeline: 'availability', mode: 'apply', options: { ...options, node: [node] }, change });
}

/**
 * Recreates a node's machine, and makes the swarm changes that this needs. It asks first: the data on the machine's
 * disk is lost.
 */
export function replace(node: string, options: RunOptions): Promise<number> {
  return run({
    pipeline: 'replace',
    mode: 'apply',
    options: { ...options, node: [node] },
    proceed: async ({ context }) =>
      options.yes === true ||
      !context.machines.get(node) ||
      confirm(`Recreate ${node} of the cluster ${context.cluster.name}? All data on its disk will be lost.`),
  });
}

export interface RecoverOptions extends RunOptions {
  readonly manager?: string;
}

/** `docker swarm init --force-new-cluster`, step by step, after listing what will be lost. */
export function recover(options: RecoverOptions): Promise<number> {
  const { manager } = options;
  const change = (cluster: Cluster): RunCluster => {
    const names = managersOf(cluster).map(({ name }) => name);
    if (manager !== undefined) requireKnown('manager', manager, names);
    return { ...cluster, request: { recoverWith: manager } };
  };
  return run(
    {
      pipeline: 'recover',
      mode: 'apply',
      options,
      change,
      agree: (changes) => agreeTo(changes.map(sentenceOf), 'The missing managers will be lost for good. Continue?'),
    },
    (result) => {
      if (result.ok && result.changed > 0) writeStderr("Next: 'swarmup up' recreates the other managers.\n");
    },
  );
}
