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
  if (!host.facts.surroundings.unattendedUpgrades || host.facts.engine === undefined) return [];
  return [
    warning(host, 'upgrades', {
      message: 'unattended upgrades are on: they may restart Docker on all nodes in the same night',
      fix: `Exclude Docker from them: swarmup ssh ${host.node.name} -- sudo apt-mark hold docker.io docker-ce containerd containerd.io`,
    }),
  ];
};

export const surroundingRules: readonly Rule[] = [firewall, proxy, upgrades];
