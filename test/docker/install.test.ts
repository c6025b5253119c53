import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { DockerSection } from '../../lib/config/model.ts';
import { installDocker } from '../../lib/docker/install.ts';
import { installerOf } from '../../lib/docker/installers.ts';
import { readKeys } from '../../lib/docker/repository-key.ts';
import { osRelease, type OsRelease } from '../../lib/facts/os-release.ts';
import type { Host } from '../../lib/contracts/host.ts';
import { fakeClock } from '../fakes/clock.ts';
import { SwarmupError } from '../../lib/util/errors.ts';
import { strict } from '../fakes/strict.ts';

/** /etc/os-release of each system. */
const SYSTEMS = {
  debian: 'ID=debian\nVERSION_CODENAME=trixie\nPRETTY_NAME="Debian GNU/Linux 13 (trixie)"',
  ubuntu: 'ID=ubuntu\nID_LIKE=debian\nVERSION_CODENAME=noble\nPRETTY_NAME="Ubuntu 24.04.3 LTS"',
  mint: 'ID=linuxmint\nID_LIKE="ubuntu debian"\nVERSION_CODENAME=xia\nPRETTY_NAME="Linux Mint 22.1"\nUBUNTU_CODENAME=noble',
  fedora: 'ID=fedora\nVERSION_ID=42\nPRETTY_NAME="Fedora Linux 42 (Server Edition)"',
  rhel: 'ID="rhel"\nID_LIKE="fedora"\nPRETTY_NAME="Red Hat Enterprise Linux 9.6 (Plow)"',
  rocky: 'ID="rocky"\nID_LIKE="rhel centos fedora"\nPRETTY_NAME="Rocky Linux 9.6 (Blue Onyx)"',
  alma: 'ID="almalinux"\nID_LIKE="rhel centos fedora"\nPRETTY_NAME="AlmaLinux 9.6"',
  amazon: 'ID="amzn"\nID_LIKE="fedora"\nVERSION_ID="2023"\nPRETTY_NAME="Amazon Linux 2023"',
  leap: 'ID="opensuse-leap"\nID_LIKE="suse opensuse"\nPRETTY_NAME="openSUSE Leap 15.6"',
  alpine: 'ID=alpine\nVERSION_ID=3.22.1\nPRETTY_NAME="Alpine Linux v3.22"',
  arch: 'ID=arch\nPRETTY_NAME="Arch Linux"',
} as const;
type System = keyof typeof SYSTEMS;
const os = (system: System): OsRelease => osRelease.parse(SYSTEMS[system]);

describe('the way to install Docker', () => {
  it.each<[System, 'distro' | 'official', string | undefined]>([
    ['debian', 'distro', 'apt docker.io'],
    ['debian', 'official', 'apt docker-ce in debian'],
    ['ubuntu', 'official', 'apt docker-ce in ubuntu'],
    ['mint', 'official', 'apt docker-ce in ubuntu'],
    ['fedora', 'distro', 'dnf moby-engine'],
    ['fedora', 'official', 'dnf docker-ce in fedora'],
    ['rhel', 'distro', undefined],
    ['rhel', 'official', 'dnf docker-ce in rhel'],
    ['rocky', 'official', 'dnf docker-ce in centos'],
    ['alma', 'official', 'dnf docker-ce in centos'],
    ['alma', 'distro', undefined],
    ['amazon', 'distro', 'dnf docker'],
    ['amazon', 'official', undefined],
    ['leap', 'distro', 'zypper docker'],
    ['leap', 'official', undefined],
    ['alpine', 'distro', 'apk docker'],
    ['arch', 'distro', undefined],
  ])('%s from %s: %s', (system, source, expected) => {
    const found = installerOf(os(system), source);
    const text = found && `${found.manager.name} ${found.packages[0]}${found.folder ? ` in ${found.folder}` : ''}`;
    expect(text).toBe(expected);
  });
});

