import type { KnownFailure } from './failure.ts';

/** Stacks. */
export const stacks: readonly KnownFailure[] = [
  {
    number: 38,
    failure: '`network X not found` right after the stack was removed.',
    handling: 'prevented',
    does: 'Tries again until the old network is gone.',
    codes: ['STACK_INVALID'],
    proofs: [
      { file: 'test/swarm/refusals.test.ts', title: 'is deployed again once the manager has forgotten it' },
      {
        file: 'test/e2e/stacks.test.ts',
        title: 'is deployed again right after its removal, while its old network is still there',
        against: 'virtual machines',
      },
    ],
  },
  {
    number: 39,
    failure: '`Additional property X is not allowed` in a Compose file.',
    handling: 'explained',
    does: 'Reads Compose files as Docker does, and names the key with line and column before anything is deployed.',
    codes: ['CONFIG_INVALID'],
    proofs: [
      {
        file: 'test/compose/oracle.test.ts',
        title: 'mean the same as to docker stack config, or are refused by both',
        against: "Docker's client",
      },
      { file: 'test/compose/load.test.ts', title: 'has its line and column: %j' },
    ],
  },
  {
    number: 40,
    failure: '`only updates to Labels are allowed`: a config or secret with other content.',
    handling: 'explained',
    does: "Puts a hash of the content into the names of the cluster file's own secrets and configs. For those of a Compose file it says what to do.",
    codes: ['STACK_INVALID'],
    proofs: [
      {
        file: 'test/e2e/stacks.test.ts',
        title: "keeps a config whose content Docker can't change, and the error says what to do",
        against: 'virtual machines',
      },
      {
        file: 'test/e2e/life.test.ts',
        title: 'moves services to a secret whose content changed, and goes back on request',
        against: 'virtual machines',
      },
    ],
  },
  {
    number: 41,
    failure: '`docker stack deploy --detach=false` never ends when tasks have finished.',
    reference: 'docker/cli#5299',
    handling: 'prevented',
    does: 'Never uses it: its own wait watches the tasks, and knows tasks that may end.',
    codes: [],
    proofs: [
      {
        file: 'test/jobs.test.ts',
        title: 'of a stack has converged when its tasks ended, although Swarm paused the update for that',
      },
      {
        file: 'test/e2e/stacks.test.ts',
        title: 'runs as it is: files, variables, a job before what needs it, and TLS',
        against: 'virtual machines',
      },
    ],
  },
];
