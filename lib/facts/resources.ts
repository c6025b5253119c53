import type { Fact } from './fact.ts';

export interface Resources {
  /** Free where /var/lib/docker is or will be, in MiB. */
  readonly diskMiB: number;
  /** The machine's total memory, in MiB. */
  readonly memoryMiB: number;
}

/** Sources: df(1), -P for one line a file system; proc_meminfo(5), MemTotal in kB. */
export const resources: Fact<Resources> = {
  command: 'd=/var/lib/docker; [ -d $d ] || d=/var/lib; df -Pk $d; grep MemTotal /proc/meminfo',
  parse: (output) => {
    const disk = /^\S+\s+\d+\s+\d+\s+(\d+)\s+\d+%/m.exec(output)?.[1] ?? '0';
    const memory = /^MemTotal:\s+(\d+) kB/m.exec(output)?.[1] ?? '0';
    return { diskMiB: Math.floor(Number(disk) / 1024), memoryMiB: Math.floor(Number(memory) / 1024) };
  },
};
