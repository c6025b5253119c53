import { SwarmupError } from '../../util/errors.ts';
import { PERMITTED } from './config.ts';

interface Known {
  readonly seen: RegExp;
  readonly message: string;
  readonly fix: string;
  readonly transient?: boolean;
}

/** What VBoxManage says, and what it means. Sources: VirtualBox's manual, chapter 12, and its forum's perennial questions. */
const KNOWN: readonly Known[] = [
  {
    seen: /VERR_VMX_IN_VMX_ROOT_MODE|VERR_SVM_IN_USE/,
    message: 'another hypervisor holds the processor (KVM, most likely): VirtualBox can start no machine beside it',
    fix: 'End its machines and unload it (sudo modprobe -r kvm_intel kvm_amd kvm), or use provider.type: qemu, which works with KVM.',
  },
  {
    seen: /VERR_VMX_NO_VMX|VERR_SVM_NO_SVM|VERR_VMX_MSR_ALL_VMX_DISABLED|VERR_SVM_DISABLED|VT-x is (not available|disabled)|AMD-V is (not available|disabled)/i,
    message: 'the processor offers no virtualisation here',
    fix: "Switch VT-x or AMD-V on in the computer's firmware; inside a virtual machine, nested virtualisation. provider.type: qemu works without.",
  },
  {
    seen: /vboxdrv kernel module is not loaded|VERR_VM_DRIVER_(NOT_INSTALLED|NOT_ACCESSIBLE|LOAD_ERROR)|The character device \/dev\/vboxdrv/i,
    message: "VirtualBox's kernel modules are not loaded",
    fix: 'Build and load them: sudo /sbin/vboxconfig (it needs the headers of the running kernel; with Secure Boot, a signing key).',
  },
  {
    seen: /E_ACCESSDENIED|not within the allowed ranges/,
    message: `VirtualBox doesn't allow this host-only network: without /etc/vbox/networks.conf only those in ${PERMITTED}`,
    fix: `Use a provider.network in ${PERMITTED}, or allow yours with a line '* 10.0.0.0/8' in /etc/vbox/networks.conf.`,
  },
  {
    seen: /Nonexistent host networking interface|VERR_INTNET_FLT_IF_NOT_FOUND|VERR_SUPDRV_COMPONENT_NOT_FOUND/,
    message: "the host-only interface is gone, or its driver isn't loaded (vboxnetflt, vboxnetadp)",
    fix: 'Load it (sudo modprobe vboxnetadp vboxnetflt) and run again: a missing interface is made anew.',
  },
  {
    seen: /is already locked by a session|VBOX_E_INVALID_OBJECT_STATE.*(locked|being locked)|is being (un)?locked/is,
    message: 'VirtualBox is busy with the machine',
    fix: 'It passes by itself; if not, close the window of VirtualBox that has it open.',
    transient: true,
  },
  {
    seen: /Machine settings file '([^']*)' already exists|VERR_ALREADY_EXISTS/,
    message: 'files of a machine that VirtualBox no longer knows are in the way',
    fix: 'Remove the folder that is named below, and run again.',
  },
  {
    seen: /VERR_DISK_FULL|VERR_FILE_TOO_BIG|No space left/,
    message: 'the disk is full',
    fix: 'Make room where the machines lie, and run again.',
  },
  {
    seen: /VERR_NO_MEMORY|VERR_NO_LOW_MEMORY|NEM_VM_CREATE_FAILED/,
    message: "there isn't memory enough for the machine",
    fix: 'Lower provider.memory, or end something else.',
  },
];

const UNKNOWN: Partial<Known> & Pick<Known, 'fix'> = {
  fix: "The lines are VBoxManage's own; correct what they name and run again.",
};

/** The error that a failed VBoxManage stands for. @param output what it printed */
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

/** Somebody else took a machine that is being made. */
export function vanished(name: string): SwarmupError {
  return new SwarmupError('MACHINE_FAILED', `${name} went away while it was made`, {
    fix: 'Is another run, or somebody else, at work in VirtualBox? Run again.',
  });
}

/** A machine went off before its SSH server greeted. */
export function ended(name: string): SwarmupError {
  return new SwarmupError('MACHINE_FAILED', `${name} ended while it booted`, {
    fix: 'Look at its log in VirtualBox (Show Log), and run again.',
  });
}
