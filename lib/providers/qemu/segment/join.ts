import type { Inventory } from '../inventory.ts';
import type { Platform } from '../launch.ts';
import type { Hub } from './hub.ts';

export interface Joining {
  readonly inventory: Pick<Inventory, 'processes'>;
  readonly hub: Pick<Hub, 'connect'>;
  readonly platform: Pick<Platform, 'binary'>;
  readonly signal: AbortSignal;
}

/** Connects a running machine to the hub, unless it is joined to the others by multicast. */
export async function joinSegment({ inventory, hub, platform, signal }: Joining, name: string): Promise<void> {
  const machine = (await inventory.processes()).get(name);
  // One that has ended meanwhile is reported by whatever needs it next.
  if (machine?.segment !== 'hub') return;
  await hub.connect({ node: name, socket: machine.segmentSocket, binary: platform.binary, signal });
}
