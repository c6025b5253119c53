import type { KnownFailure } from './failure.ts';

/** A swarm in use, and its end. */
export const later: readonly KnownFailure[] = [
  {
    number: 48,
    failure: '`node X is a cluster manager and must be demoted to worker before removal`',
    handling: 'prevented',
    does: 'Demotes a manager, waits until it left Raft, and removes it then.',
    codes: [],
    proofs: [
      {
        file: 'test/up.test.ts',
        title: 'change places: managers are promoted before others are demoted, and the leader is the last',
      },
      {
        file: 'test/e2e/managers.test.ts',
        title: 'become two, and lose services and a label, only with --prune',
        against: 'virtual machines',
      },
    ],
  },
  {
    number: 49,
    failure: '`attempting to demote the last manager of the swarm`',
    handling: 'explained',
    does: 'Refuses before anything is changed.',
    codes: ['QUORUM_AT_RISK'],
    proofs: [
      {
        file: 'test/replace.test.ts',
        title: 'is refused when it would cost the majority: %i managers without %j, replacing %s',
        case: 'manager1 is the last manager',
      },
      {
        file: 'test/remote/swarm-refusals.test.ts',
        title: 'has a cause and a fix: %s',
        case: 'attempting to demote the last manager',
      },
    ],
  },
  {
    number: 50,
    failure: '`can not demote a manager because it would result in a loss of quorum`',
    reference: 'moby#34384',
    handling: 'explained',
    does: 'Refuses with the arithmetic before anything is changed.',
    codes: ['QUORUM_AT_RISK'],
    proofs: [
      { file: 'test/up.test.ts', title: 'stay unchanged where the majority would be lost, with the arithmetic' },
      {
        file: 'test/swarm/upgrade.test.ts',
        title: 'is refused when it would cost the majority because managers are missing',
      },
      { file: 'test/remote/swarm-refusals.test.ts', title: 'has a cause and a fix: %s', case: 'loss of quorum' },
    ],
  },
  {
    number: 51,
    failure: 'An upgrade of containerd leaves the engine stopped.',
    handling: 'prevented',
    does: 'Holds the engine and containerd together, and warns of unattended upgrades that would restart them.',
    codes: ['PREFLIGHT_FAILED'],
    proofs: [
      { file: 'test/preflight/rules.test.ts', title: 'explains %s', case: 'unattended upgrades' },
      {
        file: 'test/ssh/packages.test.ts',
        title: 'gets packages from a signed list on Debian, and holds the pinned version',
        against: 'package managers',
      },
      {
        file: 'test/e2e/hosts.test.ts',
        title: 'hold Docker’s packages together, which unattended upgrades would restart',
        against: 'virtual machines',
      },
    ],
  },
  {
    number: 52,
    failure: 'An upgrade restarts the engines of all managers in the same night.',
    handling: 'prevented',
    does: 'Upgrades one node at a time, drained, the leader last, and only while the others have a majority.',
    codes: ['QUORUM_AT_RISK'],
    proofs: [
      {
        file: 'test/swarm/upgrade.test.ts',
        title: 'handles one node at a time: drained, upgraded, activated; workers, managers, and the leader last',
      },
      {
        file: 'test/e2e/hosts.test.ts',
        title: 'upgrade Docker on an active node, and serve requests all the while',
        against: 'virtual machines',
      },
    ],
  },
  {
    number: 53,
    failure: "`The swarm does not have a leader. It's possible that too few managers are online.`",
    handling: 'explained',
    does: 'Says how many managers answer and how many are needed. It never forces a new cluster without being asked.',
    codes: ['SWARM_NO_QUORUM'],
    proofs: [
      {
        file: 'test/swarm/find-manager.test.ts',
        title: 'gives up earlier when too few managers are left, with the arithmetic',
      },
      {
        file: 'test/e2e/recovery.test.ts',
        title: 'explains what is lost with the majority, and changes nothing without confirmation',
        against: 'virtual machines',
      },
    ],
  },
  {
    number: 54,
    failure: 'All certificates have expired while the machines were off for months.',
    handling: 'explained',
    does: 'Warns of certificates that expire soon, names the nodes with expired ones in every command, and says how to renew them.',
    codes: ['SWARM_CERTIFICATE'],
    proofs: [
      { file: 'test/swarm/certificates.test.ts', title: 'causes the right warning on %s: %s' },
      { file: 'test/swarm/expired.test.ts', title: 'is explained by every command that needs one: %s' },
      {
        file: 'test/e2e/life.test.ts',
        title: 'makes a worker whose certificate expired leave and join again',
        against: 'virtual machines',
      },
      {
        file: 'test/e2e/life.test.ts',
        title: 'is rebuilt by recover when the certificates of all managers have expired',
        against: 'virtual machines',
      },
    ],
  },
  {
    number: 55,
    failure: 'Machines, groups and keys that stay behind after a teardown.',
    reference: 'docker.machine#4359',
    handling: 'prevented',
    does: 'Lists everything again until nothing is left, by tag in a cloud, also after an interrupted run.',
    codes: [],
    proofs: [
      { file: 'test/ec2/faults.test.ts', title: 'during removal forgets nothing' },
      {
        file: 'test/e2e/shipped.test.ts',
        title: 'is undone by down, which leaves nothing behind',
        against: 'virtual machines',
      },
    ],
  },
];
