import { readFileSync } from 'node:fs';
import { qemuProcesses } from '../test/support/machines.ts';

/** How the running machines of a cluster execute their code: `emulated`, or with which hardware support. */
export function accelerator(cluster: string): string {
  const [pid] = qemuProcesses(cluster);
  const words = pid === undefined ? [] : readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  const [name = 'unknown'] = words[words.indexOf('-accel') + 1]?.split(',') ?? [];
  return name === 'tcg' ? 'emulated' : name;
}
