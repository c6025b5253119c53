import { describe, expect, it } from 'vitest';
import { packageError } from '../../lib/docker/package-error.ts';
import { packageFailure, type FailureKind } from '../../lib/docker/package-failure.ts';
import type { PackageManager } from '../../lib/docker/manager.ts';

/**
 * What package managers print when they fail. Those of apt were recorded from apt 2.6 (Debian 12) against a local
 * server; the others are quoted from reports: docker/docs#19931, dnf5#2435, moby#49169, install-docker#22, grafana/k6#5205,
 * gliderlabs/docker-alpine#264, xlibre-ports#2, or follow the messages in the sources.
 */
const OUTPUTS: readonly (readonly [PackageManager['name'], string, FailureKind, string, string])[] = [
  [
    'apt',
    'Reading package lists...\nE: Could not get lock /var/lib/apt/lists/lock. It is held by process 812 (apt-get)\nE: Unable to lock directory /var/lib/apt/lists/',
    'locked',
    '/var/lib/apt/lists/lock',
    '',
  ],
  [
    'apt',
    'E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 3150 (unattended-upgr)\nE: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), is another process using it?',
    'locked',
    '/var/lib/dpkg/lock-frontend',
    '',
  ],
  ['apt', 'dpkg: error: dpkg frontend lock was locked by another process with pid 4243', 'locked', '', ''],
  [
    'zypper',
    'System management is locked by the application with pid 15950 (zypper).\nClose this application before trying again.',
    'locked',
    '',
    '',
  ],
  [
    'dnf',
    'Running transaction\nTransaction failed: Failed to obtain rpm transaction lock. Another transaction is in progress.',
    'locked',
    '',
    '',
  ],
  [
    'dnf',
    "RPM: error: can't create transaction lock on /var/lib/rpm/.rpm.lock (Resource temporarily unavailable)",
    'locked',
    '/var/lib/rpm/.rpm.lock',
    '',
  ],
  ['apk', 'ERROR: Unable to lock database: Resource temporarily unavailable', 'locked', '', ''],
  [
    'apt',
    "E: dpkg was interrupted, you must manually run 'dpkg --configure -a' to correct the problem. ",
    'interrupted',
    '',
    '',
  ],
  [
    'apt',
    "Need to get 1000 MB of archives.\nE: You don't have enough free space in /var/cache/apt/archives/.\n",
    'disk',
    '/var/cache/apt/archives',
    '',
  ],
  [
    'apt',
    'W: Failed to fetch http://m.test/dists/trixie/InRelease  Error writing to file - write (28: No space left on device) [IP: 192.0.2.1 80]',
    'disk',
    '',
    '',
  ],
  [
    'dnf',
    'Error Summary\n-------------\nDisk Requirements:\n   At least 187MB more space needed on the / filesystem.',
    'disk',
    '/',
    '187MB',
  ],
  [
    'apt',
    'E: Release file for http://m.test/dists/trixie/InRelease is not valid yet (invalid for another 2h 59min 50s). Updates for this repository will not be applied.',
    'clock',
    'http://m.test/dists/trixie/InRelease',
    'invalid for another 2h 59min 50s',
  ],
  [
    'dnf',
    'Curl error (60): SSL peer certificate or SSH remote key was not OK for https://m.test/repodata/repomd.xml [SSL certificate problem: certificate is not yet valid]',
    'clock',
    '',
    'certificate is not yet valid',
  ],
  [
    'apt',
    'E: Release file for http://m.test/dists/trixie/InRelease is expired (invalid since 24h 0min 0s). Updates for this repository will not be applied.',
    'expired',
    'http://m.test/dists/trixie/InRelease',
    'invalid since 24h 0min 0s',
  ],
  [
    'apt',
    "Err:1 http://mirror.test/linux trixie InRelease\n  403  Forbidden [IP: 127.0.0.1 8766]\nE: Failed to fetch http://mirror.test/linux/dists/trixie/InRelease  403  Forbidden [IP: 127.0.0.1 8766]\nE: The repository 'http://mirror.test/linux trixie InRelease' is not signed.",
    'refused',
    'http://mirror.test/linux/dists/trixie/InRelease',
    '403 Forbidden',
  ],
  [
    'apt',
    "E: Failed to fetch http://mirror.test/linux/dists/trixie/InRelease  407  Proxy Authentication Required [IP: 127.0.0.1 8766]\nE: The repository 'http://mirror.test/linux trixie InRelease' is not signed.",
    'refused',
    'http://mirror.test/linux/dists/trixie/InRelease',
    '407 Proxy Authentication Required',
  ],
  [
    'apt',
    'W: Failed to fetch https://mirror.test/linux/dists/trixie/InRelease  Invalid response from proxy: HTTP/1.0 407 Proxy Authentication Required  Server: BaseHTTP/0.6 Python/3.11.7  Date: Fri, 27 Nov 2026 19:07:48 GMT  Connection: close     [IP: 127.0.0.1 8766]\nW: Some index files failed to download. They have been ignored, or old ones used instead.',
    'refused',
    'https://mirror.test/linux/dists/trixie/InRelease',
    '407 Proxy Authentication Required',
  ],
  [
    'apt',
    "Ign:1 http://m.test xia InRelease\nErr:2 http://m.test xia Release\n  404  File not found [IP: 127.0.0.1 8765]\nE: The repository 'http://m.test xia Release' does not have a Release file.",
    'no-release',
    'http://m.test',
    'xia',
  ],
  [
    'apt',
    'E: Failed to fetch http://127.0.0.1:8765/dists/xia/InRelease  404  File not found [IP: 127.0.0.1 8765]\nE: Download Failed',
    'no-release',
    'http://127.0.0.1:8765',
    'xia',
  ],
  [
    'dnf',
    "Errors during downloading metadata for repository 'docker-ce-stable':\n  - Status code: 404 for https://download.docker.com/linux/rhel/9.4/x86_64/stable/repodata/repomd.xml (IP: 13.32.151.28)\nError: Failed to download metadata for repo 'docker-ce-stable': Cannot download repomd.xml: Cannot download repodata/repomd.xml: All mirrors were tried",
    'no-release',
    'https://download.docker.com/linux/rhel/9.4/x86_64/stable',
    '',
  ],
  [
    'apt',
    "W: GPG error: http://m.test trixie InRelease: The following signatures couldn't be verified because the public key is not available: NO_PUBKEY 50045C09FAC0B3C7\nE: The repository 'http://m.test trixie InRelease' is not signed.",
    'signature',
    'http://m.test',
    'NO_PUBKEY 50045C09FAC0B3C7',
  ],
  [
    'apt',
    'W: An error occurred during the signature verification. The repository is not updated and the previous index files will be used. GPG error: http://m.test trixie InRelease: The following signatures were invalid: EXPKEYSIG D24ACDAB27E97277 old <o@t>',
    'signature',
    'http://m.test',
    'EXPKEYSIG D24ACDAB27E97277',
  ],
  [
    'apt',
    "W: OpenPGP signature verification failed: https://apt.vulns.xyz stable InRelease: Sub-process /usr/bin/sqv returned an error code (1), error message is: Missing key 33EBB8A8E1C5653645B1232A45A650E2638C536D, which is needed to verify signature.\nE: The repository 'https://apt.vulns.xyz stable InRelease' is not signed.",
    'signature',
    'https://apt.vulns.xyz',
    'Missing key 33EBB8A8E1C5653645B1232A45A650E2638C536D, which is needed to verify signature',
  ],
  [
    'dnf',
    'Package docker-ce-27.3.1-1.el9.x86_64.rpm is not signed\nError: GPG check FAILED',
    'signature',
    '',
    'Package docker-ce-27.3.1-1.el9.x86_64.rpm is not signed',
  ],
  [
    'apk',
    'WARNING: updating and opening https://m.test/alpine/main: UNTRUSTED signature',
    'signature',
    'https://m.test/alpine/main',
    'UNTRUSTED signature',
  ],
  [
    'apt',
    'W: Failed to fetch https://m.test/debian/dists/trixie/InRelease  Certificate verification failed: The certificate is NOT trusted. The certificate issuer is unknown.  Could not handshake: Error in the certificate verification. [IP: 192.0.2.1 443]',
    'certificate',
    'https://m.test/debian/dists/trixie/InRelease',
    'Certificate verification failed: The certificate is NOT trusted',
  ],
  [
    'apt',
    'W: Failed to fetch http://127.0.0.1:9/linux/debian/dists/xia/InRelease  Could not connect to 127.0.0.1:9 (127.0.0.1). - connect (111: Connection refused)\nW: Some index files failed to download. They have been ignored, or old ones used instead.',
    'unreachable',
    'http://127.0.0.1:9/linux/debian/dists/xia/InRelease',
    'Could not connect to 127.0.0.1:9 (127.0.0.1). - connect (111: Connection refused)',
  ],
  [
    'apt',
    "E: Failed to fetch http://no-such-host.invalid/dists/xia/InRelease  Could not resolve 'no-such-host.invalid'",
    'unreachable',
    'http://no-such-host.invalid/dists/xia/InRelease',
    "Could not resolve 'no-such-host.invalid'",
  ],
  [
    'dnf',
    "Errors during downloading metadata for repository 'docker-ce-stable':\n  - Curl error (35): SSL connect error for https://download.docker.com/linux/centos/10/x86_64/stable/repodata/repomd.xml [Recv failure: Connection reset by peer]",
    'unreachable',
    'https://download.docker.com/linux/centos/10/x86_64/stable/repodata/repomd.xml',
    'SSL connect error',
  ],
  [
    'apk',
    'WARNING: Ignoring http://dl-cdn.alpinelinux.org/alpine/v3.5/main/x86_64/APKINDEX.tar.gz: temporary error (try again later)',
    'unreachable',
    'http://dl-cdn.alpinelinux.org/alpine/v3.5/main/x86_64/APKINDEX.tar.gz',
    'temporary error (try again later)',
  ],
  [
    'apt',
    'The following packages have unmet dependencies:\n docker-ce : Depends: containerd.io (>= 2) but it is not going to be installed\nE: Unable to correct problems, you have held broken packages.',
    'dependencies',
    '',
    'you have held broken packages',
  ],
  [
    'apt',
    "E: Unmet dependencies. Try 'apt --fix-broken install' with no packages (or specify a solution).",
    'dependencies',
    '',
    'Unmet dependencies',
  ],
  [
    'apt',
    'E: Unable to satisfy dependencies. Reached two conflicting assignments:\n   1. openroad:amd64=2.0 is selected for install',
    'dependencies',
    '',
    'Reached two conflicting assignments',
  ],
  ['apt', "E: Version '9' for 'runc' was not found", 'no-package', 'runc', "Version '9'"],
  ['apt', 'E: Unable to locate package docker.io', 'no-package', 'docker.io', ''],
  [
    'apt',
    'E: Failed to fetch http://m.test/debian/pool/main/d/docker.io/docker.io_26.1.5_amd64.deb  404  Not Found [IP: 192.0.2.1 80]\nE: Unable to fetch some archives, maybe run apt-get update or try with --fix-missing?',
    'no-package',
    'http://m.test/debian/pool/main/d/docker.io/docker.io_26.1.5_amd64.deb',
    '404 Not Found',
  ],
  [
    'dnf',
    'All matches were filtered out by exclude filtering for argument: docker-ce\nError: Unable to find a match: docker-ce',
    'no-package',
    'docker-ce',
    'exclude filtering',
  ],
  ['dnf', 'Error: Unable to find a match: docker-ce docker-ce-cli', 'no-package', 'docker-ce', ''],
  [
    'apk',
    'ERROR: unable to select packages:\n  docker (no such package):\n    required by: world[docker]',
    'no-package',
    'docker',
    '',
  ],
];

