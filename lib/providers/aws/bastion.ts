import { dirname, resolve } from 'node:path';
import type { Cluster } from '../../config/model.ts';
import type { SshEndpoint } from '../../contracts/endpoint.ts';
import type { AwsConfig } from './config.ts';

/** The SSH server in front of the machines, if the cluster file names one. */
export function bastionEndpoint({ bastion }: AwsConfig, { file }: Pick<Cluster, 'file'>): SshEndpoint | undefined {
  if (!bastion) return undefined;
  const { identityFile, ...server } = bastion;
  return { ...server, identityFiles: [resolve(dirname(file), identityFile)] };
}
