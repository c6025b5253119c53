import type { Finding, Surveyed } from '../../contracts/preflight.ts';
import { fatal, warning, type Rule } from './rule.ts';

/** The oldest supported engine: API 1.41. */
const OLDEST = '20.10';

/** Engines that can't form a swarm, or only with limitations. */
const KINDS: Readonly<Record<string, (host: Surveyed) => Finding>> = {
  rootless: (host) =>
    fatal(host, 'engine', {
      message: 'its Docker is rootless, which has no overlay networks: it cannot be a node of a swarm',
      fix: `Stop it (swarmup ssh ${host.node.name} -- systemctl --user disable --now docker), and let swarmup install a regular Docker beside it.`,
    }),
  podman: (host) =>
    fatal(host, 'engine', {
      message: 'its `docker` is Podman, which has no swarm mode',
      fix: `Remove podman-docker: swarmup ssh ${host.node.name} -- sudo dnf remove podman-docker`,
    }),
  snap: (host) =>
    warning(host, 'engine', {
      message:
        "its Docker is a snap: it can access only home folders, so that Portainer's agent finds no volumes, and it restarts when snaps update",
      fix: `Use the distribution package instead: swarmup ssh ${host.node.name} -- sudo snap remove docker; then 'swarmup up'.`,
    }),
};

const kind: Rule = (host) => {
  const find = KINDS[host.facts.engine?.kind ?? ''];
  return find ? [find(host)] : [];
};

const age: Rule = (host) => {
  const version = host.facts.engine?.version ?? '';
  const number = (text: string) =>
    text
      .split('.')
      .slice(0, 2)
      .reduce((sum, part) => sum * 1000 + (parseInt(part, 10) || 0), 0);
  if (version === '' || number(version) >= number(OLDEST)) return [];
  return [
    warning(host, 'engine', {
      message: `its Docker ${version} is older than ${OLDEST}, the oldest that swarmup supports`,
      fix: 'Upgrade it, or pin docker.version.',
    }),
  ];
};

/** Keys of daemon.json that are incompatible with a swarm. */
const daemonJson: Rule = (host, { cluster }) => {
  const { daemon } = host.facts;
  const fix = (what: string) => `${what}: swarmup ssh ${host.node.name} -- sudoedit /etc/docker/daemon.json`;
  if ('invalid' in daemon)
    return [
      fatal(host, 'daemon-json', {
        message: `/etc/docker/daemon.json is invalid, so that the engine can't start: ${daemon.invalid}`,
        fix: fix('Repair it'),
      }),
    ];
  const values: Readonly<Record<string, unknown>> = { ...daemon.values, ...cluster.docker.daemon };
  const found = [];
  if (values['live-restore'] === true)
    found.push(
      fatal(host, 'daemon-json', {
        message: 'daemon.json has live-restore, with which the engine refuses swarm mode',
        fix: fix('Remove it'),
      }),
    );
  if (values['hosts'] !== undefined && host.facts.platform.init === 'systemd')
    found.push(
      warning(host, 'daemon-json', {
        message:
          'daemon.json has hosts, and so has the systemd unit (-H fd://): the engine does not start with both, unless the unit was changed',
        fix: fix('Remove it, or override ExecStart'),
      }),
    );
  if (values['firewall-backend'] === 'nftables')
    found.push(
      fatal(host, 'daemon-json', {
        message: 'daemon.json has firewall-backend: nftables, with which the engine refuses swarm mode',
        fix: fix('Remove it, or set iptables'),
      }),
    );
  return found;
};

const foreignSwarm: Rule = (host, survey) => {
  const { engine } = host.facts;
  if (!engine || engine.swarm.state === 'inactive') return [];
  const ours = survey.members.get(host.node.name);
  const { clusterId, state } = engine.swarm;
  if (ours === true && state === 'error')
    return [
      warning(host, 'swarm', {
        message: "its engine doesn't take part in the swarm: the certificate on its disk has expired",
        fix: `'swarmup up' makes it leave and join again while a manager works. If the certificates of all managers have expired: swarmup recover.`,
      }),
    ];
  if (ours === true) return [];
  return [
    fatal(host, 'swarm', {
      message: `it belongs to another swarm${clusterId ? ` (${clusterId})` : ''}${state === 'active' ? '' : `, in state ${state}`}; swarmup never leaves a swarm that is not this cluster's`,
      fix: `If that swarm is no longer needed: swarmup ssh ${host.node.name} -- sudo docker swarm leave --force. To keep it: 'swarmup import swarm --manager HOST' writes a cluster file for it.`,
    }),
  ];
};

export const engineRules: readonly Rule[] = [kind, age, daemonJson, foreignSwarm];