/** What the package managers print when asked for versions: written after the manuals, not recorded. */
const VERSIONS: Readonly<Record<string, string>> = {
  'apt-cache':
    ' docker.io | 26.1.5+dfsg1-9 | http://m.test trixie/main amd64 Packages\n docker.io | 26.1.4+dfsg1-1 | http://m.test trixie/main amd64 Packages\n docker.io | 20.10.24+dfsg1-1 | http://m.test bookworm/main amd64 Packages\n docker-cli | 26.1.5+dfsg1-9 | http://m.test trixie/main amd64 Packages\n docker-ce | 5:27.3.1-1~debian.13~trixie | https://d.test trixie/stable amd64 Packages\n docker-ce-cli | 5:27.3.1-1~debian.13~trixie | https://d.test trixie/stable amd64 Packages\n',
  dnf: 'docker 25.0.6-1.amzn2023.0.2\n\ndocker 25.0.8-1.amzn2023.0.4\nmoby-engine 27.3.1-2.fc42\ndocker-ce 3:26.1.3-1.el9\ndocker-ce 3:27.3.1-1.el9\ndocker-ce-cli 1:27.3.1-1.el9\n',
  zypper:
    'S | Name   | Type    | Version              | Arch   | Repository\n--+--------+---------+----------------------+--------+-----------\n  | docker | package | 27.3.1_ce-150000.1.1 | x86_64 | Updates\n  | docker | package | 24.0.7_ce-150000.2.1 | x86_64 | Main\n',
  apk: 'docker policy:\n  27.3.1-r5:\n    https://a.test/v3.22/community\n  28.3.3-r0:\n    https://a.test/v3.22/community\ndocker-cli policy:\n  27.3.1-r5:\n    https://a.test/v3.22/community\n  28.3.3-r0:\n    https://a.test/v3.22/community\n',
};

/** Docker's own key is not available here; Debian's are on every Debian, in the same format. */
const KEY_FOLDER = '/etc/apt/trusted.gpg.d';
const keyFile = existsSync(KEY_FOLDER)
  ? readdirSync(KEY_FOLDER).find((name) => name.endsWith('bookworm-automatic.asc'))
  : undefined;
const KEY = keyFile === undefined ? '' : readFileSync(`${KEY_FOLDER}/${keyFile}`, 'utf8');
const FINGERPRINT = 'B8B80B5B623EAB6AD8775C45B7C5D7D6350947F8';

/** The answer about the package manager's lock: nobody holds it. */
const FREE = `\nswarmup-facts-${'0'.repeat(36)}\n`;
const INSTALLS = /apt-get install|dnf .* install |zypper .* install|apk add/;
/** Docker's packages after an installation. */
const INSTALLED: Readonly<Partial<Record<System, readonly string[]>>> = {
  debian: ['docker.io', 'docker-cli', 'containerd', 'runc'],
  amazon: ['docker', 'containerd', 'runc'],
  fedora: ['moby-engine', 'docker-cli', 'containerd', 'runc'],
  leap: ['docker', 'containerd', 'runc'],
  alpine: ['docker', 'docker-cli', 'containerd', 'runc'],
};

/** How an installation goes. */
interface Course {
  readonly installed?: boolean;
  /** What reading the lists prints although it succeeds; the lists are empty then. */
  readonly warns?: string;
  /** What a command prints when it fails; undefined for one that succeeds. */
  readonly fails?: (command: string) => string | undefined;
  /** Gets the commands, also when the installation fails. */
  readonly ran?: string[];
}

