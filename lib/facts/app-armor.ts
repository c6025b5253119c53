import type { Fact } from './fact.ts';

export interface AppArmor {
  /** The kernel enforces it. */
  readonly enabled: boolean;
  /** apparmor_parser is installed: without it the engine can't load profiles or start a container. */
  readonly parser: boolean;
}

/** Source: moby, profiles/apparmor: profiles are loaded through apparmor_parser. */
export const appArmor: Fact<AppArmor> = {
  command: 'cat /sys/module/apparmor/parameters/enabled; PATH=$PATH:/sbin:/usr/sbin command -v apparmor_parser',
  parse: (output) => ({ enabled: /^Y$/m.test(output), parser: /apparmor_parser$/m.test(output) }),
};
