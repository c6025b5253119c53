import type { KnownFailure } from './failure.ts';

/** Joining the swarm. */
export const joining: readonly KnownFailure[] = [
  {
    number: 21,
    failure:
      '`invalid join token` or `A valid join token is necessary to join this cluster`: it was rotated meanwhile.',
    handling: 'prevented',
    does: 'Reads the token once more, and tries again.',
    codes: ['JOIN_FAILED'],
    proofs: [
      { file: 'test/swarm/join.test.ts', title: 'is tried once more with a newly read token: %s' },
      { file: 'test/remote/swarm-refusals.test.ts', title: 'has a cause and a fix: %s', case: 'invalid join token' },
    ],
  },
  {
    number: 22,
    failure: '`remote CA does not match fingerprint`: the manager is one of another swarm.',
    handling: 'explained',
    does: 'Says that the address belongs to another swarm, with the IDs of both.',
    codes: ['SWARM_FOREIGN'],
    proofs: [{ file: 'test/swarm/join.test.ts', title: 'names both clusters when the address belongs to another one' }],
  },
  {
    number: 23,
    failure:
      '`could not connect to prospective new cluster member using its advertised address`: the leader dials back.',
    handling: 'explained',
    does: 'Probes the ports of every pair in both directions before joining, and removes the record of a failed join.',
    codes: ['JOIN_FAILED', 'PREFLIGHT_FAILED'],
    proofs: [
      {
        file: 'test/preflight/rules.test.ts',
        title: "has one finding per destination, with all sources that can't reach it",
      },
      {
        file: 'test/swarm/join.test.ts',
        title: 'is explained with both directions, leaves no record behind, and joins once it can',
      },
      {
        file: 'test/e2e/life.test.ts',
        title: 'explains a manager that the leader cannot connect to, and leaves no record of it behind',
        against: 'virtual machines',
      },
    ],
  },
  {
    number: 24,
    failure: '`x509: certificate is not valid for any names`: a proxy answers instead of the manager.',
    handling: 'prevented',
    does: 'Excludes all nodes from the proxy of the engine; a proxy that was set by hand is a warning.',
    codes: ['JOIN_FAILED', 'PREFLIGHT_FAILED'],
    proofs: [
      { file: 'test/docker/proxy.test.ts', title: 'is set for the service, and nodes are reached without it' },
      { file: 'test/preflight/rules.test.ts', title: 'explains %s', case: 'a firewall, a proxy' },
      {
        file: 'test/e2e/hosts.test.ts',
        title: 'can be queried by other means: the engines, and HTTP through every node',
        case: 'throughProxy',
        against: 'virtual machines',
      },
      {
        file: 'test/swarm/join.test.ts',
        title: 'names the proxy in between, without its password, and what to exclude',
      },
    ],
  },
  {
    number: 25,
    failure: '`x509: certificate has expired or is not yet valid`: the clocks differ.',
    handling: 'explained',
    does: 'Compares the clocks of all hosts before they join; swarmup sets those of machines that it restores.',
    codes: ['SWARM_CERTIFICATE', 'PREFLIGHT_FAILED'],
    proofs: [
      { file: 'test/preflight/rules.test.ts', title: 'explains %s', case: 'a clock an hour ahead' },
      {
        file: 'test/e2e/hosts.test.ts',
        title: 'have each fault explained, all at once, before anything is changed',
        case: '60 min ahead',
        against: 'virtual machines',
      },
      { file: 'test/swarm/join.test.ts', title: 'compares the clocks when a certificate is not valid yet: that of %s' },
    ],
  },
  {
    number: 26,
    failure: '`node X is ambiguous (2 matches found)`: a dead node has the name of a new one.',
    handling: 'prevented',
    does: 'Names nodes by their IDs, and removes the record of a replaced machine.',
    codes: ['ENGINE_REFUSED'],
    proofs: [
      {
        file: 'test/replace.test.ts',
        title: 'has its dead node removed by the next run, if the first was cut off in between',
      },
      {
        file: 'test/e2e/aws.test.ts',
        title: 'is repaired after an instance was terminated outside swarmup, with no dead node left in the swarm',
      },
      { file: 'test/remote/swarm-refusals.test.ts', title: 'has a cause and a fix: %s', case: 'is ambiguous' },
    ],
  },
  {
    number: 27,
    failure: '`no route to host`: the rejection of firewalld.',
    handling: 'explained',
    does: 'Names the closed port, its two hosts and the command that opens it in their firewall.',
    codes: ['PREFLIGHT_FAILED', 'ENGINE_REFUSED'],
    proofs: [
      {
        file: 'test/preflight/rules.test.ts',
        title: "has one finding per destination, with all sources that can't reach it",
      },
      { file: 'test/remote/swarm-refusals.test.ts', title: 'has a cause and a fix: %s', case: 'no route to host' },
    ],
  },
];
