import type { Cluster } from '../config/model.ts';
import { poolOptions } from './address-pool.ts';
import { OWNER_LABEL } from './labels.ts';
import { externalCAsOf } from './options.ts';

/**
 * Settings of a swarm that can be chosen only when it is created, and the authorities that sign its first certificates.
 * Source: POST /swarm/init.
 *
 * @param chosen the address pool for a cluster file without one
 */
export function settled({ name, swarm }: Pick<Cluster, 'name' | 'swarm'>, chosen?: readonly string[]): object {
  const { addressPool, subnetSize, dataPathPort, externalCAs } = swarm;
  return {
    DataPathPort: dataPathPort,
    Spec: {
      // The mark, by which swarmup recognises its swarm later.
      Labels: { [OWNER_LABEL]: name },
      ...(externalCAs ? { CAConfig: { ExternalCAs: externalCAsOf(swarm) } } : {}),
    },
    ...poolOptions(chosen ?? addressPool, subnetSize),
  };
}
