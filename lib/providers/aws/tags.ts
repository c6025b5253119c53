import { createHash } from 'node:crypto';
import type { Tag, TagSpecification, ResourceType, Filter } from '@aws-sdk/client-ec2';

/** Everything that swarmup makes carries these from the moment it is made; nothing else is ever touched. */
export const TAG = {
  owner: 'swarmup:managed-by',
  cluster: 'swarmup:cluster',
  node: 'swarmup:node',
  role: 'swarmup:role',
  /** The image as the cluster file named it: a newer one under the same name is no change. */
  image: 'swarmup:image',
  /** The machine's public host key, for those who come from another computer. */
  hostKey: 'swarmup:host-key',
} as const;

/** The value of the owner's tag. */
export const OWNER = 'swarmup';

/** What a group, a key pair or a machine is called, wherever a name is shown. */
export function resourceName(cluster: string, node?: string): string {
  return node === undefined ? `swarmup-${cluster}` : `swarmup-${cluster}-${node}`;
}

/** The tags of something of the cluster's, with some of its own. */
export function tagsOf(cluster: string, extra: Readonly<Record<string, string>>): Tag[] {
  const all = { ...extra, [TAG.owner]: OWNER, [TAG.cluster]: cluster };
  return Object.entries(all).map(([Key, Value]) => ({ Key, Value }));
}

/** Tags to be given at creation, to each of these kinds. */
export function tagSpecifications(kinds: readonly ResourceType[], tags: readonly Tag[]): TagSpecification[] {
  return kinds.map((ResourceType) => ({ ResourceType, Tags: [...tags] }));
}

/** What DescribeX is asked for: this cluster's, and made by swarmup. */
export function ownFilters(cluster: string): Filter[] {
  return [
    { Name: `tag:${TAG.owner}`, Values: [OWNER] },
    { Name: `tag:${TAG.cluster}`, Values: [cluster] },
  ];
}

export function tagValue(tags: readonly Tag[] | undefined, key: string): string | undefined {
  return tags?.find((tag) => tag.Key === key)?.Value;
}

/**
 * The ClientToken of a machine's creation: the same request, however often it is sent, makes one machine. Another
 * `attempt` is for a machine that takes the place of one that was terminated.
 *
 * Source: EC2 developer guide, "Ensuring idempotency": at most 64 ASCII characters.
 */
export function clientToken(cluster: string, node: string, attempt: string): string {
  return `swarmup-${createHash('sha256')
    .update(JSON.stringify([cluster, node, attempt]))
    .digest('hex')
    .slice(0, 48)}`;
}
