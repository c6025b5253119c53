import { createHash } from 'node:crypto';
import type { Tag, TagSpecification, ResourceType, Filter } from '@aws-sdk/client-ec2';

/** Everything that swarmup creates carries these tags from creation; nothing else is ever changed. */
export const TAG = {
  owner: 'swarmup:managed-by',
  cluster: 'swarmup:cluster',
  node: 'swarmup:node',
  role: 'swarmup:role',
  /** The image's name in the cluster file: a newer image under the same name is not a change. */
  image: 'swarmup:image',
  /** The machine's public host key, for runs from other computers. */
  hostKey: 'swarmup:host-key',
} as const;

/** The value of the owner's tag. */
export const OWNER = 'swarmup';

/** The name of a group, a key pair or a machine. */
export function resourceName(cluster: string, node?: string): string {
  return node === undefined ? `swarmup-${cluster}` : `swarmup-${cluster}-${node}`;
}

/** The tags of a resource of the cluster, with additional ones. */
export function tagsOf(cluster: string, extra: Readonly<Record<string, string>>): Tag[] {
  const all = { ...extra, [TAG.owner]: OWNER, [TAG.cluster]: cluster };
  return Object.entries(all).map(([Key, Value]) => ({ Key, Value }));
}

/** Tags to set at creation, for each of these kinds. */
export function tagSpecifications(kinds: readonly ResourceType[], tags: readonly Tag[]): TagSpecification[] {
  return kinds.map((ResourceType) => ({ ResourceType, Tags: [...tags] }));
}

/** Filters for the Describe calls: resources of this cluster that swarmup made. */
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
 * The ClientToken of a machine's creation: repeating the same request makes only one machine. A new `attempt` is for
 * the replacement of a terminated machine.
 *
 * Source: EC2 developer guide, "Ensuring idempotency": at most 64 ASCII characters.
 */
export function clientToken(cluster: string, node: string, attempt: string): string {
  return `swarmup-${createHash('sha256')
    .update(JSON.stringify([cluster, node, attempt]))
    .digest('hex')
    .slice(0, 48)}`;
}
