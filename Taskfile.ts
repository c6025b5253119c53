import type { NightlyStage } from './lib/pipeline/nightly-stage.ts';

/** Machines with a Docker Engine on each. */
const machines = ['prepare-provider', 'provision', 'preflight', 'install-docker'] as const;

/** A swarm on them, with everything that runs there. */
const swarm = [
  'unlock-managers',
  'init-manager',
  'collect-token',
  'join-managers',
  'join-workers',
  'set-roles',
  'configure-swarm',
  'rotate-tokens',
  'configure-nodes',
  'prune',
  'check-ports',
  'upgrade-docker',
  'pull-images',
  'create-networks',
  'create-objects',
  'deploy-services',
  'deploy-stacks',
  'retire-objects',
  'roll-images',
  'set-up-portainer',
  'verify-http',
] as const;

/**
 * The table of contents: every pipeline as a list of tasks. A task is the file of that name in tasks/. The order comes
 * from what each task needs, so a node continues as soon as its own needs are met.
 */
export const pipelines = {
  /** Everything in the cluster file. */
  up: [...machines, ...swarm],
  /** Recreates one node without downtime. */
  replace: [
    'require-swarm',
    'retire-node',
    ...machines,
    'unlock-managers',
    'init-manager',
    'collect-token',
    'join-managers',
    'join-workers',
    'set-roles',
    'rotate-tokens',
    'configure-nodes',
    'pull-images',
    'deploy-services',
    'verify-http',
  ],
  /** Only the checks. */
  verify: ['set-roles', 'configure-nodes', 'deploy-services', 'deploy-stacks', 'set-up-portainer', 'verify-http'],
  /** One service, and the check that it answers. */
  scale: ['deploy-services', 'verify-http'],
  /** Returns services to their state before the last update. */
  rollback: ['roll-back'],
  /** Runs jobs once more. */
  rerun: ['rerun-jobs'],
  /** Moves tasks to nodes that came back and have none. */
  rebalance: ['rebalance', 'verify-http'],
  /** Availability of one node: `drain` and `activate`. */
  availability: ['configure-nodes'],
  /** Rebuilds a swarm that lost its majority from one surviving manager. */
  recover: ['recover-swarm'],
  /** What the managers keep, in an encrypted file. */
  backup: ['back-up'],
  /** Restores a swarm from such a file on new machines, then brings up the rest of the cluster file. */
  restore: [...machines, 'restore-swarm', ...swarm],
  /** A drill: cuts the power of the machines named with --node. */
  lose: ['cut-power'],
  /** The remaining nodes take over, and every page still answers there. */
  outlive: ['fail-over', 'verify-http'],
  /** Machines off, disks kept. */
  stop: ['power-off'],
  /** Removes everything that `up` made, and nothing else. */
  down: ['remove-services', 'leave-workers', 'leave-managers', 'destroy-machines', 'clean-up'],
  /** `down --uninstall`: also what was installed on hosts that stay. */
  uninstall: ['remove-services', 'leave-workers', 'leave-managers', 'uninstall-docker', 'destroy-machines', 'clean-up'],
  /** `down --node`: removes some nodes and keeps the cluster. */
  remove: ['leave-workers', 'leave-managers', 'retire-node'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

/** The nightly test of a whole cluster: what each stage runs, and the expected result. */
export const nightly: readonly NightlyStage[] = [
  { title: 'From nothing', pipeline: 'up' },
  { title: 'A second run changes nothing', pipeline: 'up', changesNothing: true },
  { title: 'Every check passes', pipeline: 'verify', mode: 'check' },
  { title: 'A worker loses its power', pipeline: 'lose', victim: 'worker' },
  { title: 'The others carry on without it', pipeline: 'outlive' },
  { title: 'The leading manager loses its power', pipeline: 'lose', victim: 'leader' },
  { title: 'The others carry on without both', pipeline: 'outlive' },
  { title: 'Both are back', pipeline: 'up' },
  { title: 'The first service is scaled up', pipeline: 'scale', more: 2 },
  { title: 'Scaled back to the cluster file', pipeline: 'up' },
  { title: 'Nothing is left behind', pipeline: 'down' },
];
