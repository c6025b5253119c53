import type { Fact } from './fact.ts';

export interface DockerService {
  /** Whether systemd knows a unit docker.service. */
  readonly installed: boolean;
  readonly active: boolean;
  readonly enabled: boolean;
  /** Switched off for good: systemd starts it for nobody. */
  readonly masked: boolean;
}

/** Source: systemctl(1), `show` prints properties even of units that don't exist. */
export const dockerService: Fact<DockerService> = {
  command: 'systemctl show docker.service --property=LoadState,ActiveState,UnitFileState',
  parse: (output) => ({
    installed: /^LoadState=loaded$/m.test(output),
    active: /^ActiveState=active$/m.test(output),
    enabled: /^UnitFileState=enabled$/m.test(output),
    masked: /^LoadState=masked$/m.test(output),
  }),
};
