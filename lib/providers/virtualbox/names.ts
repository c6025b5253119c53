import { createHash } from 'node:crypto';

/** What VirtualBox keeps of a machine for us, as extra data: the world is the state. */
export const KEYS = {
  node: 'swarmup/node',
  address: 'swarmup/address',
  hostKey: 'swarmup/host-key',
} as const;

/** The group of all that swarmup makes; each cluster has one of its own in it. */
const GROUP = '/swarmup';

export function groupOf(cluster: string): string {
  return `${GROUP}/${cluster}`;
}

/** Whether a group is one of swarmup's clusters', whichever. */
export function isOurs(group: string): boolean {
  return group.startsWith(`${GROUP}/`);
}

export const BASE_GROUP = `${GROUP}-images`;

export function machineName(cluster: string, node: string): string {
  return `swarmup-${cluster}-${node}`;
}

/** The machine that all clones of an image begin from. */
export function baseName(hash: string): string {
  return `swarmup-image-${hash}`;
}

/** What linked clones are made of. */
export const SNAPSHOT = 'base';

/** An address from VirtualBox's own range, the same for a node whenever it is made. Twelve digits, as VBoxManage takes them. */
export function macOf(cluster: string, node: string, nic: 1 | 2): string {
  const hash = createHash('sha256').update(`${cluster}/${node}/${nic}`).digest('hex');
  return `080027${hash.slice(0, 6)}`.toUpperCase();
}

/** As interfaces show it: 08:00:27:ab:cd:ef. */
export function colons(mac: string): string {
  return (mac.toLowerCase().match(/../g) ?? []).join(':');
}