/** Installs on a host that only records its commands. @returns the commands that change something */
async function commandsOn(
  system: System,
  docker: Partial<DockerSection>,
  { installed: before = false, fails = () => undefined, warns, ran = [] }: Course = {},
): Promise<string[]> {
  const host = strict<Host>('host', {
    name: 'worker1',
    run: async (argv, options = {}) => {
      // Other tests check the echo around a command.
      if (argv.join(' ').includes('/proc/locks')) return { exitCode: 0, stdout: FREE, stderr: '' };
      const inner = argv[0] === 'env' ? argv.slice(argv.findIndex((word) => /^(sh|zypper)$/.test(word))) : argv;
      const plain = inner[0] === 'sh' && inner[3] === 'sh' ? inner.slice(4) : inner;
      const text = plain.filter((word) => !/^(-o|DPkg|APT|Dpkg|Acquire|--no-progress|--wait|600)/.test(word)).join(' ');
      const ok = (stdout = '', exitCode = 0) => ({ exitCode, stdout, stderr: '' });
      if (text === 'cat /var/lib/swarmup/docker.json') return ok('', 1);
      if (/^(dpkg-query|rpm)|apk info|rpm -qa/.test(text)) {
        const installed =
          before || ran.some((one) => INSTALLS.test(one))
            ? ['base-files', ...(INSTALLED[system] ?? [])]
            : ['base-files'];
        return ok(installed.map((name) => `ii ${name}\n`).join(''));
      }
      if (/madison|repoquery|search --details|^apk policy/.test(text))
        return ok(warns === undefined ? VERSIONS[plain[0] ?? ''] : '');
      if (text.startsWith('cat ')) return ok(KEY);
      if (text === 'dpkg --print-architecture') return ok('amd64\n');
      ran.push(
        typeof options.input === 'string' ? `${text} <<< ${options.input.split('\n').slice(0, 3).join('; ')}` : text,
      );
      if (text.startsWith('apt-get update')) warns?.split('\n').forEach((line) => options.onLine?.(line));
      const failure = fails(text);
      if (failure === undefined) return ok();
      if (options.okExit === 'any') return { exitCode: 100, stdout: '', stderr: failure };
      throw new SwarmupError('COMMAND_FAILED', `worker1: '${text}' failed`, { fix: '', output: failure });
    },
  });
  const section = { source: 'distro', daemon: {}, ...docker } as DockerSection;
  await installDocker(host, {
    os: os(system),
    docker: section,
    report: () => undefined,
    signal: new AbortController().signal,
    clock: fakeClock(),
  });
  return ran.filter((text) => !text.includes('/var/lib/swarmup'));
}

