import { defineCommand, one, several, severalOrNone, type Command } from '../command.ts';
import { parsed, text } from '../option.ts';
import { common } from '../options.ts';
import { duration, list } from '../values.ts';

const group = 'Access';

const ssh = defineCommand({
  name: 'ssh',
  group,
  summary: 'open a shell on a node, or run a command there',
  args: [one('node', "the node's name in the cluster file"), severalOrNone('command', 'after --')],
  options: common,
  examples: { 'ssh manager1': 'a shell', 'ssh manager1 -- sudo docker node ls': 'one command' },
  load: async () => (await import('../actions/ssh.ts')).ssh,
});

const exec = defineCommand({
  name: 'exec',
  group,
  summary: 'run a command on every node',
  args: [several('command', 'after --')],
  options: {
    ...common,
    role: text('--role <role>', 'only on nodes with this role: manager or worker'),
    node: parsed('--node <names>', 'only on these nodes (comma-separated)', list),
    timeout: parsed('--timeout <time>', 'end it on a node after this long (default: 1h; 0s: never)', duration),
  },
  examples: { 'exec -- uptime': 'on every node', 'exec --role worker -- df -h /': 'on the workers' },
  load: async () => (await import('../actions/exec.ts')).exec,
});

const sshConfig = defineCommand({
  name: 'ssh-config',
  group,
  summary: 'print OpenSSH configuration for the nodes',
  args: [],
  options: common,
  examples: { 'ssh-config >> ~/.ssh/config': 'let ssh, scp and rsync know the nodes' },
  load: async () => (await import('../actions/ssh.ts')).sshConfig,
});

const context = defineCommand({
  name: 'context',
  group,
  summary: 'write a Docker context, so that `docker --context NAME` talks to a manager over SSH',
  args: [],
  options: { ...common, name: text('--name <name>', "the context's name (default: the cluster's)") },
  examples: { context: 'then, for example: docker --context local node ls' },
  load: async () => (await import('../actions/context.ts')).context,
});

export const access: readonly Command[] = [ssh, exec, sshConfig, context];
