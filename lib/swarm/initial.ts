import type { Cluster } from '../config/model.ts';
import { OWNER_LABEL } from './labels.ts';
import { externalCAsOf } from './options.ts';

/**
 * Settings of a swarm that can be chosen only when it is created, and the authorities that sign its first certificates.
 * Source: POST /swarm/init.
 */
export function settled({ name, swarm }: Pick<Cluster, 'name' | 'swarm'>): object {
  const { addressPool, subnetSize, dataPathPort, externalCAs } = swarm;
  return {
    DataPathPort: dataPathPort,
    Spec: {
      // The mark, by which swarmup recognises its swarm later.
      Labels: { [OWNER_LABEL]: name },
      ...(externalCAs ? { CAConfig: { ExternalCAs: externalCAsOf(swarm) } } : {}),
    },
    ...(addressPool.length > 0 ? { DefaultAddrPool: addressPool, SubnetSize: subnetSize } : {}),
  };
}
