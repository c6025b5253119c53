import { defineCommand, type Command } from '../command.ts';
import { flag } from '../option.ts';
import { change, common, keepGoing, look, pull, selection } from '../options.ts';

const group = 'Clusters';
const pipelines = () => import('../actions/pipelines.ts');

const up = defineCommand({
  name: 'up',
  group,
  summary: 'bring up everything in the cluster file; a second run changes nothing',
  args: [],
  options: {
    ...change,
    ...selection,
    ...keepGoing,
    ...pull,
    prune: flag('--prune', 'remove what swarmup made and the file no longer names'),
  },
  examples: {
    up: 'bring up the cluster in swarmup.yaml',
    'up -f staging.yaml --yes': 'another file, without questions',
    'up --only deploy-services,verify-http': 'run two steps again',
    'up --pull': 'also roll out newer images under the same tags',
  },
  load: async () => (await pipelines()).up,
});

const plan = defineCommand({
  name: 'plan',
  group,
  summary: 'show what `up` would change, changing nothing',
  args: [],
  options: {
    ...look,
    ...selection,
    ...pull,
    detailedExitcode: flag('--detailed-exitcode', 'exit status 3 when there are changes'),
  },
  examples: {
    plan: 'show the changes',
    'plan --detailed-exitcode': 'let a script see whether there are any',
  },
  load: async () => (await pipelines()).plan,
});

const verify = defineCommand({
  name: 'verify',
  group,
  summary: 'run only the checks: nodes ready, services converged, HTTP on every node',
  args: [],
  options: { ...look, ...selection },
  examples: { 'verify --junit report.xml': 'check, and write a report for CI' },
  load: async () => (await pipelines()).verify,
});

const doctor = defineCommand({
  name: 'doctor',
  group,
  summary: 'check every host, and the network between them, for problems; changes nothing',
  args: [],
  options: common,
  examples: { doctor: 'find what would make `up` fail' },
  load: async () => (await import('../actions/doctor.ts')).doctor,
});

const status = defineCommand({
  name: 'status',
  group,
  summary: 'show machines, nodes, services, tasks with their errors, and URLs',
  args: [],
  options: common,
  examples: { status: 'for people', 'status --json': 'for programs' },
  load: async () => (await import('../actions/status.ts')).status,
});

const stop = defineCommand({
  name: 'stop',
  group,
  summary: 'power the machines off, keeping their disks; `up` starts them again',
  args: [],
  options: { ...change, ...selection },
  examples: { stop: 'power off every machine of the cluster' },
  load: async () => (await pipelines()).stop,
});

const down = defineCommand({
  name: 'down',
  group,
  summary: 'remove everything swarmup made, and nothing else',
  args: [],
  options: {
    ...change,
    ...selection,
    uninstall: flag('--uninstall', 'also remove the packages that swarmup installed on hosts that stay'),
  },
  examples: { down: 'remove the cluster', 'down --node worker3': 'remove one node from it' },
  load: async () => (await pipelines()).down,
});

export const clusters: readonly Command[] = [up, plan, verify, doctor, status, stop, down];
