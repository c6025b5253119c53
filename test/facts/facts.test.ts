import { describe, expect, it } from 'vitest';
import { apt } from '../../lib/docker/apt.ts';
import { matchesVersion } from '../../lib/docker/manager.ts';
import { daemonJson } from '../../lib/facts/daemon-json.ts';
import { dockerService } from '../../lib/facts/docker-service.ts';
import { gather } from '../../lib/remote/gather-facts.ts';
import { osRelease } from '../../lib/facts/os-release.ts';
import type { Host } from '../../lib/contracts/host.ts';
import { localCommands } from '../../lib/remote/local.ts';
import { strict } from '../fakes/strict.ts';

// In the format of each system (os-release(5)); only Debian's was recorded on a machine here.
const DEBIAN_13 = `PRETTY_NAME="Debian GNU/Linux 13 (trixie)"
NAME="Debian GNU/Linux"
VERSION_ID="13"
VERSION_CODENAME=trixie
ID=debian
`;
const UBUNTU_2404 = `PRETTY_NAME="Ubuntu 24.04.1 LTS"
ID=ubuntu
ID_LIKE=debian
VERSION_CODENAME=noble
`;
const ROCKY_9 = `NAME="Rocky Linux"
ID="rocky"
ID_LIKE="rhel centos fedora"
PRETTY_NAME="Rocky Linux 9.4 (Blue Onyx)"
`;

describe('os-release', () => {
  it.each([
    [DEBIAN_13, { id: 'debian', families: ['debian'], codename: 'trixie', prettyName: 'Debian GNU/Linux 13 (trixie)' }],
    [
      UBUNTU_2404,
      { id: 'ubuntu', families: ['ubuntu', 'debian'], codename: 'noble', prettyName: 'Ubuntu 24.04.1 LTS' },
    ],
    [
      ROCKY_9,
      {
        id: 'rocky',
        families: ['rocky', 'rhel', 'centos', 'fedora'],
        codename: '',
        prettyName: 'Rocky Linux 9.4 (Blue Onyx)',
      },
    ],
    ['', { id: '', families: [], codename: '', prettyName: '' }],
  ])('is read', (text, expected) => {
    expect(osRelease.parse(text)).toEqual(expected);
  });
});

describe('the docker service', () => {
  it.each([
    [
      'LoadState=loaded\nActiveState=active\nUnitFileState=enabled',
      { installed: true, active: true, enabled: true, masked: false },
    ],
    [
      'LoadState=loaded\nActiveState=failed\nUnitFileState=disabled',
      { installed: true, active: false, enabled: false, masked: false },
    ],
    [
      'LoadState=masked\nActiveState=inactive\nUnitFileState=masked',
      { installed: false, active: false, enabled: false, masked: true },
    ],
    [
      'LoadState=not-found\nActiveState=inactive\nUnitFileState=',
      { installed: false, active: false, enabled: false, masked: false },
    ],
  ])('is read', (text, expected) => {
    expect(dockerService.parse(text)).toEqual(expected);
  });
});

describe('daemon.json', () => {
  it('is read, missing or damaged', () => {
    expect(daemonJson.parse('{"debug": true}')).toEqual({ values: { debug: true } });
    expect(daemonJson.parse('')).toEqual({ values: {} });
    expect(daemonJson.parse('[1]')).toEqual({ invalid: 'it contains no JSON object' });
    expect(daemonJson.parse('{"debug": tru')).toHaveProperty('invalid');
  });
});

describe('gathering', () => {
  it('asks all questions in one round trip of a real shell, and a failing one gets an empty answer', async () => {
    const local = localCommands(() => undefined, process.env);
    let commands = 0;
    const host = strict<Host>('host', { run: (argv) => (commands++, local.run(argv)) });
    const text = (output: string) => output;
    const answers = await gather(
      host,
      {
        one: { command: 'echo 1', parse: Number },
        none: { command: 'cat /no/such/file', parse: text },
        last: { command: 'printf "a\\nb"', parse: text },
      },
      new AbortController().signal,
    );
    expect(answers).toEqual({ one: 1, none: '', last: 'a\nb' });
    expect(commands).toBe(1);
  });
});

describe('apt', () => {
  it('lists versions', () => {
    const output = ` docker.io | 26.1.5+dfsg1-9+b9 | http://mirror.test/debian trixie/main amd64 Packages
 docker.io | 20.10.24+dfsg1-1+deb12u1 | http://mirror.test/debian bookworm/main amd64 Packages
docker-cli | 26.1.5+dfsg1-9+b9 | http://mirror.test/debian trixie/main amd64 Packages
`;
    expect(apt.parseVersions(output)).toEqual([
      { name: 'docker.io', version: '26.1.5+dfsg1-9+b9' },
      { name: 'docker.io', version: '20.10.24+dfsg1-1+deb12u1' },
      { name: 'docker-cli', version: '26.1.5+dfsg1-9+b9' },
    ]);
  });

  it.each([
    ['26.1.5+dfsg1-9+b9', '26.1.5', true],
    ['26.1.5+dfsg1', '26.1.*', true],
    ['5:27.3.1-1~debian.12~bookworm', '27.3.1', true],
    ['26.1.50', '26.1.5', false],
    ['20.10.24+dfsg1', '26', false],
  ])('version %s pinned as %s', (actual, pinned, expected) => {
    expect(matchesVersion(actual, pinned)).toBe(expected);
  });

  it('reports its progress', () => {
    expect(apt.progress?.('pmstatus:docker.io:66.6667:Unpacking docker.io (amd64)')).toEqual({
      detail: 'unpacking docker.io (amd64)',
      percent: 67,
    });
    expect(apt.progress?.('dlstatus:3:12.5:Retrieving file 3 of 9')).toEqual({
      detail: 'downloading packages',
      percent: 13,
    });
    expect(apt.progress?.('Setting up docker.io')).toBeUndefined();
  });
});
