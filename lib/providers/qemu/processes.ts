import type { LocalCommands } from '../../contracts/local-commands.ts';
import { ownProcesses, type RunningProcess } from '../../remote/processes.ts';

/** The names of QEMU's system emulators: qemu-system-x86_64, and .qemu-system-x86_64-wrapped if a script starts it. */
const QEMU = /^\.?qemu-system-/;

/** This user's QEMU processes. */
export function qemuProcesses(local: LocalCommands): Promise<readonly RunningProcess[]> {
  return ownProcesses(QEMU, local);
}
