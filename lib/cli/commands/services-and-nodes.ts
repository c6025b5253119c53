import { defineCommand, one, oneOrNone, several, severalOrNone, type Argument, type Command } from '../command.ts';
import { flag, parsed } from '../option.ts';
import { change, following, keepGoing, selection } from '../options.ts';
import { count, duration, scale as parseScale, type Scale } from '../values.ts';

const group = 'Services and nodes';
const changes = () => import('../actions/day-two.ts');
const node = one('node', "the node's name in the cluster file");

const scales: Argument<readonly Scale[]> = {
  usage: '<service=replicas...>',
  description: 'services, each with its number of replicas',
  parse: parseScale,
};

const scale = defineCommand({
  name: 'scale',
  group,
  summary: 'set the number of replicas of services until the next `up`',
  args: [scales],
  options: { ...change, ...selection },
  examples: { 'scale web=4': 'four replicas of web', 'scale web=4 api=2': 'two services at once' },
  load: async () => (await changes()).scale,
});

const rollback = defineCommand({
  name: 'rollback',
  group,
  summary: 'return services to what they were before their last update',
  args: [several('service', 'names of services')],
  options: change,
  examples: { 'rollback web': 'undo the last update of web' },
  load: async () => (await changes()).rollback,
});

const rerun = defineCommand({
  name: 'rerun',
  group,
  summary: 'run jobs again, and wait until they completed',
  args: [several('job', 'names of jobs, or of services whose tasks end')],
  options: { ...change, ...keepGoing },
  examples: { 'rerun migrate': 'the job migrate', 'rerun app_migrate': 'the job migrate of the stack app' },
  load: async () => (await changes()).rerun,
});

const rebalance = defineCommand({
  name: 'rebalance',
  group,
  summary: 'move tasks to nodes that came back and have too few of them',
  args: [severalOrNone('service', 'names of services; default: all of them')],
  options: change,
  examples: { rebalance: 'every service', 'rebalance web': 'only web' },
  load: async () => (await changes()).rebalance,
});

const logs = defineCommand({
  name: 'logs',
  group,
  summary: 'show what the tasks of a service print',
  args: [oneOrNone('service', 'the name of a service')],
  options: {
    ...following,
    tail: parsed('-n, --tail <lines>', 'only the last lines of each task', count),
    since: parsed('--since <time>', 'only what is newer than this, such as 90s, 10m or 1h', duration),
    timestamps: flag('-t, --timestamps', 'begin each line with its time'),
  },
  examples: { 'logs web -n 20': 'the last 20 lines of each task', 'logs web -f': 'follow' },
  load: async () => (await import('../actions/logs.ts')).logs,
});

const drain = defineCommand({
  name: 'drain',
  group,
  summary: 'move all tasks off a node and keep new ones away',
  args: [node],
  options: change,
  examples: { 'drain worker1': 'before maintenance on worker1' },
  load: async () => {
    const { setAvailability } = await changes();
    return (name, options) => setAvailability(name, 'drain', options);
  },
});

const activate = defineCommand({
  name: 'activate',
  group,
  summary: 'let a node run tasks again',
  args: [node],
  options: change,
  examples: { 'activate worker1': 'after maintenance on worker1' },
  load: async () => {
    const { setAvailability } = await changes();
    return (name, options) => setAvailability(name, 'active', options);
  },
});

const replace = defineCommand({
  name: 'replace',
  group,
  summary: 'recreate one node without downtime: drain it, remove it, make its machine again, and join it',
  args: [node],
  options: change,
  examples: { 'replace worker2 --yes': 'a new machine for worker2, without questions' },
  load: async () => (await changes()).replace,
});

export const servicesAndNodes: readonly Command[] = [scale, rollback, rerun, rebalance, logs, drain, activate, replace];
