import { describe, expect, it } from 'vitest';
import { unpassable, unsendable } from '../../lib/config/stack-limits.ts';

const reference = (kind: 'env_file' | 'secret' | 'config', written: string) => ({ kind, written });

describe('a file that a stack refers to', () => {
  it.each([
    ['env_file', 'a.env'],
    ['env_file', './a.env'],
    ['env_file', '../a.env'],
    ['env_file', '../../../a.env'],
    ['env_file', 'x/../../../../a.env'],
    ['env_file', 'a..b/../c'],
    ['secret', '/etc/a'],
    ['config', '../../../../../a'],
  ] as const)('can be sent: %s %s', (kind, written) => {
    expect(unsendable(reference(kind, written), '/home/me/stack')).toBeUndefined();
  });

  it.each([
    ['/etc/a.env', /absolute path/],
    ['../../../../a.env', /above the root/],
    ['x/../../../../../a.env', /above the root/],
    ['../../../../home/me/stack/a.env', /above the root/],
  ])('is refused as an environment file: %s', (written, reason) => {
    expect(unsendable(reference('env_file', written), '/home/me/stack')).toMatch(reason);
  });
});

describe('a variable of a stack', () => {
  it.each(['A', '_x', 'TAG_1', 'PATH', 'HOME', 'PWD', 'IFS', 'DOCKER_HOST', 'HTTP_PROXY', 'GOLANG', 'GID'])(
    'can be passed to docker: %s',
    (name) => expect(unpassable(name)).toBeUndefined(),
  );

  it.each([
    ['UID', /belongs to the shell/],
    ['_', /belongs to the shell/],
    ['OPTIND', /belongs to the shell/],
    ['LD_PRELOAD', /how the docker command runs/],
    ['GODEBUG', /how the docker command runs/],
    ['DOCKER_API_VERSION', /how the docker command runs/],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', /how the docker command runs/],
    ['_swarmup', /how the docker command runs/],
    ['a-b', /not a variable's name/],
    ['', /not a variable's name/],
    ['a\n', /not a variable's name/],
  ])('can’t be passed to docker: %j', (name, reason) => expect(unpassable(name)).toMatch(reason));
});
