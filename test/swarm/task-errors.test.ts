import { describe, expect, it } from 'vitest';
import { exitInWords } from '../../lib/swarm/exit-codes.ts';
import { adviceFor } from '../../lib/swarm/task-errors.ts';

const place = { service: 'web', node: 'w1', image: 'nginx:1' };

/**
 * The engines' words. Sources: moby, daemon/volume/mounts (errBindSourceDoesNotExist), daemon/errors.go, daemon/start_linux.go,
 * daemon/volume/local, daemon/volume/mounts (error while mounting volume), daemon/libnetwork/drivers/overlay (ov_utils.go, ov_network.go),
 * daemon/libnetwork/portallocator, daemon/libnetwork/error.go, daemon/container_operations_unix.go, daemon/images/image.go,
 * daemon/cluster/executor/container (controller.go, errors.go); swarmkit, agent/secrets, agent/configs, constraint_enforcer.go; moby#47847,
 * libnetwork#1765, libnetwork#562; runc, standard_init_linux.go.
 */
const WORDS = [
  ['invalid mount config for type "bind": bind source path does not exist: /srv/site', 'bind source'],
  [
    'starting container failed: failed to create task for container: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: error during container init: error mounting "/srv/site" to rootfs at "/etc/nginx/nginx.conf": not a directory: Are you trying to mount a directory onto a file (or vice-versa)? Check if the specified host path exists and is the expected type',
    'bind type',
  ],
  [
    "starting container failed: error while mounting volume '/var/lib/docker/volumes/data/_data': failed to mount local volume: mount :/export:/var/lib/docker/volumes/data/_data, data: addr=10.0.0.9: connection refused",
    'volume',
  ],
  [
    'network sandbox join failed: subnet sandbox join failed for "10.0.2.0/24": error creating vxlan interface: file exists',
    'vxlan stale',
  ],
  [
    'starting container failed: failed to set up container networking: network sandbox join failed: subnet sandbox join failed for "10.0.1.0/24": error creating vxlan interface: operation not supported',
    'vxlan',
  ],
  [
    'starting container failed: driver failed programming external connectivity on endpoint web.1.x (4f0c): Bind for 0.0.0.0:8080 failed: port is already allocated',
    'port taken',
  ],
  [
    'starting container failed: failed to set up container networking: driver failed programming external connectivity on endpoint web.1.x (4f0c): failed to bind host port 0.0.0.0:8080/tcp: address already in use',
    'port taken',
  ],
  ['starting container failed: unable to get secret from secret store: secret k3x1 not found', 'secret'],
  ['starting container failed: unable to get config from config store: config k3x1 not found', 'config'],
  ['starting container failed: network backend not found', 'network'],
  [
    'attaching to network failed, make sure your network options are correct and check manager logs: context deadline exceeded',
    'network attachment',
  ],
  ['starting container failed: failed to set up container networking: driver is gone', 'network attachment'],
  [
    'failed to create task for container: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: exec: "start.sh": executable file not found in $PATH: unknown',
    'program missing',
  ],
  [
    'starting container failed: OCI runtime create failed: container_linux.go:348: starting container process caused "exec: \\"/bin/bash\\": stat /bin/bash: no such file or directory": unknown',
    'program missing',
  ],
  [
    'starting container failed: failed to create task for container: OCI runtime create failed: unable to start container process: exec: "/app/run": permission denied',
    'program refused',
  ],
  ['exec /usr/local/bin/app: exec format error', 'platform'],
  ['No such image: nginx:1', 'image'],
  ['pull access denied for team/web, repository does not exist or may require authorization', 'image'],
  ['assigned node no longer meets constraints', 'constraint'],
  ['task: non-zero exit (137): dockerexec: unhealthy container', 'unhealthy'],
  ['dockerexec: unhealthy container', 'unhealthy'],
  ['task: non-zero exit (137)', 'killed'],
  ['task: non-zero exit (1)', 'exit'],
  ['task: non-zero exit (139): something', 'exit'],
] as const;

describe('the words of an engine about a task', () => {
  it.each(WORDS)('%s', (words, kind) => {
    const advice = adviceFor(words, place);
    expect(advice?.kind).toBe(kind);
    expect(advice?.cause).not.toBe('');
    expect(advice?.fix).not.toMatch(/undefined|NODE|IMAGE/);
  });

  it('name the node, the path and the command that mends it', () => {
    const { cause, fix } = adviceFor(
      `invalid mount config for type "bind": bind source path does not exist: /srv/it's`,
      place,
    )!;
    expect(cause).toBe("w1 has no /srv/it's, which the service mounts");
    expect(fix).toContain(String.raw`swarmup exec --node w1 -- sudo mkdir -p '/srv/it'\''s'`);
  });

  it('name the port and the program', () => {
    expect(adviceFor(WORDS[5][0], place)?.fix).toContain('swarmup ssh w1 -- sudo ss -lntup sport = :8080');
    expect(adviceFor(WORDS[6][0], place)?.cause).toBe('another program or container on w1 has port 8080');
    expect(adviceFor(WORDS[12][0], place)?.cause).toBe('the image nginx:1 has no program start.sh');
    expect(adviceFor(WORDS[13][0], place)?.cause).toBe('the image nginx:1 has no program /bin/bash');
  });

  it('are not explained when they are not known', () => {
    expect(adviceFor('something new', place)).toBeUndefined();
  });

  it('blame the memory limit only if the kernel did', () => {
    const words = 'task: non-zero exit (137)';
    expect(adviceFor(words, { ...place, outOfMemory: true })).toMatchObject({
      kind: 'memory',
      fix: expect.stringContaining('limits.memory'),
    });
    expect(adviceFor(words, { ...place, outOfMemory: false })?.cause).toContain('not for its memory limit');
  });
});

describe('an exit code', () => {
  it.each([
    [1, undefined, undefined],
    [126, undefined, "the program can't be executed"],
    [127, undefined, 'the program, or one that it calls, was not found'],
    [137, true, 'killed for memory: it used more than its limit'],
    [137, undefined, 'killed by SIGKILL: for memory, or because it ignored the signal to stop'],
    [139, false, 'ended by SIGSEGV'],
    [143, false, 'ended by SIGTERM'],
    [255, false, undefined],
  ])('%i, out of memory: %s', (code, outOfMemory, expected) => {
    expect(exitInWords(code, outOfMemory)).toBe(expected);
  });
});
