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
      { file: 'test/swarm/task-errors.test.ts', title: '%s', case: 'error creating vxlan interface: file exists' },
      {
        file: 'test/swarm/task-errors.test.ts',
        title: '%s',
        case: 'error creating vxlan interface: operation not supported',
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
      {
        file: 'test/swarm/post-mortem.test.ts',
        title: 'says what each node lacks when no node has room, with the fix for that',
      },
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
    proofs: [
      { file: 'test/preflight/rules.test.ts', title: 'explains %s', case: 'another processor' },
      { file: 'test/swarm/eligibility.test.ts', title: '%s', case: 'of another platform' },
      {
        file: 'test/images/on-node.test.ts',
        title: 'that the engine refuses names the cause, and the platforms that the image has',
      },
    ],
  },
  {
    number: 32,
    failure: '`no suitable node (host-mode port already in use on 3 nodes)`',
    handling: 'explained',
    does: 'Names the port, and the service that has it on each node.',
    codes: ['SERVICE_FAILED'],
    proofs: [{ file: 'test/swarm/eligibility.test.ts', title: '%s', case: 'host-mode port 8080/tcp is used by other' }],
  },
  {
    number: 33,
    failure: '`No such image` that hides `toomanyrequests: You have reached your pull rate limit`.',
    handling: 'explained',
    does: 'Pulls images before the service is deployed, and says to log in or to use a mirror.',
    codes: ['IMAGE_UNREACHABLE'],
    proofs: [
      { file: 'test/images/pull-failure.test.ts', title: '%s', case: 'the rate limit of Docker Hub' },
      {
        file: 'test/images/registry-words.test.ts',
        title: 'about a registry: %s',
        case: 'limited',
        against: "Docker's client",
      },
    ],
  },
  {
    number: 34,
    failure: '`No such image` that hides `no space left on device`.',
    handling: 'explained',
    does: 'Says whose disk is full, and how to see what fills it.',
    codes: ['DISK_FULL'],
    proofs: [
      { file: 'test/images/on-node.test.ts', title: 'is told with what is free in the engine’s folder' },
      {
        file: 'test/e2e/life.test.ts',
        title: 'runs an image from a private registry, with the credentials that Docker has here',
        case: 'DISK_FULL',
        against: 'virtual machines',
      },
    ],
  },
  {
    number: 35,
    failure: "`port '80' is already in use by service 'web'`",
    handling: 'explained',
    does: 'Finds two users of a port in the file, with line and column, and names the service of the swarm that has it.',
    codes: ['CONFIG_INVALID', 'PORT_TAKEN', 'STACK_INVALID'],
    proofs: [
      {
        file: 'test/config/stacks.test.ts',
        title: 'may publish a port in host mode in two services, but not twice in the routing mesh',
      },
      {
        file: 'test/ports.test.ts',
        title: "is found when another service has it, and the managers' refusal of one that appears later names it too",
      },
      {
        file: 'test/e2e/stacks.test.ts',
        title: 'names the service that has a port, and the command that frees it',
        against: 'virtual machines',
      },
    ],
  },
  {
    number: 36,
    failure: "A host's own program on a published port, of which only the engine's log tells.",
    handling: 'explained',
    does: 'Names the program before anything is deployed, also for a port that is published later.',
    codes: ['PREFLIGHT_FAILED', 'PORT_TAKEN'],
    proofs: [
      { file: 'test/preflight/rules.test.ts', title: 'explains %s', case: 'a published port in use' },
      {
        file: 'test/e2e/hosts.test.ts',
        title: 'have each fault explained, all at once, before anything is changed',
        case: 'bind(S,sockaddr_in(80,INADDR_ANY))',
        against: 'virtual machines',
      },
      {
        file: 'test/e2e/life.test.ts',
        title: 'names what has a port on a node before the service that is to have it is deployed',
        against: 'virtual machines',
      },
      {
        file: 'test/ports.test.ts',
        title: 'is found on a member before the service that is to have it is deployed, in a plan as well',
      },
    ],
  },
  {
    number: 37,
    failure: '`bind source path does not exist` on one of the nodes.',
    handling: 'explained',
    does: 'Names every node that could get the task and lacks the folder.',
    codes: ['BIND_SOURCE_ABSENT', 'SERVICE_FAILED'],
    proofs: [
      {
        file: 'test/swarm/bind-sources.test.ts',
        title: 'is missing on some nodes: nothing is deployed, and the command creates it there',
      },
      {
        file: 'test/e2e/stacks.test.ts',
        title: 'runs as it is: files, variables, a job before what needs it, and TLS',
        case: 'BIND_SOURCE_ABSENT',
        against: 'virtual machines',
      },
    ],
  },
];
