import type { OsRelease } from '../../facts/os-release.ts';
import { unheld } from '../../facts/package-holds.ts';
import { warning, type Rule } from './rule.ts';

const firewall: Rule = (host) => {
  const { firewalls } = host.facts.surroundings;
  if (firewalls.length === 0) return [];
  return [
    warning(host, 'firewall', {
      message: `${firewalls.join(' and ')} is on: Docker opens published ports past it, and reloading it removes Docker's rules`,
      fix: 'Restart Docker after each reload of the firewall.',
    }),
  ];
};

const proxy: Rule = (host, { cluster }) => {
  const { proxies } = host.facts.surroundings;
  if (proxies.length === 0 || cluster.docker.proxy !== undefined) return [];
  return [
    warning(host, 'proxy', {
      message: `it is configured with a proxy (${proxies.join(', ')}): the nodes' addresses must be in NO_PROXY, or joining fails with a wrong certificate`,
      fix: 'Set docker.proxy, which excludes the nodes automatically, or remove the proxy from the Docker service.',
    }),
  ];
};

const upgrades: Rule = (host) => {
  const { surroundings, packageHolds, engine, os } = host.facts;
  const loose = unheld(packageHolds);
  const { unattendedUpgrades: programs } = surroundings;
  if (programs.length === 0 || engine === undefined || loose.length === 0) return [];
  return [
    warning(host, 'upgrades', {
      message: `${programs.join(' and ')} ${programs.length === 1 ? 'upgrades' : 'upgrade'} packages unattended, also ${loose.join(', ')}: that may restart Docker on all nodes in the same night`,
      fix: `Hold them: swarmup ssh ${host.node.name} -- sudo ${holdCommand(os)} ${loose.join(' ')}`,
    }),
  ];
};

/** Sources: apt-mark(8); dnf4 and dnf5, versionlock; zypper(8). */
function holdCommand({ families }: OsRelease): string {
  if (families.includes('debian')) return 'apt-mark hold';
  return families.some((family) => /suse|^sles$/.test(family)) ? 'zypper addlock' : 'dnf versionlock add';
}

export const surroundingRules: readonly Rule[] = [firewall, proxy, upgrades];
