import type { KnownFailure } from './failure.ts';

/** Forming the swarm. */
export const forming: readonly KnownFailure[] = [
  {
    number: 17,
    failure: '`could not choose an IP address to advertise since this system has multiple addresses`',
    handling: 'prevented',
    does: 'Always passes the address to advertise, as an IPv4 literal.',
    codes: ['ENGINE_REFUSED'],
    proofs: [
      {
        file: 'test/e2e/hosts.test.ts',
        title: 'become a cluster with every task of the pipeline, after the package lists are free',
        against: 'virtual machines',
      },
      {
        file: 'test/remote/swarm-refusals.test.ts',
        title: 'has a cause and a fix: %s',
        case: 'could not choose an IP address to advertise',
      },
    ],
  },
  {
    number: 18,
    failure:
      '`must specify a listening address because the address to advertise is not recognized as a system address` (NAT).',
    handling: 'explained',
    does: "Finds an address that isn't on the host before anything is changed, and names the host's own ones.",
    codes: ['PREFLIGHT_FAILED', 'ENGINE_REFUSED'],
    proofs: [
      {
        file: 'test/preflight/rules.test.ts',
        title: 'finds that two hosts behind one NAT have the same address',
      },
      {
        file: 'test/remote/swarm-refusals.test.ts',
        title: 'has a cause and a fix: %s',
        case: 'must specify a listening address',
      },
    ],
  },
  {
    number: 19,
    failure: '`This node is already part of a swarm`, also after a join that continued in the background.',
    reference: 'moby#36382',
    handling: 'explained',
    does: 'Compares node and cluster IDs: its own node is left alone, one of another swarm is an error, and never leaves that swarm.',
    codes: ['SWARM_FOREIGN', 'PREFLIGHT_FAILED'],
    proofs: [
      { file: 'test/up.test.ts', title: 'leaves a node of another swarm alone' },
      {
        file: 'test/e2e/hosts.test.ts',
        title: 'are refused when one belongs to another swarm',
        against: 'virtual machines',
      },
      {
        file: 'test/e2e/managers.test.ts',
        title: 'start although the run is interrupted once and killed ten times on the way, with nothing doubled',
        against: 'virtual machines',
      },
      {
        file: 'test/remote/swarm-refusals.test.ts',
        title: 'has a cause and a fix: %s',
        case: 'This node is already part of a swarm',
      },
    ],
  },
  {
    number: 20,
    failure: '`Pool overlaps with other one on this address space`, or a pool over the routes of a VPC.',
    handling: 'prevented',
    does: 'Chooses a pool that nothing overlaps on any node, and shows it in the plan.',
    codes: ['POOL_TAKEN', 'PREFLIGHT_FAILED'],
    proofs: [
      { file: 'test/hosts.test.ts', title: 'is one that no node has a route to' },
      {
        file: 'test/e2e/hosts.test.ts',
        title: 'become a cluster with every task of the pipeline, after the package lists are free',
        case: 'ip route add 10.0.5.0/24 dev eth1',
        against: 'virtual machines',
      },
      {
        file: 'test/e2e/hosts.test.ts',
        title: 'may have a route into the address pool of the cluster file, also of a VPN with a table of its own',
        against: 'virtual machines',
      },
      {
        file: 'test/ec2/networks.test.ts',
        title: 'are compared with swarm.addressPool before anything is created: %s',
      },
    ],
  },
];
