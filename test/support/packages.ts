import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import { delimiter, join } from 'node:path';

/** A program in each package, whose presence shows that it is installed. */
const PROGRAMS: Readonly<Record<string, string>> = {
  'openssh-client': 'ssh',
  'openssh-server': 'sshd',
  mmdebstrap: 'mmdebstrap',
  curl: 'curl',
  chromium: 'chromium',
  'qemu-utils': 'qemu-img',
  iproute2: 'ip',
  'perl-base': 'perl',
  'python3-minimal': 'python3',
  'apache2-utils': 'htpasswd',
  ansible: 'ansible-playbook',
  openssl: 'openssl',
  iptables: 'iptables',
  nftables: 'nft',
  ethtool: 'ethtool',
};

/** Installs missing system packages that the tests need, as root: on a fresh CI machine. */
export function needPackages(...packages: readonly string[]): void {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  const missing = packages.filter(
    (name) => !folders.some((folder) => existsSync(join(folder, PROGRAMS[name] ?? name))),
  );
  if (missing.length === 0) return;
  if (userInfo().uid !== 0) throw new Error(`these tests need the packages ${missing.join(', ')}: install them first`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  // Parallel tests would collide: apt doesn't wait for another apt.
  const apt = (...argv: string[]) =>
    execFileSync('flock', ['/run/swarmup-tests.lock', 'apt-get', ...argv], { env, stdio: 'ignore' });
  apt('update', '-q');
  apt('install', '-y', '-q', '--no-install-recommends', ...missing);
}
