import type { ErrorCode } from '../util/errors.ts';

/** One of the refusals of Docker's swarm mode. */
export interface Row {
  /** In the engine's message, which often has several layers around the cause. */
  readonly words: RegExp;
  readonly code?: ErrorCode;
  /** @param node the one whose engine answered; @param found what `words` matched, with its groups */
  readonly because: (node: string, found: RegExpExecArray) => string;
  readonly fix: (node: string, found: RegExpExecArray) => string;
  /** It passes by itself, so the unit is retried. */
  readonly transient?: true;
}

const log = (node: string) => `swarmup ssh ${node} -- sudo journalctl -u docker -n 50`;
const STATUS = 'See who is reachable: swarmup status.';

/**
 * The refusals that Docker's swarm mode is known for, the more specific ones first. The words are those of moby
 * (daemon/cluster) and swarmkit (ca, node, manager/controlapi, manager/state/raft), and of Go's net and crypto/x509.
 */
export const ROWS: readonly Row[] = [
  {
    words: /could not connect to prospective new cluster member using its advertised address/,
    code: 'JOIN_FAILED',
    because: (node) => `the swarm's leader can't connect to the address that ${node} advertises`,
    fix: (node) =>
      `A manager must be reachable on 2377/tcp. Check who reaches whom: swarmup doctor; then ${node}'s firewall: swarmup ssh ${node} -- sudo nft list ruleset (or iptables -S). If the others reach it at another address, set advertise at this node.`,
  },
  {
    words: /remote CA does not match fingerprint/,
    code: 'SWARM_FOREIGN',
    because: () => 'the manager at the address to join has another root certificate than the join token names',
    fix: () =>
      "The address belongs to a manager of another swarm, or the root certificate was just replaced. Compare the managers' clusters: swarmup exec --role manager -- sudo docker info --format '{{.Swarm.Cluster.ID}}'",
  },
  {
    words: /Swarm certificates have expired|not valid after ([^,]+, \d[^,]+), and it is currently/,
    code: 'SWARM_CERTIFICATE',
    because: (node, [, since]) =>
      since === undefined
        ? `the swarm's certificate of ${node} has expired`
        : `a swarm certificate that ${node} uses expired on ${since}`,
    fix: (node) =>
      `If its clock is right (swarmup ssh ${node} -- date -u): while a manager works, 'swarmup up' makes the node leave and join again; when the certificates of all managers have expired, 'swarmup recover' rebuilds the swarm from one of them.`,
  },
  {
    words: /not valid before ([^,]+, \d[^,]+), and it is currently|current time \S+ is before (\S+)/,
    code: 'SWARM_CERTIFICATE',
    because: (node, [, from, before]) =>
      `the swarm's certificates aren't valid on ${node} before ${from ?? before}: its clock is behind`,
    fix: clockFix,
  },
  {
    words: /certificate has expired or is not yet valid/,
    code: 'SWARM_CERTIFICATE',
    because: (node) => `by the clock of ${node}, a certificate of the swarm has expired or isn't valid yet`,
    fix: clockFix,
  },
  {
    words: /certificate is not valid for any names|certificate is valid for .*, not swarm-(ca|manager|worker)/,
    code: 'JOIN_FAILED',
    because: (node) =>
      `something between ${node} and the manager answers with a certificate of its own, such as a proxy`,
    fix: (node) =>
      `Exclude the managers' addresses from the engine's proxy: docker.noProxy in the cluster file, or NO_PROXY where the proxy was set by hand: swarmup ssh ${node} -- systemctl show docker -p Environment`,
  },
  {
    words: /invalid join token|A valid join token is necessary to join this cluster/,
    code: 'JOIN_FAILED',
    because: () => 'the managers do not accept the join token, not even a newly read one',
    fix: () =>
      "The token was rotated meanwhile, or the address belongs to another swarm. Run 'swarmup up' again; it reads the token again.",
  },
  {
    words: /could not choose an IP address to advertise[^(]*(\(.*\))?/,
    because: (node, [, addresses]) =>
      `${node} has several addresses, and its engine doesn't choose one${addresses ? ` ${addresses}` : ''}`,
    fix: () => 'Name the one that the other nodes reach: advertise: ADDRESS at this node in the cluster file.',
  },
  {
    words: /must specify a listening address/,
    because: (node) => `the address that ${node} advertises isn't on any of its interfaces, and it has several others`,
    fix: () =>
      'Advertise one of its own addresses (advertise at this node), or, behind NAT, name the address to listen on: swarm: { listen: ADDRESS }.',
  },
  {
    words:
      /((?:listen|advertise|data path) address) must be|interface (\S+) has (?:more than one|no usable)|no such interface/,
    because: (node, [, which, name]) =>
      `${node} has no ${which === undefined ? 'single address' : `usable ${which}`}${name === undefined ? '' : ` on its interface ${name}`}`,
    fix: (node) =>
      `See its interfaces and addresses: swarmup ssh ${node} -- ip -br address. Name one of its addresses in the cluster file: advertise or dataPathAddress at this node, swarm: { listen: ADDRESS }.`,
  },
  {
    words:
      /attempting to leave the swarm on a node that is participating as a manager\.(?:.*leaves (\d+) managers out of (\d+))?/,
    code: 'QUORUM_AT_RISK',
    because: (node, [, left, all]) =>
      `${node} is still a manager${left === undefined ? '' : `; without it ${left} of ${all} managers would be reachable`}`,
    fix: () =>
      "Demote it first: role: worker in the cluster file, and 'swarmup up'. The last manager takes the swarm with it: swarmup down.",
  },
  {
    words: /This node is already part of a swarm/,
    code: 'SWARM_FOREIGN',
    because: (node) => `${node} is already in a swarm`,
    fix: (node) =>
      `See which one: swarmup ssh ${node} -- sudo docker info --format '{{json .Swarm}}'. swarmup never leaves a swarm that it didn't make.`,
  },
  {
    words: /(\w+) (\S+) is ambiguous \((\d+) matches found\)/,
    because: (_, [, kind, name, count]) => `${count} ${kind}s are called ${name}`,
    fix: (_, [, kind = 'node']) =>
      `Remove or rename the surplus ones by their IDs: swarmup exec --role manager -- sudo docker ${kind} ls`,
  },
  {
    words: /must be demoted to (?:a )?worker before removal/,
    code: 'QUORUM_AT_RISK',
    because: () => 'the node is still a member of the managers’ Raft group',
    fix: () => "Demote it first: role: worker in the cluster file, and 'swarmup up'; then remove it.",
  },
  {
    words: /attempting to demote the last manager/,
    code: 'QUORUM_AT_RISK',
    because: () => 'it is the last manager of the swarm',
    fix: () => "Make another node a manager first: role: manager in the cluster file, and 'swarmup up'.",
  },
  {
    words: /result in (?:a )?loss of quorum/,
    code: 'QUORUM_AT_RISK',
    because: () => 'without this manager, too few of the others would be reachable for a majority',
    fix: () =>
      `${STATUS} Bring the managers back that are away ('swarmup up' starts machines that are off), then run again.`,
  },
  {
    words: /node \S+ is not down and can't be removed/,
    because: () => 'the managers still get heartbeats from the node',
    fix: () =>
      "Make it leave first: 'swarmup ssh NODE -- sudo docker swarm leave --force', or take it out of the cluster file and run 'swarmup up --prune'.",
  },
  {
    words: /Swarm is encrypted and needs to be unlocked|swarm could not be unlocked: invalid key/,
    code: 'SWARM_LOCKED',
    because: (node) => `the swarm on ${node} is locked`,
    fix: () =>
      'Unlock it: swarmup up --only unlock-managers, with SWARMUP_UNLOCK_KEY where the key is not stored here.',
  },
  {
    words: /failed to listen on remote API address: listen tcp (\S+): bind: (.*)$/,
    because: (node, [, at, why]) => `${node} can't listen on ${at}, the managers' port: ${why}`,
    fix: (node, [, at = '']) =>
      `See what holds the port: swarmup ssh ${node} -- sudo ss -ltnp sport = :${at.split(':').at(-1)}. Stop it, or set another port: swarm: { listen: 0.0.0.0:PORT } before the swarm is made.`,
  },
  {
    words:
      /member was removed from the cluster|node was removed during cluster lifetime|node \S+ was removed from swarm/,
    code: 'SWARM_FOREIGN',
    because: (node) =>
      `${node} was removed from the swarm while it was away, and its engine still has the old membership`,
    fix: (node) =>
      `Make it leave and join again: swarmup ssh ${node} -- sudo docker swarm leave --force; then swarmup up.`,
  },
  {
    words: /The swarm does not have a leader|no elected cluster leader/,
    because: () => 'the swarm has no leader: more than half of the managers must reach each other',
    fix: () =>
      `${STATUS} An election takes seconds; it fails while too few managers are reachable. Never rebuild the swarm (swarmup recover) unless they are lost for good.`,
    transient: true,
  },
  {
    words: /not a swarm manager\. Manager is being prepared or has trouble connecting/,
    because: (node) => `the manager on ${node} is starting, or doesn't reach the other managers`,
    fix: (node) => `${STATUS} Its log: ${log(node)}`,
    transient: true,
  },
  {
    words: /This node is not a swarm manager/,
    because: (node) => `${node} is not, or no longer, a manager that works`,
    fix: (node) => `Roles, and who is reachable: swarmup status. Its log: ${log(node)}`,
    transient: true,
  },
  {
    words: /raft: failed to process the request: node (?:is stopped|lost leader status)|raft proposal dropped/,
    because: () => 'the leader changed meanwhile',
    fix: () => `${STATUS} Managers that change leaders often are overloaded or badly connected.`,
    transient: true,
  },
  {
    words: /no route to host/,
    because: (node) =>
      `${node} finds no way to the other node: a firewall there rejects the connection, or they are in different networks`,
    fix: () =>
      "firewalld rejects like this. On the node that can't be reached: sudo firewall-cmd --permanent --add-port=2377/tcp --add-port=7946/tcp --add-port=7946/udp --add-port=4789/udp && sudo firewall-cmd --reload. Who reaches whom: swarmup doctor.",
  },
  {
    words: /rpc error: code = (?:DeadlineExceeded|Unavailable)|^context deadline exceeded$/,
    because: () => "the swarm's managers didn't answer in time",
    fix: (node) =>
      `${STATUS} Managers need more than half of them, and time to write to their disks. Log: ${log(node)}`,
    transient: true,
  },
];

function clockFix(node: string): string {
  return `Compare the clocks: swarmup exec -- date -u. Set the wrong one, and keep it synchronised: swarmup ssh ${node} -- sudo timedatectl set-ntp true`;
}
