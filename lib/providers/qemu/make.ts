import { mkdir } from 'node:fs/promises';
import type { KeyedMutex } from '../../async/keyed-mutex.ts';
import type { NodeSpec } from '../../config/model.ts';
import type { ProviderIo, ProviderOptions } from '../../contracts/provider.ts';
import { generateKeyPair } from '../../remote/keys.ts';
import type { QemuConfig } from './config.ts';
import { writeSeed } from './guest.ts';
import type { Inventory } from './inventory.ts';
import type { Layout } from './layout.ts';
import type { Prepared } from './prepare.ts';
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

/**
 * Makes the disk, identity and record of a new machine; nothing of an earlier one may be left. The record comes last:
 * without it the machine doesn't exist.
 */
export async function makeMachine(
  { options, config, layout, inventory, mutex }: Making,
  node: NodeSpec,
  { tools, image, accelerator, authorizedKey }: Prepared,
  io: ProviderIo,
): Promise<MachineRecord> {
  await mkdir(layout.dir(node.name), { recursive: true, mode: 0o700 });
  const { nodes } = options.cluster;
  const index = nodes.findIndex((one) => one.name === node.name);
  const hostKey = generateKeyPair(node.name);
  const backing = ['-b', image.disk, '-F', image.format];
  const disk = [layout.disk(node.name), `${config.disk}M`];
  await options.local.run([tools.qemuImg, 'create', '-q', '-f', 'qcow2', ...backing, ...disk], { signal: io.signal });
  return mutex.take(layout.realm, async () => {
    const address = await inventory.freeAddress(index, nodes.length);
    await writeSeed(layout, { name: node.name, address, authorizedKey, hostKey }, image.configure);
    const record: MachineRecord = {
      name: node.name,
      address,
      cpus: config.cpus,
      memoryMiB: config.memory,
      accelerator,
      boot: image,
      hostKey: hostKey.publicKey,
      forwards: {},
    };
    await writeRecord(layout, record);
    return record;
  });
}
