import { z } from 'zod';
import { webAddress } from '../../config/grammar.ts';
import { size } from '../../config/units.ts';
import { downloadKeys } from '../custom-image.ts';

/** The provider section of a cluster file with `type: qemu`. */
export const qemuConfig = z
  .strictObject({
    image: z
      .union([
        z.enum(['debian-13', 'debian-12']),
        z.strictObject({
          path: z
            .string()
            .optional()
            .describe('A disk image (qcow2 or raw) with cloud-init, relative to the cluster file.'),
          ...downloadKeys,
        }),
      ])
      .default('debian-13')
      .describe('debian-13, debian-12, or your own disk image.'),
    cpus: z.int().min(1).max(64).default(1).describe('Virtual processors of each machine.'),
    memory: size().default(1536).describe('Memory of each machine, such as 1536MiB.'),
    disk: size().default(10240).describe('Disk of each machine, such as 10GiB; it grows as it is used.'),
    accelerator: z
      .enum(['auto', 'kvm', 'hvf', 'tcg'])
      .default('auto')
      .describe('Hardware acceleration; auto uses what works in a short probe, else emulation (tcg).'),
    start: z
      .enum(['auto', 'boot', 'restore'])
      .default('auto')
      .describe(
        'How new machines start: boot, or restore from a saved state, which takes seconds; auto restores where that works.',
      ),
    mirror: webAddress()
      .optional()
      .describe("The Debian mirror to build images from; default: that of this computer's apt configuration."),
  })
  .describe('Virtual machines on this computer, with QEMU.');

export type QemuConfig = z.output<typeof qemuConfig>;
