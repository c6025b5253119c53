import { z } from 'zod';
import { size } from '../../config/units.ts';
import { downloadKeys } from '../custom-image.ts';

/** VirtualBox allows host-only networks here, unless /etc/vbox/networks.conf says otherwise. */
export const PERMITTED = '192.168.56.0/21';

/** The provider section of a cluster file with `type: virtualbox`. */
export const virtualboxConfig = z
  .strictObject({
    image: z
      .strictObject({
        path: z
          .string()
          .min(1)
          .optional()
          .describe('A disk image with cloud-init, .vdi, .vmdk, .vhd or raw, relative to the cluster file.'),
        ...downloadKeys,
      })
      .refine((image) => (image.path === undefined) !== (image.url === undefined), {
        error: 'expected exactly one of path and url',
      })
      .refine((image) => image.url === undefined || image.sha256 !== undefined, { error: 'expected sha256 with url' })
      .describe('The image that the machines boot, such as a cloud image of Debian or Ubuntu.'),
    cpus: z.int().min(1).max(64).default(1).describe('Virtual processors of each machine.'),
    memory: size().default(1536).describe('Memory of each machine, such as 1536MiB.'),
    disk: size().default(10240).describe('Disk of each machine, such as 10GiB; it grows as it is used.'),
    network: z
      .cidrv4()
      .default('192.168.56.0/24')
      .refine((text) => Number(text.split('/')[1]) <= 28, { error: 'expected a network of 16 addresses or more' })
      .describe(`The host-only network of the machines; by default VirtualBox allows ${PERMITTED}.`),
    vboxManage: z
      .string()
      .min(1)
      .optional()
      .describe('The path of VBoxManage; default: the one found in PATH or where VirtualBox installs it.'),
  })
  .describe('Virtual machines on this computer, with VirtualBox 6.1 or 7.');

export type VirtualboxConfig = z.output<typeof virtualboxConfig>;
