import type { NightlyStage } from './lib/pipeline/nightly-stage.ts';

/** Machines with a Docker Engine on each. */
const machines = ['prepare-provider', 'provision', 'preflight', 'install-docker'] as const;

/** A swarm of them, with all that runs there. */
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
  'upgrade-docker',
  'pull-images',
  'create-networks',
  'create-objects',
  'deploy-services',
  'retire-objects',
  'deploy-stacks',
  'set-up-portainer',
  'verify-http',
] as const;

/**
 * The table of contents: every pipeline as a list of tasks. Each task is the file of its name in tasks/; the order
 * they run in comes from what each needs, so a node goes on as soon as its own needs are met.
 */
export const pipelines = {
  /** Everything the cluster file asks for. */
  up: [...machines, ...swarm],
  /** One node anew, without the others noticing. */
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
  /** One service, and that it answers. */
  scale: ['deploy-services', 'verify-http'],
  /** Services back to what they were before their last update. */
  rollback: ['roll-back'],
  /** Tasks onto nodes that came back and have none. */
  rebalance: ['rebalance', 'verify-http'],
  /** Availability of one node: `drain` and `activate`. */
  availability: ['configure-nodes'],
  /** A swarm whose majority of managers is lost, from what one of them knows. */
  recover: ['recover-swarm'],
  /** What the managers keep, in an encrypted file. */
  backup: ['back-up'],
  /** A swarm out of such a file, on new machines, and everything else as the cluster file has it. */
  restore: [...machines, 'restore-swarm', ...swarm],
  /** A drill: the machines named with --node lose their power. */
  lose: ['cut-power'],
  /** Those that are left take over, and every page still answers there. */
  outlive: ['fail-over', 'verify-http'],
  /** Machines off, disks kept. */
  stop: ['power-off'],
  /** Takes away everything `up` made, and nothing else. */
  down: ['remove-services', 'leave-workers', 'leave-managers', 'destroy-machines', 'clean-up'],
  /** `down --uninstall`: also what was installed on hosts that stay. */
  uninstall: ['remove-services', 'leave-workers', 'leave-managers', 'uninstall-docker', 'destroy-machines', 'clean-up'],
  /** `down --node`: some nodes go, and the cluster stays. */
  remove: ['leave-workers', 'leave-managers', 'retire-node'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

/** The nightly test of a whole cluster: what each stage runs, and what must come of it. */
export const nightly: readonly NightlyStage[] = [
  { title: 'From nothing', pipeline: 'up' },
  { title: 'A second run changes nothing', pipeline: 'up', changesNothing: true },
  { title: 'Everything verified', pipeline: 'verify', mode: 'check' },
  { title: 'A worker loses its power', pipeline: 'lose', victim: 'worker' },
  { title: 'The others carry on without it', pipeline: 'outlive' },
  { title: 'The leading manager loses its power', pipeline: 'lose', victim: 'leader' },
  { title: 'The others carry on without both', pipeline: 'outlive' },
  { title: 'Both are back', pipeline: 'up' },
  { title: 'The first service is scaled up', pipeline: 'scale', more: 2 },
  { title: 'As the file says again', pipeline: 'up' },
  { title: 'Nothing is left behind', pipeline: 'down' },
];
