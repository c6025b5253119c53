import { parseCluster } from '../../config/load.ts';
import type { Cluster } from '../../config/model.ts';
import type { ParseOptions } from '../../config/parse-options.ts';
import { hasCode, type SwarmupError } from '../../util/errors.ts';
import { clusterText, type WrittenCluster } from '../cluster-text.ts';

/** Where the text is read, and with what. */
export type Reading = Pick<ParseOptions, 'file' | 'shown' | 'env' | 'providers'>;

/**
 * Reads sections of a cluster file as the program would, in a cluster of one host.
 *
 * @returns the mistakes if it can't be read
 */
export async function readBack(sections: Partial<WrittenCluster>, reading: Reading): Promise<Cluster | SwarmupError> {
  const text = clusterText({
    name: 'check',
    provider: { type: 'hosts' },
    nodes: [{ name: 'manager', role: 'manager', address: '192.0.2.1' }],
    notes: [],
    ...sections,
  });
  try {
    return await parseCluster(text, { ...reading, stateRoot: '/swarmup-import' });
  } catch (error) {
    if (hasCode(error, 'CONFIG_INVALID')) return error;
    throw error;
  }
}
