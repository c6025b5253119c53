import type { KnownFailure } from './failure.ts';

/** Services and their images. */
export const services: readonly KnownFailure[] = [
  {
    number: 28,
    failure: '`error creating vxlan interface`: a missing module, or a link that an earlier network left.',
    handling: 'explained',
    does: 'Checks modules and the VXLAN port before anything is changed; a task that fails like this is explained.',
    codes: ['PREFLIGHT_FAILED', 'SERVICE_FAILED'],
    proofs: [
      { file: 'test/preflight/rules.test.ts', title: 'explains %s', case: 'missing kernel modules' },
      {
        file: 'test/preflight/rules.test.ts',
        title: 'ignores the VXLAN port that an engine keeps after leaving its swarm, but no program on it',
      },
    ],
  },
  {
    number: 29,
    failure: '`no suitable node (insufficient resources on 3 nodes)`',
    handling: 'explained',
    does: 'Fails at once, and says how much memory or processor each node lacks.',
    codes: ['SERVICE_FAILED'],
    proofs: [
      { file: 'test/swarm/convergence.test.ts', title: 'is reported with the scheduler’s message when no node fits' },
    ],
  },
  {
    number: 30,
    failure: '`no suitable node (scheduling constraints not satisfied on 3 nodes)`',
    handling: 'explained',
    does: 'Fails at once, and says which constraint each node fails.',
    codes: ['SERVICE_FAILED'],
    proofs: [
      {
        file: 'test/e2e/managers.test.ts',
        title: 'report at once why a service can never run',
        against: 'virtual machines',
      },
    ],
  },
  {
    number: 31,
    failure: '`no suitable node (unsupported platform on 3 nodes)`',
    handling: 'explained',
    does: 'Names the platforms of the image and of the nodes; `doctor` warns of mixed architectures.',
    codes: ['SERVICE_FAILED', 'PREFLIGHT_FAILED'],
    proofs: [{ file: 'test/preflight/rules.test.ts', title: 'explains %s', case: 'another processor' }],
  },
  {
    number: 32,
    failure: '`no suitable node (host-mode port already in use on 3 nodes)`',
    handling: 'explained',
    does: 'Names the port, and the service that has it on each node.',
    codes: ['SERVICE_FAILED'],
    proofs: [],
  },
  {
    number: 33,
    failure: '`No such image` that hides `toomanyrequests: You have reached your pull rate limit`.',
    handling: 'explained',
    does: 'Pulls images before the service is deployed, and says to log in or to use a mirror.',
    codes: ['IMAGE_UNREACHABLE'],
    proofs: [],
  },
  {
    number: 34,
    failure: '`No such image` that hides `no space left on device`.',
    handling: 'explained',
    does: 'Says whose disk is full, and how to see what fills it.',
    codes: ['IMAGE_UNREACHABLE'],
    proofs: [],
  },
  {
    number: 35,
    failure: "`port '80' is already in use by service 'web'`",
    handling: 'explained',
    does: 'Finds two users of a port in the file, with line and column, and names the service of the swarm that has it.',
    codes: ['CONFIG_INVALID', 'SERVICE_FAILED'],
    proofs: [
      {
        file: 'test/config/stacks.test.ts',
        title: 'may publish a port in host mode in two services, but not twice in the routing mesh',
      },
    ],
  },
  {
    number: 36,
    failure: "A host's own program on a published port, of which only the engine's log tells.",
    handling: 'explained',
    does: 'Names the program before anything is deployed, also for a port that is published later.',
    codes: ['PREFLIGHT_FAILED'],
    proofs: [
      { file: 'test/preflight/rules.test.ts', title: 'explains %s', case: 'a published port in use' },
      {
        file: 'test/e2e/hosts.test.ts',
        title: 'have each fault explained, all at once, before anything is changed',
        case: 'bind(S,sockaddr_in(80,INADDR_ANY))',
        against: 'virtual machines',
      },
    ],
  },
  {
    number: 37,
    failure: '`bind source path does not exist` on one of the nodes.',
    handling: 'explained',
    does: 'Names every node that could get the task and lacks the folder.',
    codes: ['SERVICE_FAILED'],
    proofs: [],
  },
];
