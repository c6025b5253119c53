import type { Link } from '../contracts/preflight.ts';
import { SwarmupError } from '../util/errors.ts';

/** Two nodes between which a join failed, and the probes between them in both directions. */
export interface FailedPair {
  /** The node that was to join. */
  readonly node: string;
  /** The address that it advertises, and the managers' port. */
  readonly address: string;
  readonly port: number;
  readonly leader: string;
  readonly links: readonly Link[];
}

/** What each direction between a joining node and the leader lets through, in words; empty when nothing is blocked. Pure. */
export function blockedBetween({ node, leader, address, port, links }: FailedPair): string {
  const whole = links.filter(({ packetBytes }) => packetBytes === undefined);
  const failed = whole.filter(({ result }) => result === 'failed');
  if (failed.length === 0) return '';
  const told = [
    [leader, node],
    [node, leader],
  ].map(([from = '', to = '']) => {
    const own = failed.filter((link) => link.from === from && link.to === to);
    if (own.length === 0) return whole.some((link) => link.from === from) ? `${from} reaches ${to}` : '';
    const at = to === node ? ` at ${address}` : '';
    const ports = own.map((link) => `${link.port}/${link.protocol}`).join(', ');
    const reasons = [...new Set(own.map(({ reason }) => reason.toLowerCase()))].join(', ');
    const manages = own.some((link) => link.port === port && link.protocol === 'tcp');
    const leads = from === leader && manages ? ', which is the leader and has to,' : '';
    return `${from}${leads} can't reach ${to}${at} on ${ports} (${reasons})`;
  });
  return told.filter((one) => one !== '').join('; ');
}

/**
 * The error of a join that failed because the leader couldn't connect to the address that the node advertises. Source:
 * swarmkit, manager/state/raft, checkHealth: it has 5 s. Pure.
 */
export function dialBackFailed(pair: FailedPair, cause: unknown): SwarmupError {
  const { node, leader, address, port, links } = pair;
  const back = links.find(
    (link) => link.from === leader && link.to === node && link.protocol === 'tcp' && link.port === port,
  );
  const refused = `${node} can't become a manager: the leader ${leader} couldn't connect to ${address}:${port}, which ${node} advertises`;
  const blocked = blockedBetween(pair);
  if (blocked !== '') return joinFailed(`${refused}. Probes now: ${blocked}`, pair, cause);
  if (back?.result === 'ok')
    return new SwarmupError('JOIN_FAILED', `${refused}, within 5 s; a probe on the same way arrives now`, {
      fix: `${node}'s engine was slow to answer, or something let the connection through only now. Run again: swarmup up`,
      cause,
      transient: true,
    });
  return joinFailed(`${refused}, and it couldn't be probed why${back ? `: ${back.reason}` : ''}`, pair, cause);
}

/** A join that failed although the engine's own words name no cause, when a port between the two is blocked. Pure. */
export function joinFailed(
  message: string,
  { node, leader, address, links }: FailedPair,
  cause: unknown,
): SwarmupError {
  const failed = links.filter(({ result, packetBytes }) => result === 'failed' && packetBytes === undefined);
  const at = failed.some(({ to }) => to === node) || failed.length === 0 ? node : leader;
  const ports = [...new Set(failed.filter(({ to }) => to === at).map((link) => `${link.port}/${link.protocol}`))];
  const open = (ports.length > 0 ? ports : ['2377/tcp']).map((one) => `--add-port=${one}`).join(' ');
  const on = `swarmup ssh ${at} -- sudo`;
  const elsewhere =
    at === node
      ? ` If ${leader} reaches ${node} at another address than ${address}, set it: advertise at this node.`
      : '';
  return new SwarmupError('JOIN_FAILED', message, {
    fix: `See what ${at} drops: ${on} nft list ruleset (or iptables -S). Open the ports, with firewalld: ${on} sh -c 'firewall-cmd --permanent ${open} && firewall-cmd --reload', with ufw: ${on} ufw allow ${ports[0] ?? '2377/tcp'}. Otherwise a security group or a router is between them.${elsewhere} Then run again: swarmup up`,
    cause,
    transient: false,
  });
}