describe('installing', () => {
  it.each<[System, string | undefined, string[]]>([
    [
      'debian',
      undefined,
      [
        'apt-get update -q',
        'apt-get install -y -q --no-install-recommends --no-remove --allow-downgrades --allow-change-held-packages docker.io docker-cli',
        'apt-mark hold docker.io docker-cli containerd runc',
      ],
    ],
    [
      'debian',
      '26.1.4',
      [
        'apt-get update -q',
        'apt-get install -y -q --no-install-recommends --no-remove --allow-downgrades --allow-change-held-packages docker.io=26.1.4+dfsg1-1 docker-cli',
        'apt-mark hold docker.io docker-cli containerd runc',
      ],
    ],
    // The names behind versionlock's script.
    ['amazon', undefined, ['dnf -q -y makecache', 'dnf -q -y install docker', 'docker containerd runc']],
    [
      'amazon',
      '25.0.6',
      ['dnf -q -y makecache', 'dnf -q -y install docker-25.0.6-1.amzn2023.0.2', 'docker containerd runc'],
    ],
    [
      'fedora',
      undefined,
      ['dnf -q -y makecache', 'dnf -q -y install moby-engine', 'docker-cli moby-engine containerd runc'],
    ],
    [
      'leap',
      '24.0.*',
      [
        'zypper --non-interactive --quiet refresh',
        'zypper --non-interactive --quiet install --no-recommends --oldpackage docker=24.0.7_ce-150000.2.1',
        'zypper --non-interactive --quiet addlock docker containerd runc',
      ],
    ],
    ['alpine', '27', ['apk update', 'apk add docker=27.3.1-r5 docker-cli=27.3.1-r5', 'true']],
  ])('on %s, version %s', async (system, version, expected) => {
    expect(await commandsOn(system, version === undefined ? {} : { version })).toEqual(expected);
  });

  it('releases the held packages of another version, and holds them again', async () => {
    const ran = await commandsOn('debian', { version: '26.1.4' }, { installed: true });
    expect(ran.map((text) => text.replace(/ -y .* (?=docker\.io=)/, ' '))).toEqual([
      'apt-get update -q',
      'apt-mark unhold docker.io docker-cli containerd runc',
      'apt-get install docker.io=26.1.4+dfsg1-1 docker-cli',
      'apt-mark hold docker.io docker-cli containerd runc',
    ]);
  });

  it('says which source was not reached where apt only warns of it, and so has no packages', async () => {
    const warning =
      "W: Failed to fetch http://m.test/debian/dists/trixie/InRelease  Could not resolve 'm.test'\nW: Some index files failed to download.";
    await expect(commandsOn('debian', {}, { warns: warning })).rejects.toMatchObject({
      code: 'INSTALL_FAILED',
      message: "worker1: it can't reach http://m.test/debian/dists/trixie/InRelease (Could not resolve 'm.test')",
      fix: expect.stringContaining('docker.proxy'),
    });
  });

  it('names the available versions, and the systems that have another source', async () => {
    await expect(commandsOn('leap', { version: '19' })).rejects.toMatchObject({
      code: 'INSTALL_UNSUPPORTED',
      message: 'worker1: its package sources have no docker 19, only 27.3.1_ce-150000.1.1, 24.0.7_ce-150000.2.1',
    });
    await expect(commandsOn('rocky', {})).rejects.toMatchObject({
      code: 'INSTALL_UNSUPPORTED',
      fix: 'Set docker.source: official (and docker.repository).',
    });
    await expect(commandsOn('arch', {})).rejects.toMatchObject({
      fix: 'Install Docker there by hand and set docker.source: preinstalled.',
    });
  });
});

