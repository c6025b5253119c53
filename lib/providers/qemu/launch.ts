import { join } from 'node:path';
import { escape } from './arguments.ts';
import { hostForward } from './forwards.ts';
import { UPLINK, type Layout } from './layout.ts';
import type { MachineRecord } from './record.ts';

export interface Platform {
  /** qemu-system-x86_64 or qemu-system-aarch64, as a path. */
  readonly binary: string;
  readonly arch: 'x86_64' | 'aarch64';
  /** UEFI firmware for aarch64 disks with a boot loader. */
  readonly firmware?: string;
}

/**
 * The machine type and processor for an accelerator. Under emulation qemu64 is faster than max, as it has less to
 * emulate.
 */
export function processorArgs(platform: Platform, accelerator: MachineRecord['accelerator']): string[] {
  const machine = platform.arch === 'x86_64' ? 'pc' : 'virt';
  const emulated = platform.arch === 'x86_64' ? 'qemu64' : 'cortex-a72';
  const accel = accelerator === 'tcg' ? 'tcg,thread=multi' : accelerator;
  return ['-machine', machine, '-accel', accel, '-cpu', accelerator === 'tcg' ? emulated : 'host'];
}

/** The kernel's command line for directly booted images. */
export function kernelArgs(layout: Layout, record: MachineRecord, platform: Platform): string {
  // Mitigations are pointless under emulation, and AppArmor profiles take 20 s to load.
  const emulated = record.accelerator === 'tcg' ? ['mitigations=off', 'apparmor=0', 'selinux=0'] : [];
  const serial = platform.arch === 'x86_64' ? 'ttyS0' : 'ttyAMA0';
  return [
    'root=LABEL=root rw rootflags=noinit_itable',
    `console=${serial} quiet net.ifnames=0`,
    `systemd.hostname=${record.name} systemd.machine_id=${layout.machineId(record.name)}`,
    ...emulated,
  ].join(' ');
}

/** QEMU's whole command line for a machine. Secrets are in files that only the owner can read, never here. */
export function launchArgs(layout: Layout, record: MachineRecord, platform: Platform): string[] {
  const { name, boot } = record;
  const forwards = Object.entries(record.forwards).map(([guest, local]) => `,hostfwd=${hostForward(guest, local)}`);
  return [
    platform.binary,
    '-name',
    layout.mark(name),
    '-pidfile',
    layout.pidFile(name),
    '-nodefaults',
    '-display',
    'none',
    '-no-user-config',
    ...processorArgs(platform, record.accelerator),
    '-smp',
    String(record.cpus),
    '-m',
    String(record.memoryMiB),
    ...bootArgs(layout, record, platform),
    '-serial',
    `file:${escape(layout.console(name))}`,
    '-qmp',
    `unix:${escape(layout.qmpSocket(name))},server=on,wait=off`,
    // The base image is shared and the disk can be recreated: speed matters more than surviving a power cut of this
    // computer.
    '-drive',
    `file=${escape(layout.disk(name))},format=qcow2,if=virtio,cache=unsafe,discard=unmap`,
    '-netdev',
    `user,id=uplink,net=${UPLINK.network}${forwards.join('')}`,
    '-netdev',
    segmentArg(layout, record),
    '-chardev',
    `socket,id=identity,path=${escape(layout.identitySocket(name))},server=on,wait=off`,
    ...deviceArgs({ uplink: layout.mac(name, 'uplink'), segment: layout.mac(name, 'segment') }),
    ...sandboxArgs(),
    ...(boot.configure === 'credentials'
      ? ['-smbios', `type=11,path=${escape(join(layout.seed(name), 'smbios'))}`]
      : seedDisk(layout, name)),
  ];
}

/** The path isn't the last part, so that arguments that were cut off at a space are recognised (arguments.ts). */
function segmentArg(layout: Layout, { name, segment }: MachineRecord): string {
  if (segment !== 'hub') return `socket,id=segment,mcast=${layout.multicast()},localaddr=127.0.0.1`;
  return `stream,id=segment,addr.type=unix,addr.path=${escape(layout.segmentSocket(name))},server=on`;
}

/** The command line of the hub that joins the machines: a QEMU without a machine, which gets its ports over QMP. */
export function hubArgs(binary: string, mark: string, socket: string): string[] {
  // Any accelerator would do, as there is no processor; this one is everywhere, here with its smallest buffer.
  const machine = ['-machine', 'none', '-accel', 'tcg,tb-size=1', '-nodefaults', '-no-user-config', '-display', 'none'];
  // A hub reads from a port only while another port takes frames, and doesn't notice new ones. One that leads nowhere always does.
  const drain = ['-netdev', 'hubport,id=drain,hubid=0'];
  const qmp = ['-qmp', `unix:${escape(socket)},server=on,wait=off`];
  return [binary, '-name', mark, ...machine, ...drain, ...qmp, ...sandboxArgs()];
}

/** QEMU may start no program and gain no rights. Only Linux has this. Source: qemu(1), -sandbox. */
function sandboxArgs(): string[] {
  if (process.platform !== 'linux') return [];
  return ['-sandbox', 'on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny'];
}

/** The port that a restored machine gets its identity through. */
export const IDENTITY_PORT = 'org.swarmup.identity';

/** What a machine has besides its disk. A saved state loads only into a machine with the same devices in the same order. */
export function deviceArgs(
  macs: { readonly uplink: string; readonly segment: string } = { uplink: '', segment: '' },
): string[] {
  return [
    `virtio-net-pci,netdev=uplink,mac=${macs.uplink},romfile=`,
    `virtio-net-pci,netdev=segment,mac=${macs.segment},romfile=`,
    'virtio-rng-pci',
    'virtio-serial-pci',
    `virtserialport,chardev=identity,name=${IDENTITY_PORT}`,
  ].flatMap((device) => ['-device', device]);
}

function bootArgs(layout: Layout, record: MachineRecord, platform: Platform): string[] {
  const { kernel, initrd } = record.boot;
  if (kernel && initrd) return ['-kernel', kernel, '-initrd', initrd, '-append', kernelArgs(layout, record, platform)];
  return platform.firmware ? ['-bios', platform.firmware] : [];
}

/** The seed folder as a small FAT disk labelled cidata: what cloud-init's NoCloud data source looks for. */
function seedDisk(layout: Layout, name: string): string[] {
  return ['-drive', `driver=vvfat,dir=${escape(layout.seed(name))},label=CIDATA,read-only=on,if=virtio`];
}
