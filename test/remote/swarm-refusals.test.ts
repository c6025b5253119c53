import { describe, expect, it } from 'vitest';
import { swarmRefusal } from '../../lib/remote/swarm-refusals.ts';

/** The words as moby 28.5 and swarmkit write them, some with the layers that gRPC puts around them. */
const REFUSALS: [words: string, code: string, because: RegExp, fix: RegExp, transient?: true][] = [
  [
    "manager stopped: can't initialize raft node: rpc error: code = Unknown desc = could not connect to prospective new cluster member using its advertised address: rpc error: code = DeadlineExceeded desc = context deadline exceeded",
    'JOIN_FAILED',
    /leader can't connect to the address that n1 advertises/,
    /2377\/tcp.*swarmup doctor.*advertise/,
  ],
  [
    'manager stopped: can\'t initialize raft node: rpc error: code = Unknown desc = could not connect to prospective new cluster member using its advertised address: rpc error: code = Unavailable desc = connection error: desc = "transport: Error while dialing: dial tcp 10.0.0.2:2377: connect: no route to host"',
    'JOIN_FAILED',
    /advertises/,
    /swarmup ssh n1 -- sudo nft list ruleset/,
  ],
  [
    'remote CA does not match fingerprint. Expected: 4e2d7b0c8a51',
    'SWARM_FOREIGN',
    /another root certificate than the join token names/,
    /Swarm\.Cluster\.ID/,
  ],
  [
    'error while loading TLS certificate in /var/lib/docker/swarm/certificates/swarm-node.crt: certificate (1 - yvs4tttd5v9p) not valid after Sun, 21 Feb 2027 13:06:00 UTC, and it is currently Mon, 01 Mar 2027 08:00:00 UTC: x509: certificate has expired or is not yet valid: ',
    'SWARM_CERTIFICATE',
    /certificate that n1 uses expired on Sun, 21 Feb 2027 13:06:00 UTC/,
    /'swarmup recover' rebuilds/,
  ],
  [
    'Swarm certificates have expired. To replace them, leave the swarm and join again.',
    'SWARM_CERTIFICATE',
    /certificate of n1 has expired/,
    /date -u/,
  ],
  [
    'certificate (1 - yvs4tttd5v9p) not valid before Mon, 23 Nov 2026 12:06:00 UTC, and it is currently Mon, 23 Nov 2026 09:00:00 UTC: x509: certificate has expired or is not yet valid: ',
    'SWARM_CERTIFICATE',
    /aren't valid on n1 before Mon, 23 Nov 2026 12:06:00 UTC: its clock is behind/,
    /timedatectl set-ntp true/,
  ],
  [
    'rpc error: code = Unavailable desc = connection error: desc = "transport: authentication handshake failed: tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time 2026-11-23T09:00:00Z is before 2026-11-23T12:06:00Z"',
    'SWARM_CERTIFICATE',
    /before 2026-11-23T12:06:00Z/,
    /date -u/,
  ],
  [
    'rpc error: code = Unavailable desc = connection error: desc = "transport: authentication handshake failed: x509: certificate has expired or is not yet valid: current time 2027-03-01T09:00:00Z is after 2027-02-21T13:06:00Z"',
    'SWARM_CERTIFICATE',
    /by the clock of n1/,
    /timedatectl/,
  ],
  [
    'rpc error: code = Unavailable desc = connection error: desc = "transport: authentication handshake failed: tls: failed to verify certificate: x509: certificate is not valid for any names, but wanted to match swarm-ca"',
    'JOIN_FAILED',
    /such as a proxy/,
    /noProxy/,
  ],
  ['invalid join token', 'JOIN_FAILED', /do not accept the join token/, /swarmup up/],
  [
    'rpc error: code = InvalidArgument desc = A valid join token is necessary to join this cluster',
    'JOIN_FAILED',
    /do not accept/,
    /rotated/,
  ],
  [
    'could not choose an IP address to advertise since this system has multiple addresses on different interfaces (10.0.0.1 on eth0 and 10.1.0.1 on eth1)',
    'ENGINE_REFUSED',
    /n1 has several addresses, and its engine doesn't choose one \(10\.0\.0\.1 on eth0 and 10\.1\.0\.1 on eth1\)/,
    /advertise: ADDRESS/,
  ],
  [
    "must specify a listening address because the address to advertise is not recognized as a system address, and a system's IP address to use could not be uniquely identified",
    'ENGINE_REFUSED',
    /isn't on any of its interfaces/,
    /swarm: \{ listen: ADDRESS \}/,
  ],
  [
    'This node is already part of a swarm. Use "docker swarm leave" to leave this swarm and join another one.',
    'SWARM_FOREIGN',
    /n1 is already in a swarm/,
    /docker info/,
  ],
  [
    'advertise address must be a non-zero IP address or network interface (with optional port number)',
    'ENGINE_REFUSED',
    /n1 has no usable advertise address$/,
    /swarmup ssh n1 -- ip -br address/,
  ],
  [
    'interface eth1 has more than one IPv4 address (10.0.0.1 and 10.0.1.1)',
    'ENGINE_REFUSED',
    /n1 has no single address on its interface eth1$/,
    /dataPathAddress/,
  ],
  [
    'You are attempting to leave the swarm on a node that is participating as a manager. Removing this node leaves 1 managers out of 3. Without a Raft quorum your swarm will be inaccessible. The only way to restore a swarm that has lost consensus is to reinitialize it with `--force-new-cluster`. Use `--force` to suppress this message.',
    'QUORUM_AT_RISK',
    /n1 is still a manager; without it 1 of 3 managers would be reachable/,
    /role: worker/,
  ],
  ['node worker1 is ambiguous (2 matches found)', 'ENGINE_REFUSED', /2 nodes are called worker1/, /docker node ls/],
  [
    'rpc error: code = FailedPrecondition desc = node x1 is a cluster manager and is a member of the raft cluster. It must be demoted to worker before removal',
    'QUORUM_AT_RISK',
    /still a member of the managers. Raft group/,
    /role: worker/,
  ],
  [
    'rpc error: code = FailedPrecondition desc = attempting to demote the last manager of the swarm',
    'QUORUM_AT_RISK',
    /last manager/,
    /role: manager/,
  ],
  [
    "rpc error: code = FailedPrecondition desc = can't remove member from the raft: this would result in a loss of quorum",
    'QUORUM_AT_RISK',
    /too few of the others/,
    /swarmup status/,
  ],
  [
    'raft: member cannot be removed, because removing it may result in loss of quorum',
    'QUORUM_AT_RISK',
    /too few of the others/,
    /swarmup up/,
  ],
  [
    "rpc error: code = FailedPrecondition desc = node x1 is not down and can't be removed",
    'ENGINE_REFUSED',
    /heartbeats/,
    /docker swarm leave/,
  ],
  [
    'Swarm is encrypted and needs to be unlocked before it can be used. Please use "docker swarm unlock" to unlock it.',
    'SWARM_LOCKED',
    /n1 is locked/,
    /swarmup up --only unlock-managers/,
  ],
  ['swarm could not be unlocked: invalid key provided', 'SWARM_LOCKED', /locked/, /SWARMUP_UNLOCK_KEY/],
  [
    'manager stopped: failed to listen on remote API address: listen tcp 0.0.0.0:2377: bind: address already in use',
    'ENGINE_REFUSED',
    /n1 can't listen on 0\.0\.0\.0:2377, the managers' port: address already in use/,
    /swarmup ssh n1 -- sudo ss -ltnp sport = :2377/,
  ],
  [
    'manager stopped: rpc error: code = NotFound desc = raft: member was removed from the cluster',
    'SWARM_FOREIGN',
    /n1 was removed from the swarm/,
    /docker swarm leave --force/,
  ],
  [
    'rpc error: code = PermissionDenied desc = Permission denied: node x1 was removed from swarm',
    'SWARM_FOREIGN',
    /was removed/,
    /swarmup up/,
  ],
  [
    "rpc error: code = Unknown desc = The swarm does not have a leader. It's possible that too few managers are online. Make sure more than half of the managers are online.",
    'ENGINE_REFUSED',
    /more than half of the managers/,
    /swarmup status/,
    true,
  ],
  [
    'This node is not a swarm manager. Manager is being prepared or has trouble connecting to the cluster.',
    'ENGINE_REFUSED',
    /starting, or doesn't reach the other managers/,
    /swarmup status/,
    true,
  ],
  [
    "This node is not a swarm manager. Worker nodes can't be used to view or modify cluster state. Please run this command on a manager node or promote the current node to a manager.",
    'ENGINE_REFUSED',
    /not, or no longer, a manager/,
    /swarmup status/,
    true,
  ],
  [
    'raft: failed to process the request: node lost leader status',
    'ENGINE_REFUSED',
    /leader changed/,
    /overloaded/,
    true,
  ],
  ['raft proposal dropped', 'ENGINE_REFUSED', /leader changed/, /overloaded/, true],
  [
    'rpc error: code = Unavailable desc = connection error: desc = "transport: Error while dialing: dial tcp 10.0.0.1:2377: connect: no route to host"',
    'ENGINE_REFUSED',
    /n1 finds no way to the other node/,
    /firewall-cmd --permanent/,
  ],
  [
    'rpc error: code = DeadlineExceeded desc = context deadline exceeded',
    'ENGINE_REFUSED',
    /didn't answer in time/,
    /more than half/,
    true,
  ],
  ['context deadline exceeded', 'ENGINE_REFUSED', /didn't answer in time/, /swarmup ssh n1/, true],
];

describe("an engine's refusal of a swarm operation", () => {
  it.each(REFUSALS)('has a cause and a fix: %s', (words, code, because, fix, transient) => {
    expect(swarmRefusal('n1', words)).toEqual({
      code,
      because: expect.stringMatching(because),
      fix: expect.stringMatching(fix),
      transient: transient ?? false,
    });
  });

  it.each([
    'Get "https://registry.example.org/v2/": tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time 2027-03-01T09:00:00Z is after 2027-02-21T13:06:00Z',
    'Get "https://registry.example.org/v2/": dial tcp 192.0.2.1:443: connect: no route to host',
    'Get "https://registry.example.org/v2/": context deadline exceeded',
    'network back not found',
  ])('is not seen in words about something else: %s', (words) => {
    expect(swarmRefusal('n1', words)).toBeUndefined();
  });
});
