import { defineCommand, one, oneOrNone, type Command } from '../command.ts';
import { flag, parsed, requiredText, text, textOr } from '../option.ts';
import { change, common, keepGoing, selection, taskfile } from '../options.ts';
import { port } from '../values.ts';

const group = 'Cluster files and tasks';
const imports = () => import('../actions/import.ts');

const written = {
  name: textOr('--name <name>', "the cluster's name in the file", 'imported'),
  output: text('-o, --output <file>', 'where to write it (default: standard output)'),
  yes: flag('-y, --yes', 'overwrite an existing file'),
};

const importDockerMachine = defineCommand({
  name: 'import docker-machine',
  group,
  summary: "write a cluster file for the machines in docker-machine's store",
  args: [],
  options: {
    ...written,
    store: text('--store <folder>', 'its folder (default: MACHINE_STORAGE_PATH, else ~/.docker/machine)'),
  },
  examples: { 'import docker-machine -o swarmup.yaml': 'continue with machines of docker-machine' },
  load: async () => (await imports()).importDockerMachine,
});

const importSwarm = defineCommand({
  name: 'import swarm',
  group,
  summary: 'write a cluster file for an existing swarm, with its nodes and services, for which `plan` shows no changes',
  args: [],
  options: {
    ...written,
    manager: requiredText('--manager <host>', 'a manager: a host name, an address, or a Host alias of ~/.ssh/config'),
    user: text('--user <user>', 'the login user'),
    port: parsed('--port <port>', 'the port of the SSH servers', port),
    identityFile: text('--identity-file <file>', 'a private key'),
    bastion: text('--bastion <server>', "an SSH server to go through, as OpenSSH's ProxyJump"),
    sshConfig: text('--ssh-config <file>', 'an OpenSSH configuration to use'),
    acceptNew: flag('--accept-new', 'accept host keys that were never seen before'),
  },
  examples: { 'import swarm --manager deploy@10.0.0.1 -o swarmup.yaml': 'manage an existing swarm with swarmup' },
  load: async () => (await imports()).importSwarm,
});

const config = defineCommand({
  name: 'config',
  group,
  summary: 'print the cluster file as swarmup understands it, or a stack as Docker reads it',
  args: [],
  options: {
    ...common,
    stack: text('--stack <name>', 'a stack, as `docker stack config` prints it'),
    effective: flag('--effective', 'with --stack: also what swarmup adds to the stack'),
  },
  examples: {
    config: 'the file with variables replaced, defaults filled in, and secrets as ***',
    'config --stack portainer': 'a stack, as `docker stack config` prints it',
  },
  load: async () => (await import('../actions/config.ts')).config,
});

const tasks = defineCommand({
  name: 'tasks',
  group,
  summary: 'list every pipeline and task, with what each does and needs',
  args: [],
  options: { ...common, ...taskfile },
  examples: { tasks: 'the steps of every command' },
  load: async () => (await import('../actions/tasks.ts')).tasks,
});

const run = defineCommand({
  name: 'run',
  group,
  summary: 'run a pipeline by its name, such as one of your own',
  args: [one('pipeline', 'its name in `swarmup tasks`')],
  options: { ...change, ...selection, ...keepGoing },
  examples: { 'run tune --taskfile Taskfile.ts': 'the pipeline `tune` of a task file' },
  load: async () => (await import('../actions/pipelines.ts')).runNamed,
});

const explain = defineCommand({
  name: 'explain',
  group,
  summary: 'explain an error: what it means, how it comes about, how to see it and how to fix it',
  args: [oneOrNone('code', 'as in the last line of an error; default: list them all')],
  options: { json: common.json },
  examples: { 'explain SWARM_NO_QUORUM': 'when there are too few managers', explain: 'every code with its meaning' },
  load: async () => (await import('../actions/explain.ts')).explain,
});

export const filesAndTasks: readonly Command[] = [importDockerMachine, importSwarm, config, tasks, run, explain];
