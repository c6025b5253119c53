import type { Fact } from './fact.ts';

export interface Platform {
  /** As `uname -m` prints it: x86_64, aarch64, ... */
  readonly architecture: string;
  readonly init: 'systemd' | 'openrc' | 'other';
  /** lxc, docker, podman, ... ; empty on a machine. */
  readonly container: string;
}

/** Sources: sd_booted(3); systemd-detect-virt(1), whose answer outside containers is "none". */
export const platform: Fact<Platform> = {
  command: [
    'uname -m',
    'if [ -d /run/systemd/system ]; then echo systemd; elif [ -d /run/openrc ]; then echo openrc; else echo other; fi',
    'systemd-detect-virt --container || { [ -e /.dockerenv ] && echo docker; } || { [ -e /run/.containerenv ] && echo podman; } || echo none',
  ].join('; '),
  parse: (output) => {
    const [architecture = '', init = '', container = ''] = output.split('\n').map((line) => line.trim());
    return {
      architecture,
      init: init === 'systemd' || init === 'openrc' ? init : 'other',
      container: container === 'none' ? '' : container,
    };
  },
};
