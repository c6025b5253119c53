import { describe, expect, it } from 'vitest';
import type { Host } from '../../lib/contracts/host.ts';
import { startEngine } from '../../lib/docker/engine.ts';
import { startError } from '../../lib/docker/start-failure.ts';
import { SwarmupError } from '../../lib/util/errors.ts';
import { fakeClock } from '../fakes/clock.ts';
import { strict } from '../fakes/strict.ts';

const failed = new SwarmupError('COMMAND_FAILED', "n1: 'systemctl enable --now docker' ended with exit code 1", {
  fix: 'look',
  output: 'Job for docker.service failed because the control process exited with error code.',
});

/** Ends of engines' logs, quoted from reports (docker-ce-packaging#1340, moby#38209, moby#32688) and Docker's documentation. */
const LOGS: readonly (readonly [string, string, string, string])[] = [
  [
    `failed to start daemon: Error initializing network controller: error obtaining controller instance: failed to register "bridge" driver: failed to add jump rules to ipv4 NAT table: failed to append jump rules to nat-PREROUTING: (COMMAND_FAILED: '/usr/sbin/iptables -t nat -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER' failed: Warning:\nExtension addrtype revision 0 not supported, missing kernel module?`,
    'ENGINE_START_FAILED',
    "its kernel has no module for iptables' addrtype",
    'kernel-modules-extra',
  ],
  [
    'modprobe: FATAL: Module overlay not found in directory /lib/modules/4.14.105',
    'ENGINE_START_FAILED',
    "its kernel can't load the module overlay",
    'systemctl reboot',
  ],
  [
    `level=error msg="'overlay' not found as a supported filesystem on this host. Please ensure kernel is new enough and has overlay support loaded."`,
    'ENGINE_START_FAILED',
    "its kernel can't load the module overlay",
    'systemctl reboot',
  ],
  [
    'AppArmor enabled on system but the docker-default profile could not be loaded: running `apparmor_parser apparmor_parser --version` failed with output: error: exec: "apparmor_parser": executable file not found in $PATH',
    'ENGINE_START_FAILED',
    'AppArmor is on, but apparmor_parser is missing',
    'apt-get install -y apparmor',
  ],
  [
    'unable to configure the Docker daemon with file /etc/docker/daemon.json: the following directives are specified both as a flag and in the configuration file: hosts: (from flag: [fd://], from file: [tcp://0.0.0.0:2375])',
    'DAEMON_CONFIG_INVALID',
    'daemon.json has hosts, and so has the command line of its service',
    'systemctl edit docker',
  ],
  [
    'failed to start cluster component: --live-restore daemon configuration is incompatible with swarm mode',
    'DAEMON_CONFIG_INVALID',
    'daemon.json has live-restore',
    'sudoedit /etc/docker/daemon.json',
  ],
  [
    "unable to configure the Docker daemon with file /etc/docker/daemon.json: invalid character '}' looking for beginning of object key string",
    'DAEMON_CONFIG_INVALID',
    "daemon.json is invalid: invalid character '}' looking for beginning of object key string",
    'sudoedit /etc/docker/daemon.json',
  ],
  [
    "unable to configure the Docker daemon with file /etc/docker/daemon.json: the following directives don't match any configuration option: nonsense",
    'DAEMON_CONFIG_INVALID',
    'nonsense',
    'sudoedit /etc/docker/daemon.json',
  ],
  [
    'failed to start daemon: error initializing graphdriver: mkdir /var/lib/docker/overlay2: no space left on device',
    'ENGINE_START_FAILED',
    'its disk is full',
    'du -xh',
  ],
  [
    'failed to start daemon: failed to dial "/run/containerd/containerd.sock": context deadline exceeded',
    'ENGINE_START_FAILED',
    'containerd, which it needs, does not answer',
    'systemctl restart containerd',
  ],
  [
    'failed to start daemon: Error initializing network controller: failed to find iptables: exec: "iptables": executable file not found in $PATH',
    'ENGINE_START_FAILED',
    'iptables is missing',
    'apt-get install -y iptables',
  ],
];

describe('an engine that does not start', () => {
  it.each(LOGS)('says why: %s', (log, code, message, fix) => {
    const error = startError('n1', `systemd[1]: Starting docker.service\n${log}\n`, failed);
    expect(error.code).toBe(code);
    expect(error.message).toMatch(/^the Docker Engine on n1 doesn't start: /);
    expect(error.message).toContain(message);
    expect(error.fix).toContain(fix);
    expect(error.output).toContain(log);
  });

  it('is asked for its log when the init system could not start it', async () => {
    const log = LOGS[0]?.[0] ?? '';
    const host = strict<Host>('host', {
      name: 'n1',
      run: async (argv) => {
        if (argv[0] !== 'journalctl') throw failed;
        return { exitCode: 0, stdout: log, stderr: '' };
      },
    });
    const ctx = {
      host: async () => host,
      engine: async () => Promise.reject(new Error('not asked')),
      clock: fakeClock(),
      report: () => undefined,
      signal: new AbortController().signal,
    };
    await expect(startEngine(ctx, 'n1')).rejects.toMatchObject({
      code: 'ENGINE_START_FAILED',
      message: "the Docker Engine on n1 doesn't start: its kernel has no module for iptables' addrtype",
    });
  });

  it('shows its log where that names no known reason, or else what the init system said', () => {
    expect(startError('n1', 'panic: something new', failed)).toMatchObject({
      code: 'ENGINE_START_FAILED',
      message: "the Docker Engine on n1 doesn't start",
      output: 'panic: something new',
    });
    expect(startError('n1', '', failed).output).toContain('Job for docker.service failed');
  });
});
