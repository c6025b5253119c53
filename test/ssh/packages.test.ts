import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, normalize } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../lib/async/clock.ts';
import type { DockerSection } from '../../lib/config/model.ts';
import type { Work } from '../../lib/contracts/context.ts';
import { apt } from '../../lib/docker/apt.ts';
import { installDocker, refresh } from '../../lib/docker/install.ts';
import { packageFailure } from '../../lib/docker/package-failure.ts';
import { runPackages } from '../../lib/docker/package-run.ts';
import { behindProxy } from '../../lib/docker/proxy.ts';
import { readReceipt } from '../../lib/docker/receipt.ts';
import { readKeys } from '../../lib/docker/repository-key.ts';
import { uninstallDocker } from '../../lib/docker/uninstall.ts';
import { gather } from '../../lib/remote/gather-facts.ts';
import { packageHolds, unheld } from '../../lib/facts/package-holds.ts';
import { osRelease } from '../../lib/facts/os-release.ts';
import { SshHost } from '../../lib/remote/ssh.ts';
import { startProxy } from '../support/proxy.ts';
import { guestRoot, startGuestSshd, type GuestSshd } from '../support/guest-sshd.ts';

/**
 * The real package managers, over SSH and sudo, on repositories made for the test: apt, dnf and zypper as Debian packages them,
 * each with an /etc/os-release of its own distribution. The packages don't contain Docker; the test is about how they are found,
 * chosen, verified, held and removed.
 */
const never = new AbortController().signal;
// apt reads the lists of all of Debian, which takes its time on a busy machine.
vi.setConfig({ testTimeout: 300_000 });
const makeRepositories = readFileSync(new URL('../support/make-repositories.sh', import.meta.url), 'utf8');

let root: string;
let guest: GuestSshd;
let host: SshHost;
let repositories: Server;
let address: string;

beforeAll(async () => {
  const cached = await guestRoot('packages', {
    packages: [
      'apt-utils',
      'ca-certificates',
      'createrepo-c',
      'curl',
      'dnf',
      'dnf-plugins-core',
      'file',
      'gpg',
      'gpg-agent',
      'rpm',
      'zypper',
    ],
    files: {
      '/srv/make-repositories.sh': makeRepositories,
      // Debian lacks what they need: one requires signed packages in a folder, the other systemd's Python library.
      '/etc/dnf/plugins/local.conf': '[main]\nenabled = False\n',
      '/etc/dnf/plugins/system_upgrade.conf': '[main]\nenabled = False\n',
      '/etc/dnf/vars/releasever': '9\n',
    },
    commands: [
      ['mkdir', '-p', '/etc/products.d', '/etc/yum.repos.d', '/etc/zypp/repos.d'],
      ['sh', '/srv/make-repositories.sh'],
    ],
  });
  root = mkdtempSync(join(tmpdir(), 'swarmup-packages-'));
  execFileSync('cp', ['-a', '--reflink=auto', `${cached}/.`, root]);
  guest = await startGuestSshd(root);
  host = await SshHost.connect('worker1', guest.endpointOf('free'), { emit: () => undefined, signal: never });
  repositories = serve(join(root, 'srv/linux')).listen(0, '127.0.0.1');
  await once(repositories, 'listening');
  address = `http://127.0.0.1:${(repositories.address() as AddressInfo).port}`;
});
afterAll(() => {
  host.close();
  guest.stop();
  repositories.close();
  rmSync(root, { recursive: true, force: true });
});

function serve(folder: string): Server {
  return createServer((request, response) => {
    try {
      response.end(readFileSync(join(folder, normalize(decodeURIComponent(request.url ?? '/')))));
    } catch {
      response.writeHead(404).end();
    }
  });
}

const put = (path: string, text: string) => writeFileSync(join(root, path), text);
const sh = async (script: string) => (await host.run(['sh', '-c', script])).stdout;