describe("Docker's own repository", () => {
  const official = { source: 'official', repository: 'https://d.test/linux/' } as const;

  it.each<[System, string[]]>([
    [
      'debian',
      [
        'install -d -m 0755 /etc/apt/keyrings',
        '/usr/lib/apt/apt-helper download-file https://d.test/linux/debian/dists/trixie/InRelease /etc/apt/keyrings/docker.asc.release',
        'rm -f /etc/apt/keyrings/docker.asc.release',
        '/usr/lib/apt/apt-helper download-file https://d.test/linux/debian/gpg /etc/apt/keyrings/docker.asc.new',
        'tee /etc/apt/keyrings/docker.asc <<< -----BEGIN PGP PUBLIC KEY BLOCK-----; ; FIRST',
        'rm -f /etc/apt/keyrings/docker.asc.new',
        'tee /etc/apt/sources.list.d/docker.sources <<< Types: deb; URIs: https://d.test/linux/debian; Suites: trixie',
      ],
    ],
    [
      'rocky',
      [
        'install -d -m 0755 /etc/pki/rpm-gpg',
        'curl -fsSL --max-time 60 /etc/pki/rpm-gpg/RPM-GPG-KEY-docker.new https://d.test/linux/centos/gpg',
        'tee /etc/pki/rpm-gpg/RPM-GPG-KEY-docker <<< -----BEGIN PGP PUBLIC KEY BLOCK-----; ; FIRST',
        'rm -f /etc/pki/rpm-gpg/RPM-GPG-KEY-docker.new',
        'tee /etc/yum.repos.d/docker-ce.repo <<< [docker-ce-stable]; name=Docker CE Stable; baseurl=https://d.test/linux/centos/$releasever/$basearch/stable',
      ],
    ],
  ])('is added on %s when its key has the expected fingerprint', async (system, expected) => {
    const ran = await commandsOn(system, { ...official, repositoryKey: FINGERPRINT });
    const [, , first = ''] = readKeys(KEY)?.armored.split('\n') ?? [];
    expect(ran.slice(0, expected.length)).toEqual(expected.map((text) => text.replace('FIRST', first)));
  });

  const noRelease = (command: string) => {
    const [address] = /http\S+Release/.exec(command) ?? [];
    return address && `E: Failed to fetch ${address}  404  Not Found [IP: 192.0.2.1 443]\nE: Download Failed`;
  };

  it('is not added when it has no packages for the codename, and the message names what there is instead', async () => {
    const ran: string[] = [];
    await expect(commandsOn('debian', official, { fails: noRelease, ran })).rejects.toMatchObject({
      code: 'INSTALL_UNSUPPORTED',
      message:
        "worker1: Docker's repository https://d.test/linux/debian has no packages for trixie, which worker1 runs (Debian GNU/Linux 13 (trixie))",
      fix: expect.stringContaining('docker.source: distro'),
    });
    expect(ran.filter((text) => /tee|docker\.sources/.test(text) && !text.includes('swarmup'))).toEqual([]);
    // A derivative has the codename of what it is built from.
    await expect(commandsOn('mint', official, { fails: noRelease })).rejects.toMatchObject({
      message: expect.stringContaining('/ubuntu has no packages for noble, which worker1 runs (Linux Mint 22.1)'),
    });
  });

  it('is added when only the answer about the codename is lost, as apt itself says best what is wrong', async () => {
    const fails = (command: string) =>
      command.includes('InRelease') ? 'E: Failed to fetch https://d.test  Connection timed out' : undefined;
    const ran = await commandsOn('debian', { ...official, repositoryKey: FINGERPRINT }, { fails });
    expect(ran.some((text) => text.startsWith('tee /etc/apt/sources.list.d/docker.sources'))).toBe(true);
  });

  it.each([
    ["E: The repository 'https://d.test/linux/debian trixie Release' does not have a Release file.", true],
    [
      "W: GPG error: https://d.test/linux/debian trixie InRelease: The following signatures couldn't be verified because the public key is not available: NO_PUBKEY 50045C09FAC0B3C7\nE: The repository 'https://d.test/linux/debian trixie InRelease' is not signed.",
      true,
    ],
    ["E: The repository 'https://other.test/debian trixie Release' does not have a Release file.", false],
    ["E: Failed to fetch https://d.test/linux/debian/x  Could not resolve 'd.test'", false],
  ])('is removed again when apt-get update refuses it: %s %s', async (output, removed) => {
    const ran: string[] = [];
    const fails = (command: string) => (command.startsWith('apt-get update') ? output : undefined);
    const installing = commandsOn('debian', { ...official, repositoryKey: FINGERPRINT }, { fails, ran });
    await expect(installing).rejects.toMatchObject({ code: 'INSTALL_FAILED' });
    expect(ran.includes('rm -f /etc/apt/sources.list.d/docker.sources /etc/apt/keyrings/docker.asc')).toBe(removed);
  });

  it('is refused, and its key never put where it is trusted, when the key differs', async () => {
    await expect(commandsOn('debian', official)).rejects.toMatchObject({
      code: 'CHECKSUM_MISMATCH',
      message: expect.stringContaining(
        `is the key ${FINGERPRINT}; expected only 9DC858229FC7DD38854AE2D88D81803C0EBFCD88 or`,
      ),
      fix: expect.stringContaining('docker.repositoryKey'),
    });
  });

  it('has a key with an OpenPGP fingerprint; anything else is not a key', () => {
    expect(readKeys(KEY)?.fingerprints).toEqual([FINGERPRINT]);
    expect(readKeys('<html>not found</html>')).toBeUndefined();
    expect(readKeys('')).toBeUndefined();
  });
});
