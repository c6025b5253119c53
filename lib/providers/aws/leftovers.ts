import type { Cluster } from '../../config/model.ts';
import { hasCode } from '../../util/errors.ts';
import { removed, type Change } from '../../contracts/change.ts';
import { waitUntil } from '../../async/wait-until.ts';
import type { Clock } from '../../async/clock.ts';
import type { ProviderIo } from '../../contracts/provider.ts';
import type { Ec2Api } from './api.ts';
import { isEc2 } from './errors.ts';
import type { Inventory } from './inventory.ts';
import { ownFilters } from './tags.ts';

interface Tools {
  readonly api: Ec2Api;
  readonly cluster: Cluster;
  readonly inventory: Inventory;
}

interface Leftover {
  readonly kind: 'machine' | 'security group' | 'key pair' | 'volume';
  readonly id: string;
}

/**
 * The removal of everything with the cluster's tags that costs money or occupies a name; terminated machines do
 * neither.
 */
export async function leftovers(tools: Tools, signal: AbortSignal): Promise<readonly Change[]> {
  return (await find(tools, signal)).map(({ kind, id }) => removed([COLLECTIONS[kind], id]));
}

const COLLECTIONS = {
  machine: 'machines',
  'security group': 'securityGroups',
  'key pair': 'keyPairs',
  volume: 'volumes',
} as const;

async function find({ api, cluster, inventory }: Tools, signal: AbortSignal): Promise<readonly Leftover[]> {
  const Filters = ownFilters(cluster.name);
  const [machines, { SecurityGroups = [] }, { KeyPairs = [] }, { Volumes = [] }] = await Promise.all([
    inventory.list(signal),
    api.DescribeSecurityGroups({ Filters }, signal),
    api.DescribeKeyPairs({ Filters }, signal),
    api.DescribeVolumes({ Filters }, signal),
  ]);
  return [
    ...machines.map(({ name, rented }): Leftover => ({ kind: 'machine', id: `${name} (${rented.id})` })),
    ...SecurityGroups.map(({ GroupId = '' }): Leftover => ({ kind: 'security group', id: GroupId })),
    ...KeyPairs.map(({ KeyPairId = '' }): Leftover => ({ kind: 'key pair', id: KeyPairId })),
    // A machine's volume is deleted shortly after the machine.
    ...Volumes.map(({ VolumeId = '' }): Leftover => ({ kind: 'volume', id: VolumeId })),
  ];
}

const EMPTY_MS = 300_000;

/**
 * Removes groups and keys, retrying until nothing is left: a group can't be removed before the network interfaces of
 * terminated machines.
 *
 * @returns what couldn't be removed
 */
export async function removeShared(
  tools: Tools & { readonly clock: Clock },
  io: ProviderIo,
): Promise<readonly string[]> {
  const { api, clock } = tools;
  try {
    await waitUntil({
      until: 'nothing that carries the cluster’s tags is left',
      probe: async (signal) => {
        const left = await find(tools, signal);
        if (left.length === 0) return { done: undefined };
        const seen: string[] = [];
        for (const one of left) seen.push(await remove(api, one, signal));
        return { seen: seen.join(', ') };
      },
      deadlineMs: EMPTY_MS,
      intervalMs: 2_000,
      signal: io.signal,
      clock,
      fix: '',
      onSeen: (seen) => io.report(`removing ${seen}`),
    });
    return [];
  } catch (error) {
    if (!hasCode(error, 'TIMED_OUT')) throw error;
    const left = await find(tools, io.signal);
    return Promise.all(left.map(async (one) => `${one.kind} ${one.id}${await heldBy(api, one, io.signal)}`));
  }
}

/** @returns what was removed, with the reason if it couldn't be */
async function remove(api: Ec2Api, { kind, id }: Leftover, signal: AbortSignal): Promise<string> {
  try {
    if (kind === 'security group') await api.DeleteSecurityGroup({ GroupId: id }, signal);
    if (kind === 'key pair') await api.DeleteKeyPair({ KeyPairId: id }, signal);
    return `${kind} ${id}`;
  } catch (error) {
    if (isEc2(error, 'DependencyViolation')) return `${kind} ${id} (still in use)`;
    // Another process removed it first, or EC2 listed what is already gone.
    if (isEc2(error, 'InvalidGroup.NotFound', 'InvalidKeyPair.NotFound')) return `${kind} ${id}`;
    throw error;
  }
}

/** What still uses a group: network interfaces, perhaps of machines that swarmup didn't make. */
async function heldBy(api: Ec2Api, { kind, id }: Leftover, signal: AbortSignal): Promise<string> {
  if (kind !== 'security group') return '';
  const { NetworkInterfaces = [] } = await api.DescribeNetworkInterfaces(
    { Filters: [{ Name: 'group-id', Values: [id] }] },
    signal,
  );
  const holders = NetworkInterfaces.map(({ NetworkInterfaceId = '', Attachment }) =>
    Attachment?.InstanceId ? `${NetworkInterfaceId} of ${Attachment.InstanceId}` : NetworkInterfaceId,
  );
  return holders.length > 0 ? `, used by ${holders.join(', ')}` : '';
}