/** Makes the system identify as another, with its repository. */
function become(id: string, more: { readonly like?: string; readonly repository?: string } = {}): void {
  put('/etc/os-release', `ID=${id}\nID_LIKE="${more.like ?? ''}"\nVERSION_CODENAME=trixie\nPRETTY_NAME="${id}"\n`);
  const repository = `[${id}]\nname=${id}\nbaseurl=file:///srv/${more.repository ?? 'base'}\ngpgcheck=0\nenabled=1\n`;
  put(more.repository === 'suse' ? '/etc/zypp/repos.d/own.repo' : '/etc/yum.repos.d/own.repo', repository);
}

async function install(docker: Partial<DockerSection> = {}): Promise<void> {
  const { os } = await gather(host, { os: osRelease }, never);
  const section: DockerSection = { source: 'distro', daemon: {}, noProxy: [], ...docker };
  await installDocker(behindProxy(host, { docker: section, nodes: [] }), {
    os,
    docker: section,
    ...work(),
  });
}

/** @param onReport gets what is being done */
function work(onReport: (detail: string) => void = () => undefined): Work {
  return { report: onReport, signal: never, clock: systemClock };
}

/** What swarmup sees of the packages on the host. */
const holds = async () => (await gather(host, { packageHolds }, never)).packageHolds;

async function uninstall(): Promise<void> {
  const receipt = await readReceipt(host, never);
  if (receipt) await uninstallDocker(host, receipt, work());
}

const rpms = () => sh("rpm -qa --queryformat '%{NAME} %{EVR}\\n' | sort");
/** The installed engines, of any kind. */
const ENGINES =
  "{ rpm -q docker-ce; dpkg-query -W -f '${Status} ${Package}\\n' docker-ce; } 2>/dev/null | grep -E '^(docker|install|hold)' || true";
const BASE = 'base-system 1-1\n';

describe('installing with dnf', () => {
  afterEach(uninstall);

  it('gets Fedora’s newest packages, which can be uninstalled', async () => {
    become('fedora', { repository: 'fedora' });
    await install();
    expect(await rpms()).toBe(`base-system 1-1\ndocker-cli 27.3.1-2.fc42\nmoby-engine 27.3.1-2.fc42\nrunc 1.2.6-1\n`);
    await uninstall();
    expect(await rpms()).toBe(BASE);
  });

  it('refuses a missing version, and lists the available ones', async () => {
    become('amzn', { like: 'fedora', repository: 'amazon' });
    await expect(install({ version: '19.03' })).rejects.toMatchObject({
      code: 'INSTALL_UNSUPPORTED',
      message: expect.stringContaining('25.0.8-1.amzn2023.0.4, 25.0.6-1.amzn2023.0.2'),
    });
  });
});

