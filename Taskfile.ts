import { fileURLToPath } from 'node:url';

/**
 * The table of contents: every pipeline as a list of tasks. Each task is the file of its name in tasks/; the order
 * they run in comes from what each needs, so a node goes on as soon as its own needs are met.
 */
export const pipelines = {
  /** Everything the cluster file asks for. */
  up: [
    'provision',
    'install-docker',
    'init-manager',
    'collect-token',
    'join-managers',
    'join-workers',
    'configure-nodes',
    'pull-images',
    'deploy-services',
    'deploy-stacks',
    'set-up-portainer',
    'verify-http',
  ],
  /** Only the checks. */
  verify: ['configure-nodes', 'deploy-services', 'deploy-stacks', 'set-up-portainer', 'verify-http'],
  /** One service, and that it answers. */
  scale: ['deploy-services', 'verify-http'],
  /** Availability of one node: `drain` and `activate`. */
  availability: ['configure-nodes'],
  /** Machines off, disks kept. */
  stop: ['power-off'],
  /** Takes away everything `up` made, and nothing else. */
  down: ['destroy-machines', 'clean-up'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

export type PipelineName = keyof typeof pipelines;

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  // Not awaited here: the commands import this file, and would wait for it to end.
  void import('./lib/cli/main.ts').then(({ main }) => main(process.argv.slice(2)));
}
