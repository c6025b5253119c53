import type { KnownFailure } from './failure.ts';

/** Requests through the routing mesh. */
export const verifying: readonly KnownFailure[] = [
  {
    number: 42,
    failure: '`curl localhost` hangs on `::1`, which the routing mesh of a node without IPv6 takes and never answers.',
    handling: 'prevented',
    does: 'Asks every node at its IPv4 address, and prints such addresses only.',
    codes: [],
    proofs: [{ file: 'test/e2e/shipped.test.ts', title: 'ends with HTTP 200 from every node' }],
  },
  {
    number: 43,
    failure: 'Only nodes with a replica answer: checksums that the network card was to compute.',
    handling: 'explained',
    does: 'Probes the overlay network when HTTP checks fail on some nodes, and names the `ethtool` command.',
    codes: ['OVERLAY_CHECKSUMS', 'HTTP_CHECK_FAILED'],
    proofs: [
      {
        file: 'test/ssh/mesh-namespaces.test.ts',
        title: 'loses TCP, and no ping, where checksums are left to hardware that makes none',
        against: 'network namespaces',
      },
      {
        file: 'test/verify.test.ts',
        title: 'names what the nodes cannot fetch from each other: %s',
        case: 'OVERLAY_CHECKSUMS',
      },
    ],
  },
  {
    number: 44,
    failure: 'Only nodes with a replica answer: 4789/udp is blocked between nodes.',
    reference: 'moby#41775',
    handling: 'explained',
    does: 'Probes the port between every pair in both directions before anything is changed.',
    codes: ['OVERLAY_BLOCKED', 'PREFLIGHT_FAILED', 'HTTP_CHECK_FAILED'],
    proofs: [
      {
        file: 'test/e2e/hosts.test.ts',
        title: 'have each fault explained, all at once, before anything is changed',
        case: 'iptables -A INPUT -p udp --dport 4789 -j DROP',
        against: 'virtual machines',
      },
      {
        file: 'test/ssh/mesh-namespaces.test.ts',
        title: 'carries nothing where a node drops the port of VXLAN',
        against: 'network namespaces',
      },
      {
        file: 'test/verify.test.ts',
        title: 'names what the nodes cannot fetch from each other: %s',
        case: 'OVERLAY_BLOCKED',
      },
    ],
  },
  {
    number: 45,
    failure: 'Small replies pass and large ones hang: the MTU of a link is smaller than that of the overlay network.',
    reference: 'libnetwork#2661',
    handling: 'explained',
    does: 'Measures the path between every pair, creates networks with a fitting MTU, and says which one the ingress network needs.',
    codes: ['OVERLAY_MTU', 'PREFLIGHT_FAILED', 'HTTP_CHECK_FAILED'],
    proofs: [
      {
        file: 'test/e2e/hosts.test.ts',
        title: 'may have a path between them that drops full-size packets',
        against: 'virtual machines',
      },
      {
        file: 'test/swarm/underlay.test.ts',
        title: 'has the MTU of the narrowest link between the nodes, which is shown and then left alone',
      },
      {
        file: 'test/ssh/mesh-namespaces.test.ts',
        title: 'loses large packets on a link with a smaller MTU, which is measured',
        against: 'network namespaces',
      },
      {
        file: 'test/verify.test.ts',
        title: 'names what the nodes cannot fetch from each other: %s',
        case: 'OVERLAY_MTU',
      },
    ],
  },
  {
    number: 46,
    failure: 'One request in N times out: a stale entry of IPVS points to a task that is gone.',
    handling: 'explained',
    does: 'Asks several times per replica on every node, and names the node that still sends requests to a task that is gone.',
    codes: ['INGRESS_STALE', 'HTTP_CHECK_FAILED'],
    proofs: [
      { file: 'test/swarm/mesh.test.ts', title: 'are wrong: %s', case: 'one that is gone' },
      {
        file: 'test/verify.test.ts',
        title: 'names a task that is gone only after the deadline, as the node may still learn of it',
      },
    ],
  },
  {
    number: 47,
    failure: "`firewall-cmd --reload` removes Docker's rules: no published port answers.",
    handling: 'explained',
    does: 'Warns of the firewall; when a port stays silent, it looks for the missing chain, and says to restart Docker.',
    codes: ['INGRESS_RULES_LOST', 'PREFLIGHT_FAILED', 'HTTP_CHECK_FAILED'],
    proofs: [
      { file: 'test/preflight/rules.test.ts', title: 'explains %s', case: 'a firewall, a proxy' },
      {
        file: 'test/ssh/mesh-namespaces.test.ts',
        title: 'are missed after %s',
        case: 'nft flush ruleset',
        against: 'network namespaces',
      },
      {
        file: 'test/e2e/life.test.ts',
        title: 'names the chain that a flushed firewall took from a node, and the engine puts it back',
        against: 'virtual machines',
      },
    ],
  },
];