describe('installing from a repository with Docker’s layout', () => {
  afterEach(uninstall);
  const key = () => readKeys(readFileSync(join(root, 'srv/gpg'), 'utf8'))?.fingerprints[0] ?? '';
  const official = (more: Partial<DockerSection> = {}): Partial<DockerSection> => ({
    source: 'official',
    repository: address,
    repositoryKey: key(),
    ...more,
  });

  it('verifies packages on a Red Hat relative, and uninstalling removes them with the key', async () => {
    become('rocky', { like: 'rhel centos fedora' });
    await install(official({ version: '26.1.3' }));
    const installed = await rpms();
    expect(installed).toContain('docker-ce 3:26.1.3-1.el9\n');
    expect(installed).toContain('containerd.io 1.7.27-3.1.el9\n');
    expect(installed).toContain('gpg-pubkey');
    await uninstall();
    expect(await rpms()).toBe(BASE);
    expect(await sh('ls /etc/yum.repos.d /etc/pki/rpm-gpg')).not.toContain('docker');
  });

  it('keeps a conflicting package on a Red Hat relative, and reports it', async () => {
    become('rocky', { like: 'rhel centos fedora' });
    await sh('dnf -q -y install runc');
    await expect(install(official())).rejects.toMatchObject({
      code: 'INSTALL_CONFLICT',
      message: expect.stringContaining("can't be installed beside runc-1.2.6-1.x86_64"),
    });
    expect(await rpms()).toBe(`${BASE}runc 1.2.6-1\n`);
    await sh('rpm --erase runc');
  });

  it('keeps a conflicting package on Debian, and reports it', async () => {
    become('debian');
    await sh('dpkg --install /srv/base/runc_*.deb');
    await expect(install(official())).rejects.toMatchObject({
      code: 'INSTALL_CONFLICT',
      fix: expect.stringMatching(/sudo apt-get remove runc$/),
    });
    expect(await sh("dpkg-query -W -f '${Status}' runc")).toBe('install ok installed');
    await sh('dpkg --purge runc');
  });

  it('gets packages from a signed list on Debian, and holds the pinned version', async () => {
    become('debian');
    await install(official({ version: '26.1.3' }));
    const colons = 'gpg --homedir /srv/gnupg --batch --with-colons';
    const trusted = await sh(`${colons} --show-keys /etc/apt/keyrings/docker.asc`);
    expect(trusted.match(/^pub:/gm)).toHaveLength(1);
    // The list is signed by a subkey of the key in the cluster file, as Docker's own is.
    const signed = await sh(`${colons} --status-fd 1 --verify /srv/linux/debian/dists/trixie/InRelease 2>/dev/null`);
    expect(signed).toMatch(new RegExp(`VALIDSIG (?!${key()})[0-9A-F]{40} .* ${key()}$`, 'm'));
    const version = "dpkg-query -W -f '${Version}' docker-ce";
    expect(await sh(version)).toBe('5:26.1.3-1~debian.13~trixie');
    await sh('DEBIAN_FRONTEND=noninteractive apt-get -y -q dist-upgrade');
    expect(await sh(version)).toBe('5:26.1.3-1~debian.13~trixie');
    // Together with containerd, whose upgrade would stop the containers too.
    expect(await sh('apt-mark showhold')).toBe('containerd.io\ndocker-ce\ndocker-ce-cli\n');
    const names = ['docker-ce', 'docker-ce-cli', 'containerd.io'];
    expect(await holds()).toEqual({
      manager: 'apt',
      installed: expect.toSatisfy((found: string[]) => names.every((name) => found.includes(name))),
      held: expect.toSatisfy((found: string[]) => names.every((name) => found.includes(name))),
    });
    await sh('apt-mark unhold containerd.io');
    expect(unheld(await holds())).toEqual(['containerd.io']);
    await uninstall();
    expect(await sh(ENGINES)).toBe('');
    expect(await sh('apt-mark showhold')).toBe('');
    expect(await sh('ls /etc/apt/sources.list.d /etc/apt/keyrings')).not.toContain('docker');
  });

  it.each([
    ['debian', {}, 'ok installed'],
    ['rocky', { like: 'rhel centos fedora' }, 'docker-ce-27.3.1'],
  ])('works on %s through a proxy', async (id, more, installed) => {
    become(id, more);
    const proxy = await startProxy({ 'packages.test': new URL(address).host });
    try {
      await install(official({ repository: 'http://packages.test', proxy: `http://127.0.0.1:${proxy.port}` }));
    } finally {
      proxy.stop();
    }
    expect(proxy.asked).toContain('packages.test');
    expect(await sh(ENGINES)).toContain(installed);
  });

  it.each([
    ['debian', {}],
    ['rocky', { like: 'rhel centos fedora' }],
  ])('is refused on %s when the key differs, and nothing is installed', async (id, more) => {
    become(id, more);
    await expect(install(official({ repositoryKey: 'A'.repeat(40) }))).rejects.toMatchObject({
      code: 'CHECKSUM_MISMATCH',
      message: expect.stringContaining(key()),
    });
    expect(await sh(ENGINES)).toBe('');
  });

  it.each([
    ['debian', {}, 'debian'],
    ['rocky', { like: 'rhel centos fedora' }, 'centos'],
  ])(
    'is refused on %s when the key file holds a stranger’s key too, and nothing trusts that key',
    async (id, more, name) => {
      become(id, more);
      const file = join(root, `srv/linux/${name}/gpg`);
      const right = readFileSync(file, 'utf8');
      const both = await sh('for home in gnupg stranger; do gpg --homedir /srv/$home --export; done | base64 -w 64');
      const inOne = `-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n${both}\n-----END PGP PUBLIC KEY BLOCK-----\n`;
      try {
        for (const text of [right + readFileSync(join(root, 'srv/stranger.asc'), 'utf8'), inOne]) {
          writeFileSync(file, text);
          await expect(install(official())).rejects.toMatchObject({ code: 'CHECKSUM_MISMATCH' });
          expect(await sh(ENGINES)).toBe('');
          expect(await sh('ls /etc/apt/keyrings /etc/pki/rpm-gpg 2>/dev/null || true')).not.toMatch(/docker/);
        }
      } finally {
        writeFileSync(file, right);
      }
    },
  );

  it('is refused on Debian when the list was changed after it was signed', async () => {
    become('debian');
    const list = join(root, 'srv/linux/debian/dists/trixie/InRelease');
    const text = readFileSync(list, 'utf8');
    await sh('rm -f /var/lib/apt/lists/127.0.0.1*');
    writeFileSync(list, text.replace('Suite: trixie', 'Suite: forged'));
    try {
      await expect(install(official())).rejects.toMatchObject({
        code: 'INSTALL_FAILED',
        message: expect.stringContaining(`the signature of ${address}/debian can't be verified`),
        output: expect.stringContaining('Verifying signature'),
      });
      expect(await sh(ENGINES)).toBe('');
      // Otherwise apt would refuse every later update of the host.
      expect(await sh('ls /etc/apt/sources.list.d')).not.toContain('docker');
    } finally {
      writeFileSync(list, text);
    }
  });

  it('is not added on Debian when it has no packages for the codename', async () => {
    become('debian');
    put('/etc/os-release', 'ID=debian\nVERSION_CODENAME=xia\nPRETTY_NAME="Debian Xia"\n');
    await expect(install(official())).rejects.toMatchObject({
      code: 'INSTALL_UNSUPPORTED',
      message: `worker1: Docker's repository ${address}/debian has no packages for xia, which worker1 runs (Debian Xia)`,
      fix: expect.stringContaining('docker.source: distro'),
    });
    expect(await sh('ls /etc/apt/sources.list.d /etc/apt/keyrings')).not.toContain('docker');
  });

  it('is not asked for its codename on Debian while nothing answers, which is explained', async () => {
    become('debian');
    await expect(install(official({ repository: 'http://127.0.0.1:9' }))).rejects.toMatchObject({
      code: 'DOWNLOAD_FAILED',
      output: expect.stringContaining('Could not connect to 127.0.0.1:9'),
    });
  });

  it('is refused on a Red Hat relative when packages are not signed', async () => {
    become('rocky', { like: 'rhel centos fedora' });
    const stable = `/srv/linux/centos/9/${(await sh('uname -m')).trim()}/stable`;
    await sh(`cp -a ${stable} /srv/kept && cd ${stable} && rpmsign --delsign *.rpm && createrepo_c -q .`);
    try {
      await expect(install(official())).rejects.toMatchObject({
        code: 'INSTALL_FAILED',
        message: expect.stringMatching(
          /signature of its package source can't be verified \(Package .* is not signed\)/,
        ),
        output: expect.stringContaining('is not signed'),
      });
      expect(await sh(ENGINES)).toBe('');
    } finally {
      await sh(`rm -rf ${stable} && mv /srv/kept ${stable}`);
    }
  });
});

