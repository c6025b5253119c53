import type { KnownFailure } from './failure.ts';

/** What else has to be right on a host before it can be a node. */
export const preflight: readonly KnownFailure[] = [
  {
    number: 56,
    failure: '`sudo: a password is required`',
    handling: 'explained',
    does: 'Asks for the password once, or reads it from the environment or the file, and says so where it is missing.',
    codes: ['SUDO_REFUSED'],
    proofs: [
      {
        file: 'test/ssh/sudo.test.ts',
        title: 'is told that sudo needs a password, and how to supply it',
        against: 'sudo',
      },
      {
        file: 'test/ssh/sudo.test.ts',
        title: 'is stopped at once by a wrong password, which never becomes the input of a command',
        against: 'sudo',
      },
    ],
  },
  {
    number: 57,
    failure: 'An architecture or a system without Docker, or without systemd.',
    handling: 'explained',
    does: 'Names what was found, and what is supported.',
    codes: ['PREFLIGHT_FAILED', 'INSTALL_UNSUPPORTED'],
    proofs: [
      {
        file: 'test/preflight/rules.test.ts',
        title: 'explains %s',
        case: 'a processor that Docker does not support',
      },
      { file: 'test/preflight/rules.test.ts', title: 'explains %s', case: 'no init system' },
      { file: 'test/preflight/rules.test.ts', title: 'explains %s', case: 'a system without Docker packages' },
    ],
  },
  {
    number: 58,
    failure: 'The host is itself a container, without a kernel of its own.',
    handling: 'explained',
    does: 'Refuses it before anything is changed.',
    codes: ['PREFLIGHT_FAILED'],
    proofs: [{ file: 'test/preflight/rules.test.ts', title: 'explains %s', case: 'a container' }],
  },
  {
    number: 59,
    failure: 'Two hosts with one host name.',
    handling: 'explained',
    does: 'Names both, and the command that changes it.',
    codes: ['PREFLIGHT_FAILED'],
    proofs: [
      { file: 'test/preflight/rules.test.ts', title: 'explains %s', case: 'a duplicate host name' },
      {
        file: 'test/e2e/hosts.test.ts',
        title: 'have each fault explained, all at once, before anything is changed',
        case: 'host-name',
        against: 'virtual machines',
      },
    ],
  },
  {
    number: 60,
    failure: "An address to advertise that isn't on the host.",
    handling: 'explained',
    does: "Names the host's own addresses.",
    codes: ['PREFLIGHT_FAILED'],
    proofs: [{ file: 'test/preflight/rules.test.ts', title: 'explains %s', case: 'an address of another machine' }],
  },
  {
    number: 61,
    failure: "Another program on the swarm's own ports: 2377/tcp, 7946/tcp+udp, 4789/udp.",
    handling: 'explained',
    does: 'Names the program and the port.',
    codes: ['PREFLIGHT_FAILED'],
    proofs: [{ file: 'test/preflight/rules.test.ts', title: 'explains %s', case: 'a port of overlay networks in use' }],
  },
  {
    number: 62,
    failure: 'Less than 5 GB of free disk, or less than 1 GB of memory.',
    handling: 'explained',
    does: 'Names the figure, and the command that shows what fills the disk.',
    codes: ['PREFLIGHT_FAILED'],
    proofs: [
      { file: 'test/preflight/rules.test.ts', title: 'explains %s', case: 'little memory' },
      {
        file: 'test/e2e/hosts.test.ts',
        title: 'have each fault explained, all at once, before anything is changed',
        case: 'fallocate -l 6G /var/fill',
        against: 'virtual machines',
      },
    ],
  },
  {
    number: 63,
    failure: "The package source can't be reached.",
    handling: 'explained',
    does: 'Names the sources that the host asks and cannot reach.',
    codes: ['PREFLIGHT_FAILED', 'INSTALL_FAILED', 'DOWNLOAD_FAILED'],
    proofs: [
      {
        file: 'test/preflight/rules.test.ts',
        title: 'explains %s',
        case: 'package sources that are all unreachable',
      },
      {
        file: 'test/ssh/packages.test.ts',
        title: 'is not asked for its codename on Debian while nothing answers, which is explained',
        against: 'package managers',
      },
    ],
  },
  {
    number: 64,
    failure: "The registry can't be reached.",
    handling: 'explained',
    does: 'Says so once, and how to supply the images as archives.',
    codes: ['PREFLIGHT_FAILED', 'IMAGE_UNREACHABLE'],
    proofs: [
      { file: 'test/preflight/rules.test.ts', title: 'explains %s', case: 'an unreachable registry' },
      {
        file: 'test/e2e/shipped.test.ts',
        title: 'warns once that the registry is unreachable, and says how to supply the skipped images',
        against: 'virtual machines',
      },
    ],
  },
  {
    number: 65,
    failure: 'A port that is open in one direction only, between two of many hosts.',
    handling: 'explained',
    does: 'Probes 2377 and 7946 over TCP, and 4789 and 7946 over UDP, between every pair in both directions.',
    codes: ['PREFLIGHT_FAILED'],
    proofs: [
      {
        file: 'test/preflight/probe.test.ts',
        title: 'listens, connects, and reports what arrived and what did not',
        against: 'sockets',
      },
    ],
  },
  {
    number: 66,
    failure: 'An even number of managers, or more than seven.',
    handling: 'explained',
    does: 'Warns, with how many managers may fail.',
    codes: ['PREFLIGHT_FAILED'],
    proofs: [{ file: 'test/preflight/rules.test.ts', title: 'warns of an even number of managers' }],
  },
  {
    number: 67,
    failure: "A manager's address comes from DHCP, and changes one day.",
    reference: 'swarmkit#642',
    handling: 'explained',
    does: 'Warns, as the address of a manager must never change.',
    codes: ['PREFLIGHT_FAILED'],
    proofs: [{ file: 'test/preflight/rules.test.ts', title: 'warns of a manager whose address comes from DHCP' }],
  },
  {
    number: 68,
    failure: 'Engines that are too old, or of different versions.',
    handling: 'explained',
    does: 'Names the versions, and upgrades them one node at a time where the file pins one.',
    codes: ['PREFLIGHT_FAILED'],
    proofs: [
      { file: 'test/preflight/rules.test.ts', title: 'explains %s', case: 'an old engine' },
      {
        file: 'test/e2e/hosts.test.ts',
        title: 'are refused when one belongs to another swarm',
        case: 'manager1 engine',
        against: 'virtual machines',
      },
    ],
  },
];
