import { defineCommand, one, oneOrNone, type Command } from '../command.ts';
import { flag, repeated, text } from '../option.ts';
import { change, common } from '../options.ts';

const group = 'Back-up and recovery';

const backup = defineCommand({
  name: 'backup',
  group,
  summary: 'write what the managers keep into one encrypted file',
  args: [],
  options: {
    ...change,
    output: text('-o, --output <file>', 'the file to write (default: NAME-TIME.age here)'),
    recipient: repeated('--recipient <age1...>', 'encrypt for an age key instead of a passphrase; may be repeated'),
    volume: repeated('--volume <node:name>', 'include a volume of a node; may be repeated'),
  },
  examples: {
    backup: 'encrypt with a passphrase',
    'backup --volume worker1:data -o monday.age': 'include a volume',
  },
  load: async () => (await import('../actions/backup.ts')).backup,
});

const restore = defineCommand({
  name: 'restore',
  group,
  summary: 'bring a swarm up from a back-up, on machines that are in no swarm',
  args: [one('file', 'what `swarmup backup` wrote')],
  options: { ...change, identity: text('--identity <file>', 'the age identity that it was encrypted for') },
  examples: { 'restore monday.age': 'make the machines, restore the swarm, and check it' },
  load: async () => (await import('../actions/backup.ts')).restore,
});

const recover = defineCommand({
  name: 'recover',
  group,
  summary: 'rebuild the swarm from one surviving manager, after the majority was lost',
  args: [],
  options: { ...change, manager: text('--manager <name>', 'the manager to rebuild from') },
  examples: { 'recover --manager manager2': 'keep what manager2 knows' },
  load: async () => (await import('../actions/day-two.ts')).recover,
});

const rotate = defineCommand({
  name: 'rotate',
  group,
  summary: "replace join tokens, the root certificate, the unlock key or Portainer's password",
  args: [one('what', 'tokens, ca, unlock-key or portainer-password')],
  options: { ...change, print: flag('--print', 'unlock-key: show the new one once, and keep it nowhere') },
  examples: { 'rotate tokens': 'the old join tokens stop working' },
  load: async () => (await import('../actions/rotate.ts')).rotate,
});

const unlock = defineCommand({
  name: 'unlock',
  group,
  summary: 'remove the lock of a run that is gone, after showing whose it is',
  args: [],
  options: common,
  examples: { unlock: 'after a computer died in the middle of a run' },
  load: async () => (await import('../actions/unlock.ts')).unlock,
});

const snapshots = () => import('../actions/snapshot.ts');
const snapshotName = oneOrNone('name', "the snapshot's name; default: default");

const snapshotSave = defineCommand({
  name: 'snapshot save',
  group,
  summary: 'save all QEMU machines of the cluster as they run now',
  args: [snapshotName],
  options: change,
  examples: { 'snapshot save': 'before a test', 'snapshot save before-upgrade': 'with a name' },
  load: async () => (await snapshots()).save,
});

const snapshotRestore = defineCommand({
  name: 'snapshot restore',
  group,
  summary: 'replace the machines by those of a snapshot, which continue from its moment, and run the checks',
  args: [snapshotName],
  options: change,
  examples: { 'snapshot restore': 'after a test', 'snapshot restore before-upgrade --yes': 'without asking' },
  load: async () => (await snapshots()).restore,
});

const snapshotList = defineCommand({
  name: 'snapshot list',
  group,
  summary: 'list the snapshots, with their size and whether they can be restored',
  args: [],
  options: common,
  examples: { 'snapshot list': 'the latest last' },
  load: async () => (await snapshots()).list,
});

const snapshotRemove = defineCommand({
  name: 'snapshot remove',
  group,
  summary: 'remove a snapshot',
  args: [snapshotName],
  options: change,
  examples: { 'snapshot remove before-upgrade': 'free its disk space' },
  load: async () => (await snapshots()).remove,
});

export const backUpAndRecovery: readonly Command[] = [
  backup,
  restore,
  snapshotSave,
  snapshotRestore,
  snapshotList,
  snapshotRemove,
  recover,
  rotate,
  unlock,
];