/** Takes a lock as apt does, under the name of a program. Arguments: the name, the file. */
const HOLDER = `$0 = shift; open(F, '+>>', shift) or die; use Fcntl;
$l = pack('s s x4 q q i x4', F_WRLCK, 0, 0, 0, 0); fcntl(F, F_SETLK, $l) or die; $| = 1; print "held $$\\n"; sleep 600`;

describe('an apt that another program keeps busy', () => {
  /** Holds a lock until its process ends. @returns the process ID */
  async function hold(name: string, file: string): Promise<string> {
    const start =
      'rm -f /run/holder; setsid perl -e "$1" "$2" "$3" >/run/holder 2>&1 & until grep -q held /run/holder; do kill -0 $! || exit; done';
    await host.run(['sh', '-c', start, 'sh', HOLDER, name, file]);
    return (await sh("sed -n 's/^held //p' /run/holder")).trim();
  }

  it.each([
    ['apt-get', '/var/lib/apt/lists/lock'],
    ['apt-get', '/var/cache/apt/archives/lock'],
    ['unattended-upgr', '/var/lib/dpkg/lock-frontend'],
  ])('is waited for when %s holds %s', async (program, file) => {
    const pid = await hold(program, file);
    const waiting = `waiting: ${program} (process ${pid}) holds ${file}`;
    const seen: string[] = [];
    const onReport = (detail: string) => {
      seen.push(detail);
      if (detail === waiting) void host.run(['kill', pid], { okExit: 'any' });
    };
    await refresh(host, apt, work(onReport));
    expect(seen.slice(0, 2)).toEqual(['reading the package lists', waiting]);
  });

  it('fails at once by itself, and with words that are understood', async () => {
    const pid = await hold('apt-get', '/var/lib/apt/lists/lock');
    const { exitCode, stdout, stderr } = await host.run(apt.refresh, { okExit: 'any' });
    expect(exitCode).toBe(100);
    expect(packageFailure(stdout + stderr)).toMatchObject({ kind: 'locked', what: '/var/lib/apt/lists/lock' });
    await host.run(['kill', pid]);
  });

  it('is repaired after an installation that was interrupted', async () => {
    const left = "sed -n '/^Package: bash$/,/^$/p' /var/lib/dpkg/status >/var/lib/dpkg/updates/0001";
    await sh(left);
    const install = ['apt-get', 'install', '-y', '-q', 'bash'];
    const { stdout, stderr } = await host.run(install, { okExit: 'any' });
    expect(packageFailure(stdout + stderr)?.kind).toBe('interrupted');
    const seen: string[] = [];
    await runPackages(
      host,
      { manager: apt, argv: install, fix: '' },
      work((detail) => seen.push(detail)),
    );
    expect(seen).toEqual(['completing an interrupted installation']);
    expect(await sh('ls /var/lib/dpkg/updates')).toBe('');
  });
});

