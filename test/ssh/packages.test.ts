import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, normalize } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { DockerSection } from '../../lib/config/model.ts';
import { installDocker } from '../../lib/docker/install.ts';
import { behindProxy } from '../../lib/docker/proxy.ts';
import { readReceipt } from '../../lib/docker/receipt.ts';
import { readKeys } from '../../lib/docker/repository-key.ts';
import { uninstallDocker } from '../../lib/docker/uninstall.ts';
import { gather } from '../../lib/remote/gather-facts.ts';
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
    report: () => undefined,
    signal: never,
  });
}

async function uninstall(): Promise<void> {
  const receipt = await readReceipt(host, never);
  if (receipt) await uninstallDocker(host, receipt, never);
}

const rpms = () => sh("rpm -qa --queryformat '%{NAME} %{EVR}\\n' | sort");
/** The installed engines, of any kind. */
const ENGINES =
  "{ rpm -q docker-ce; dpkg-query -W -f '${Status} ${Package}\\n' docker-ce; } 2>/dev/null | grep -E '^(docker|install)' || true";
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
    await uninstall();
    expect(await sh(ENGINES)).toBe('');
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
        code: 'COMMAND_FAILED',
        output: expect.stringContaining('Verifying signature'),
      });
      expect(await sh(ENGINES)).toBe('');
    } finally {
      writeFileSync(list, text);
    }
  });

  it('is refused on a Red Hat relative when packages are not signed', async () => {
    become('rocky', { like: 'rhel centos fedora' });
    const stable = `/srv/linux/centos/9/${(await sh('uname -m')).trim()}/stable`;
    await sh(`cp -a ${stable} /srv/kept && cd ${stable} && rpmsign --delsign *.rpm && createrepo_c -q .`);
    try {
      await expect(install(official())).rejects.toMatchObject({
        code: 'COMMAND_FAILED',
        output: expect.stringContaining('is not signed'),
      });
      expect(await sh(ENGINES)).toBe('');
    } finally {
      await sh(`rm -rf ${stable} && mv /srv/kept ${stable}`);
    }
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
  ])('is held by $manager, can be upgraded and downgraded, and is released afterwards', async (one) => {
    become(one.id, one.more);
    for (const { version, installed } of [one.older, one.newer, one.older]) {
      await install({ version });
      expect(await rpms()).toContain(installed);
      await sh(one.upgrade);
      expect(await rpms()).toContain(installed);
    }
    await uninstall();
    expect(await sh(one.locks)).toMatch(one.nothingHeld);
    expect(await rpms()).toBe(BASE);
  });
});
