import { clusterKey, identityFileOf } from '../cluster-key.ts';
import type { ProviderIo, ProviderOptions } from '../../contracts/provider.ts';
import { baseMachine } from './base-image.ts';
import type { VirtualboxConfig } from './config.ts';
import type { Manage } from './manage.ts';
import type { HostOnlyNetwork } from './network.ts';

/** What every machine of a run needs before it can be made. */
export interface Prepared {
  /** The machine to clone. */
  readonly base: string;
  readonly hostOnly: string;
  /** The cluster's public key. */
  readonly authorizedKey: string;
}

export interface Preparation {
  readonly options: ProviderOptions;
  readonly config: VirtualboxConfig;
  readonly manage: Manage;
  readonly network: HostOnlyNetwork;
}

/** Network, base image and key pair; creates what is missing. */
export async function prepare({ options, config, manage, network }: Preparation, io: ProviderIo): Promise<Prepared> {
  const { cluster } = options;
  io.report('preparing');
  const hostOnly = await network.ready(io.signal);
  const base = await baseMachine(manage, config, options, io);
  return { base, hostOnly, authorizedKey: await clusterKey(identityFileOf(cluster), cluster.name) };
}