describe('a pinned version', () => {
  afterEach(uninstall);

  it.each([
    {
      manager: 'dnf',
      id: 'amzn',
      more: { like: 'fedora', repository: 'amazon' },
      older: { version: '25.0.6', installed: 'docker 25.0.6-1.amzn2023.0.2\n' },
      newer: { version: '25.0.8', installed: 'docker 25.0.8-1.amzn2023.0.4\n' },
      upgrade: 'dnf -q -y upgrade',
      locks: 'dnf -q versionlock list',
      nothingHeld: /^$/,
    },
    {
      manager: 'zypper',
      id: 'opensuse-leap',
      more: { like: 'suse opensuse', repository: 'suse' },
      older: { version: '24.0', installed: 'docker 24.0.7_ce-150000.2.1\n' },
      newer: { version: '27.3.1', installed: 'docker 27.3.1_ce-150000.1.1\n' },
      upgrade: 'zypper --non-interactive --quiet update',
      locks: 'zypper --quiet locks',
      nothingHeld: /^(?!.*docker)/s,
    },
  ])(
    'is held by $manager, can be upgraded and downgraded, and is released afterwards',
    async (one) => {
      become(one.id, one.more);
      for (const { version, installed } of [one.older, one.newer, one.older]) {
        await install({ version });
        expect(await rpms()).toContain(installed);
        await sh(one.upgrade);
        expect(await rpms()).toContain(installed);
        expect(await holds()).toMatchObject({ manager: one.manager, held: expect.arrayContaining(['docker']) });
      }
      await uninstall();
      expect(await sh(one.locks)).toMatch(one.nothingHeld);
      expect(await rpms()).toBe(BASE);
    },
    300_000,
  );
});
