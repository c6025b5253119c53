import type { Fact } from './fact.ts';

export interface RunningKernel {
  /** As `uname -r` prints it: 6.12.48+deb13-amd64 */
  readonly release: string;
  /** Whether its modules are on the disk. An upgrade that replaces them leaves a kernel that can load no more modules. */
  readonly hasModules: boolean;
}

/** Source: modprobe(8), which looks in /lib/modules/RELEASE. */
export const runningKernel: Fact<RunningKernel> = {
  command: 'uname -r; [ -d "/lib/modules/$(uname -r)" ] && echo modules',
  parse: (output) => {
    const [release = '', modules] = output.split('\n');
    return { release, hasModules: modules === 'modules' };
  },
};
