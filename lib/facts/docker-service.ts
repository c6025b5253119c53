import type { Fact } from './fact.ts';

export interface DockerService {
  /** Whether the init system has a service named docker. */
  readonly installed: boolean;
  readonly active: boolean;
  readonly enabled: boolean;
  /** Masked: systemd refuses to start it. */
  readonly masked: boolean;
}

/**
 * Sources: systemctl(1), `show` prints properties even of units that don't exist; rc-service(8) and rc-update(8), whose
 * answers are translated to the same properties.
 */
export const dockerService: Fact<DockerService> = {
  command: [
    'if [ -d /run/openrc ]; then',
    '[ -e /etc/init.d/docker ] && echo LoadState=loaded',
    'rc-service -q docker status && echo ActiveState=active',
    "rc-update show default | grep -q '^ *docker ' && echo UnitFileState=enabled",
    'true; else systemctl show docker.service --property=LoadState,ActiveState,UnitFileState; fi',
  ].join('\n'),
  parse: (output) => ({
    installed: /^LoadState=loaded$/m.test(output),
    active: /^ActiveState=active$/m.test(output),
    enabled: /^UnitFileState=enabled$/m.test(output),
    masked: /^LoadState=masked$/m.test(output),
  }),
};
