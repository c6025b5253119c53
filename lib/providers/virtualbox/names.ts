import { createHash } from 'node:crypto';

/** The extra data that VirtualBox stores for us with a machine: the world is the state. */
export const KEYS = {
  node: 'swarmup/node',
  address: 'swarmup/address',
  hostKey: 'swarmup/host-key',
} as const;

/** The group of everything that swarmup makes; each cluster has its own group in it. */
const GROUP = '/swarmup';

export function groupOf(cluster: string): string {
  return `${GROUP}/${cluster}`;
}

/** Whether a group belongs to any of swarmup's clusters. */
export function isOurs(group: string): boolean {
  return group.startsWith(`${GROUP}/`);
}

export const BASE_GROUP = `${GROUP}-images`;

export function machineName(cluster: string, node: string): string {
  return `swarmup-${cluster}-${node}`;
}

/** The machine from which all clones of an image are made. */
export function baseName(hash: string): string {
  return `swarmup-image-${hash}`;
}

/** The snapshot from which linked clones are made. */
export const SNAPSHOT = 'base';

/** A MAC address from VirtualBox's own range, always the same for a node. Twelve digits, as VBoxManage expects. */
export function macOf(cluster: string, node: string, nic: 1 | 2): string {
  const hash = createHash('sha256').update(`${cluster}/${node}/${nic}`).digest('hex');
  return `080027${hash.slice(0, 6)}`.toUpperCase();
}

/** In the form that interfaces show: 08:00:27:ab:cd:ef. */
export function colons(mac: string): string {
  return (mac.toLowerCase().match(/../g) ?? []).join(':');
}
