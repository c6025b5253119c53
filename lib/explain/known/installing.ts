import type { KnownFailure } from './failure.ts';

/** Installing Docker. */
export const installing: readonly KnownFailure[] = [
  {
    number: 8,
    failure:
      '`Could not get lock /var/lib/dpkg/lock-frontend ... (unattended-upgr)`, or the lock of the package lists.',
    handling: 'prevented',
    does: 'Names the program that holds the lock, and waits for its end.',
    codes: ['TIMED_OUT'],
    proofs: [
      { file: 'test/preflight/rules.test.ts', title: 'explains %s', case: 'a held package lock' },
      {
        file: 'test/e2e/hosts.test.ts',
        title: 'have each fault explained, all at once, before anything is changed',
        case: 'package-lock',
        against: 'virtual machines',
      },
      {
        file: 'test/ssh/packages.test.ts',
        title: 'is waited for when %s holds %s',
        case: '/var/lib/apt/lists/lock',
        against: 'package managers',
      },
      {
        file: 'test/e2e/hosts.test.ts',
        title: 'become a cluster with every task of the pipeline, after the package lists are free',
        case: "holding('/var/lib/apt/lists/lock')",
        against: 'virtual machines',
      },
      {
        file: 'test/docker/package-run.test.ts',
        title: 'gives up after 10 minutes, naming the holder and how to end it',
      },
    ],
  },
  {
    number: 9,
    failure: "`does not have a Release file`: Docker's repository lacks the codename.",
    handling: 'explained',
    does: 'Checks the codename before it writes the list, and leaves no list behind that breaks `apt-get update`.',
    codes: ['INSTALL_UNSUPPORTED'],
    proofs: [
      {
        file: 'test/ssh/packages.test.ts',
        title: 'is not added on Debian when it has no packages for the codename',
        against: 'package managers',
      },
      {
        file: 'test/e2e/hosts.test.ts',
        title: "are told when Docker's repository has no packages for their release, and get no list of it",
        against: 'virtual machines',
      },
      { file: 'test/docker/install.test.ts', title: 'is removed again when apt-get update refuses it: %s %s' },
    ],
  },
  {
    number: 10,
    failure: "`Unsupported distribution 'amzn'`: Docker's script doesn't know Amazon Linux.",
    handling: 'prevented',
    does: "Installs Amazon's own package with dnf.",
    codes: [],
    proofs: [
      { file: 'test/docker/install.test.ts', title: 'on %s, version %s', case: 'amazon' },
      {
        file: 'test/ssh/packages.test.ts',
        title: 'is held by $manager, can be upgraded and downgraded, and is released afterwards',
        case: 'amzn',
        against: 'package managers',
      },
    ],
  },
  {
    number: 11,
    failure: '`addrtype ... missing kernel module`: a kernel without the modules of overlay networks.',
    handling: 'explained',
    does: 'Names the missing modules, the package that has them, and the reboot that a new kernel needs.',
    codes: ['PREFLIGHT_FAILED'],
    proofs: [
      { file: 'test/preflight/rules.test.ts', title: 'explains %s', case: 'missing kernel modules' },
      { file: 'test/facts/host-facts.test.ts', title: 'include missing kernel modules, and AppArmor' },
    ],
  },
  {
    number: 12,
    failure: '`apparmor_parser: executable file not found in $PATH`',
    handling: 'explained',
    does: 'Finds it before the first container, and says which package has the parser.',
    codes: ['PREFLIGHT_FAILED'],
    proofs: [{ file: 'test/preflight/rules.test.ts', title: 'explains %s', case: 'AppArmor without its parser' }],
  },
  {
    number: 13,
    failure: 'daemon.json with `hosts`, which the unit of systemd gives too: the engine starts no more.',
    handling: 'explained',
    does: "Warns of it, and has the engine's own program check a new daemon.json before anything is touched.",
    codes: ['PREFLIGHT_FAILED', 'ENGINE_START_FAILED', 'DAEMON_CONFIG_INVALID'],
    proofs: [
      { file: 'test/preflight/rules.test.ts', title: 'explains %s', case: 'hosts in daemon.json' },
      {
        file: 'test/swarm/configure-engines.test.ts',
        title: 'is refused before anything is touched when the engine’s own program refuses it',
      },
      {
        file: 'test/docker/start-failure.test.ts',
        title: 'says why: %s',
        case: 'daemon.json has hosts, and so has the command line of its service',
      },
    ],
  },
  {
    number: 14,
    failure: 'daemon.json with `live-restore`: `--live-restore daemon configuration is incompatible with swarm mode`.',
    handling: 'explained',
    does: 'Finds it before anything is changed.',
    codes: ['PREFLIGHT_FAILED', 'ENGINE_START_FAILED'],
    proofs: [
      { file: 'test/preflight/rules.test.ts', title: 'explains %s', case: 'live-restore' },
      {
        file: 'test/e2e/hosts.test.ts',
        title: 'have each fault explained, all at once, before anything is changed',
        case: 'daemon-json',
        against: 'virtual machines',
      },
      { file: 'test/docker/start-failure.test.ts', title: 'says why: %s', case: 'daemon.json has live-restore' },
    ],
  },
  {
    number: 15,
    failure: 'daemon.json that is no JSON.',
    handling: 'explained',
    does: 'Reads it before it touches anything, and quotes what is wrong; it is never overwritten.',
    codes: ['PREFLIGHT_FAILED', 'DAEMON_CONFIG_INVALID'],
    proofs: [
      { file: 'test/preflight/rules.test.ts', title: 'explains %s', case: 'a damaged daemon.json' },
      {
        file: 'test/docker/daemon-config.test.ts',
        title: 'that is damaged is an error only when it concerns swarmup',
      },
    ],
  },
  {
    number: 16,
    failure: 'Docker is installed and stopped, as packages of Red Hat leave it.',
    handling: 'prevented',
    does: 'Enables and starts the service, and waits until the engine answers.',
    codes: ['ENGINE_UNREACHABLE', 'ENGINE_START_FAILED'],
    proofs: [
      { file: 'test/docker/stopped.test.ts', title: 'is started, and nothing is installed' },
      {
        file: 'test/docker/stopped.test.ts',
        title: 'is enabled for the next boot too (now enabled: %s, active: %s)',
      },
    ],
  },
];
