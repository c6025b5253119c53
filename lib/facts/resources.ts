import type { Fact } from './fact.ts';

export interface Resources {
  /** The engine's data folder. */
  readonly dataRoot: string;
  /** Free where the data folder is or will be, in MiB. */
  readonly diskMiB: number;
  /** The machine's total memory, in MiB. */
  readonly memoryMiB: number;
}

/** Source: dockerd(8), --data-root. */
export const DATA_ROOT = '/var/lib/docker';

/** The folder that the engine uses, or else the one that daemon.json names for it. */
const FIND = [
  'd=$1',
  `[ -n "$d" ] || d=$(docker info --format '{{.DockerRootDir}}')`,
  '[ -n "$d" ] || d=$(sed -n \'s/.*"data-root" *: *"\\([^"]*\\)".*/\\1/p\' /etc/docker/daemon.json | head -n 1)',
  `case $d in /*) ;; *) d=${DATA_ROOT} ;; esac`,
].join('\n');

/**
 * Sources: df(1), -P for one line a file system; proc_meminfo(5), MemTotal in kB.
 * @param dataRoot the data folder in the cluster file, if it names one
 */
export function resources(dataRoot: string | undefined): Fact<Resources> {
  return {
    command: [
      FIND,
      `printf 'data-root %s\\n' "$d"`,
      // A folder that is still to be made is on the file system of the nearest one that exists.
      'while ! [ -d "$d" ]; do d=$(dirname "$d"); done',
      'df -Pk "$d"; grep MemTotal /proc/meminfo',
    ].join('\n'),
    argument: dataRoot ?? '',
    parse: (output) => {
      const disk = /^\S+\s+\d+\s+\d+\s+(\d+)\s+\d+%/m.exec(output)?.[1] ?? '0';
      const memory = /^MemTotal:\s+(\d+) kB/m.exec(output)?.[1] ?? '0';
      return {
        dataRoot: /^data-root (\/\P{C}*)$/mu.exec(output)?.[1] ?? DATA_ROOT,
        diskMiB: Math.floor(Number(disk) / 1024),
        memoryMiB: Math.floor(Number(memory) / 1024),
      };
    },
  };
}
