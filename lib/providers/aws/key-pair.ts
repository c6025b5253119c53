import type { KeyPairInfo } from '@aws-sdk/client-ec2';
import type { Cluster } from '../../config/model.ts';
import { SwarmupError } from '../../util/errors.ts';
import { created, updated, type Change } from '../../contracts/change.ts';
import { clusterKey, knownClusterKey } from '../cluster-key.ts';
import type { Ec2Api } from './api.ts';
import type { AwsConfig } from './config.ts';
import { isEc2, nameTaken } from './errors.ts';
import { ownFilters, resourceName, tagsOf, tagSpecifications } from './tags.ts';

export interface KeyPairTools {
  readonly api: Ec2Api;
  readonly cluster: Cluster;
  readonly config: AwsConfig;
  readonly identityFile: string;
}

/** The cluster's own key pair, which EC2 installs on new machines. */
export class KeyPair {
  readonly #tools: KeyPairTools;
  readonly #name: string;

  constructor(tools: KeyPairTools) {
    this.#tools = tools;
    this.#name = resourceName(tools.cluster.name);
  }

  /** The key pair in EC2. */
  async find(signal: AbortSignal): Promise<KeyPairInfo | undefined> {
    const { api, cluster } = this.#tools;
    const input = { Filters: ownFilters(cluster.name), IncludePublicKey: true };
    return (await api.DescribeKeyPairs(input, signal)).KeyPairs?.[0];
  }

  /**
   * The change that the key pair needs.
   * @param machines whether there are machines, which have EC2's key
   * @throws SwarmupError CLOUD_FOREIGN when their key isn't the one on this computer
   */
  async change(found: KeyPairInfo | undefined, machines: boolean): Promise<Change | undefined> {
    const { cluster, identityFile } = this.#tools;
    const own = ['keyPairs', this.#name];
    if (!found) return created(own);
    const known = await knownClusterKey(identityFile);
    if (known !== undefined && sameKey(known, found.PublicKey)) return undefined;
    if (!machines) return updated(own, undefined, undefined, { reason: "replaced by this computer's key" });
    throw new SwarmupError(
      'CLOUD_FOREIGN',
      `the machines of ${cluster.name} were made from another computer: their key is not ${identityFile}`,
      { fix: `Copy ${identityFile} and ${identityFile}.pub from that computer (status and down work without them).` },
    );
  }

  /** Imports this computer's key into EC2. */
  async import(found: KeyPairInfo | undefined, signal: AbortSignal): Promise<void> {
    const { api, cluster, config, identityFile } = this.#tools;
    const publicKey = await clusterKey(identityFile, cluster.name);
    if (found?.KeyPairId) await api.DeleteKeyPair({ KeyPairId: found.KeyPairId }, signal);
    try {
      await api.ImportKeyPair(
        {
          KeyName: this.#name,
          PublicKeyMaterial: Buffer.from(publicKey),
          TagSpecifications: tagSpecifications(['key-pair'], tagsOf(cluster.name, config.tags)),
        },
        signal,
      );
    } catch (error) {
      // A killed run may have just created it; if it isn't ours, the next look-up doesn't find it.
      if (!isEc2(error, 'InvalidKeyPair.Duplicate')) throw error;
      const there = await this.find(signal);
      if (!there || !sameKey(publicKey, there.PublicKey)) throw nameTaken('key pair', this.#name, error);
    }
  }
}

/** Compares keys without their comments. */
function sameKey(a: string, b: string | undefined): boolean {
  const bare = (key: string) => key.trim().split(/\s+/).slice(0, 2).join(' ');
  return b !== undefined && bare(a) === bare(b);
}
