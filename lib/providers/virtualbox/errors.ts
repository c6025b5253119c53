import { SwarmupError } from '../../util/errors.ts';
import { PERMITTED } from './config.ts';

interface Known {
  readonly seen: RegExp;
  readonly message: string;
  readonly fix: string;
  readonly transient?: boolean;
}

/**
 * VBoxManage's messages and their meaning. Sources: VirtualBox's manual, chapter 12, and its forum's perennial
 * questions.
 */
const KNOWN: readonly Known[] = [
  {
    seen: /VERR_VMX_IN_VMX_ROOT_MODE|VERR_SVM_IN_USE/,
    message: 'another hypervisor, most likely KVM, uses the processor: VirtualBox cannot start a machine beside it',
    fix: 'Stop its machines and unload it (sudo modprobe -r kvm_intel kvm_amd kvm), or use provider.type: qemu, which works with KVM.',
  },
  {
    seen: /VERR_VMX_NO_VMX|VERR_SVM_NO_SVM|VERR_VMX_MSR_ALL_VMX_DISABLED|VERR_SVM_DISABLED|VT-x is (not available|disabled)|AMD-V is (not available|disabled)/i,
    message: 'hardware virtualisation is not available',
    fix: "Enable VT-x or AMD-V in the computer's firmware, or nested virtualisation if this is a virtual machine. provider.type: qemu works without it.",
  },
  {
    seen: /vboxdrv kernel module is not loaded|VERR_VM_DRIVER_(NOT_INSTALLED|NOT_ACCESSIBLE|LOAD_ERROR)|The character device \/dev\/vboxdrv/i,
    message: "VirtualBox's kernel modules are not loaded",
    fix: 'Build and load them: sudo /sbin/vboxconfig (it needs the headers of the running kernel; with Secure Boot, a signing key).',
  },
  {
    seen: /E_ACCESSDENIED|not within the allowed ranges/,
    message: `VirtualBox doesn't allow this host-only network: without /etc/vbox/networks.conf it allows only networks in ${PERMITTED}`,
    fix: `Use a provider.network in ${PERMITTED}, or allow yours with a line '* 10.0.0.0/8' in /etc/vbox/networks.conf.`,
  },
  {
    seen: /Nonexistent host networking interface|VERR_INTNET_FLT_IF_NOT_FOUND|VERR_SUPDRV_COMPONENT_NOT_FOUND/,
    message: "the host-only interface is gone, or its driver isn't loaded (vboxnetflt, vboxnetadp)",
    fix: 'Load it (sudo modprobe vboxnetadp vboxnetflt) and run again: a missing interface is recreated.',
  },
  {
    seen: /is already locked by a session|VBOX_E_INVALID_OBJECT_STATE.*(locked|being locked)|is being (un)?locked/is,
    message: 'VirtualBox is busy with the machine',
    fix: 'Wait a moment and run again; if it stays busy, close the VirtualBox window of the machine.',
    transient: true,
  },
  {
    seen: /Machine settings file '([^']*)' already exists|VERR_ALREADY_EXISTS/,
    message: 'the files of a machine that VirtualBox no longer knows are still there',
    fix: 'Remove the folder that VBoxManage names, and run again.',
  },
  {
    seen: /VERR_DISK_FULL|VERR_FILE_TOO_BIG|No space left/,
    message: 'the disk is full',
    fix: 'Free space on the disk of the machines, and run again.',
  },
  {
    seen: /VERR_NO_MEMORY|VERR_NO_LOW_MEMORY|NEM_VM_CREATE_FAILED/,
    message: 'there is not enough memory for the machine',
    fix: 'Lower provider.memory, or stop other programs.',
  },
];

const UNKNOWN: Partial<Known> & Pick<Known, 'fix'> = {
  fix: 'Correct what VBoxManage reports, and run again.',
};

/** The error of a failed VBoxManage command. @param output what it printed */
export function virtualboxError(what: string, output: string, cause: unknown): SwarmupError {
  const { message, fix, transient } = KNOWN.find(({ seen }) => seen.test(output)) ?? UNKNOWN;
  const why = message === undefined ? '' : `: ${message}`;
  return new SwarmupError('MACHINE_FAILED', `VirtualBox couldn't ${what}${why}`, {
    fix,
    output,
    cause,
    transient: transient ?? false,
  });
}

/** A machine disappeared while it was being made. */
export function vanished(name: string): SwarmupError {
  return new SwarmupError('MACHINE_FAILED', `${name} disappeared while it was being created`, {
    fix: 'Check whether another run or program is working in VirtualBox, then run again.',
  });
}

/** A machine powered off before its SSH server greeted. */
export function ended(name: string): SwarmupError {
  return new SwarmupError('MACHINE_FAILED', `${name} ended while it booted`, {
    fix: 'Read its log in VirtualBox (Show Log), and run again.',
  });
}
