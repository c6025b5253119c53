import { mkdir } from 'node:fs/promises';
import type { KeyedMutex } from '../../async/keyed-mutex.ts';
import type { NodeSpec } from '../../config/model.ts';
import type { ProviderIo, ProviderOptions } from '../../contracts/provider.ts';
import { generateKeyPair } from '../../remote/keys.ts';
import type { QemuConfig } from './config.ts';
import type { GuestIdentity } from '../cloud-init.ts';
import { createLayer } from './disk.ts';
import { writeSeed } from './guest.ts';
import type { Inventory } from './inventory.ts';
import type { Layout } from './layout.ts';
import type { Prepared } from './prepare.ts';
import { cacheFolder } from '../../util/files.ts';
import { stepsInside } from '../../util/inside.ts';
import { addUser } from '../users.ts';
import type { SavedState } from './state/store.ts';
import { writeRecord, type MachineRecord } from './record.ts';

/** What making a machine needs from its provider. */
export interface Making {
  readonly options: ProviderOptions;
  readonly config: QemuConfig;
  readonly layout: Layout;
  readonly inventory: Inventory;
  /** Serialises the choice of addresses. */
  readonly mutex: KeyedMutex;
}

/** A new machine, and what only its guest may know besides. */
export interface Made {
  readonly record: MachineRecord;
  readonly guest: GuestIdentity;
}

/**
 * Makes the disk, identity and record of a new machine; nothing of an earlier one may be left. The record comes last:
 * without it the machine doesn't exist.
 */
export async function makeMachine(
  { options, config, layout, inventory, mutex }: Making,
  node: NodeSpec,
  { tools, image, accelerator, authorizedKey }: Prepared,
  state: SavedState | undefined,
  io: ProviderIo,
): Promise<Made> {
  await mkdir(layout.dir(node.name), { recursive: true, mode: 0o700 });
  const { nodes } = options.cluster;
  const index = nodes.findIndex((one) => one.name === node.name);
  const hostKey = generateKeyPair(node.name);
  // A saved state has the disk's size in it.
  const layer = state
    ? { below: { disk: state.disk, format: 'qcow2' as const } }
    : { below: image, sizeMiB: config.disk };
  const { local } = options;
  await createLayer({ local, qemuImg: tools.qemuImg, signal: io.signal }, { path: layout.disk(node.name), ...layer });
  return mutex.take(layout.realm, async () => {
    const address = await inventory.freeAddress(index, nodes.length);
    const guest = { name: node.name, address, authorizedKey, hostKey };
    await writeSeed(layout, guest, image.configure);
    const record: MachineRecord = {
      name: node.name,
      address,
      cpus: config.cpus,
      memoryMiB: config.memory,
      accelerator,
      boot: image,
      hostKey: hostKey.publicKey,
      forwards: {},
      ...(state ? { state: state.folder, restoring: true } : {}),
    };
    await writeRecord(layout, record);
    // A discarded state is no user of its image any more, but the machine still is.
    for (const used of [image.disk, ...(state ? [state.folder] : [])])
      if (stepsInside(cacheFolder(options.env), used)) await addUser(used, layout.record(node.name));
    return { record, guest };
  });
}