describe('what a package manager prints when it fails', () => {
  it.each(OUTPUTS)('%s: %j is %s', (_manager, output, kind, what, detail) => {
    expect(packageFailure(output)).toEqual({ kind, what, detail });
  });

  it('is not explained where it is unknown, or no failure', () => {
    expect(packageFailure('')).toBeUndefined();
    expect(packageFailure('Get:1 http://m.test trixie InRelease [761 B]\nReading package lists...')).toBeUndefined();
    expect(packageFailure('Setting up docker.io (26.1.5+dfsg1-9) ...')).toBeUndefined();
  });

  it.each(OUTPUTS.filter(([, , kind]) => kind !== 'locked'))('%s: %j has a cause and a fix', (name, output) => {
    const failure = packageFailure(output);
    if (!failure || failure.kind === 'locked') throw new Error('not explained');
    const error = packageError({ ...failure, kind: failure.kind }, { host: 'n1', manager: { name } });
    expect(error.code).toBe('INSTALL_FAILED');
    expect(error.message).toMatch(/^n1: .{10,}/);
    expect(error.message).toContain(failure.what);
    expect(error.fix).toMatch(/swarmup ssh n1 -- |docker\.repositoryKey/);
  });

  it('is shown without the password of an address', () => {
    const failure = packageFailure("E: Failed to fetch http://me:hidden@m.test/InRelease  Could not resolve 'm.test'");
    if (!failure || failure.kind === 'locked') throw new Error('not explained');
    const error = packageError({ ...failure, kind: failure.kind }, { host: 'n1', manager: { name: 'apt' } });
    expect(error.message).toContain('http://***@m.test/InRelease');
  });

  it('is shown without what could act on a terminal', () => {
    const failure = packageFailure("E: Version '\u001b[31m9' for 'runc' was not found");
    if (!failure || failure.kind === 'locked') throw new Error('not explained');
    const error = packageError({ ...failure, kind: failure.kind }, { host: 'n1', manager: { name: 'apt' } });
    expect(error.message).toBe("n1: its package sources have no runc (Version '\\u001b[31m9')");
  });
});
