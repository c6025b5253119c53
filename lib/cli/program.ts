import { Command } from 'commander';
import type { SwarmImportOptions } from './commands/import.ts';
import type { BackupOptions, RestoreOptions } from './commands/backup.ts';
import type { RecoverOptions } from './commands/day-two.ts';
import type { LogsOptions } from './commands/logs.ts';
import type { RotateOptions } from './commands/rotate.ts';
import type { NightlyOptions } from './commands/nightly.ts';
import {
  collected,
  count,
  duration,
  scaleArgument,
  withCommon,
  withFollow,
  withKeepGoing,
  withLock,
  withRun,
  withSelection,
  type CommonOptions,
  type RunOptions,
  type Scale,
  type SelectionOptions,
} from './options.ts';

/** How a command ends: its exit status. */
export type Action = (status: Promise<number>) => void;

type PipelineOptions = RunOptions & SelectionOptions;

/**
 * The command line. Building it loads nothing but the argument parser; each command loads what it needs.
 *
 * @param act takes the running command's exit status
 */
export function buildProgram(act: Action, version: string): Command {
  const program = new Command('swarmup')
    .description(
      'Brings up a Docker Swarm from a YAML file: machines, Docker, managers, workers, services, stacks, and proof over HTTP.',
    )
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .helpCommand('help [command]', 'show help for a command')
    .showSuggestionAfterError()
    .configureHelp({ sortSubcommands: false, showGlobalOptions: true });

  const command = (usage: string, description: string) => withCommon(program.command(usage)).description(description);
  const run = (usage: string, description: string) => withLock(withRun(command(usage, description)));
  const pipeline = (usage: string, description: string) => withSelection(run(usage, description));
  const looking = (usage: string, description: string) => withSelection(withRun(command(usage, description)));

  withKeepGoing(pipeline('up', 'bring everything up that the file asks for; a second run changes nothing'))
    .option('--prune', 'take away what swarmup made and the file no longer names')
    .action((options: PipelineOptions) => act(import('./commands/pipeline.ts').then((m) => m.up(options))));
  looking('plan', 'show what `up` would change, changing nothing')
    .option('--detailed-exitcode', 'exit status 3 when there are changes')
    .action((options: PipelineOptions & { detailedExitcode?: boolean }) =>
      act(import('./commands/pipeline.ts').then((m) => m.plan(options))),
    );
  looking('verify', 'only the checks: nodes ready, services converged, HTTP on every node').action(
    (options: PipelineOptions) => act(import('./commands/pipeline.ts').then((m) => m.verify(options))),
  );
  withKeepGoing(pipeline('run', 'run any pipeline by its name: one of your own, for instance'))
    .argument('<pipeline>')
    .action((name: string, options: PipelineOptions) =>
      act(import('./commands/pipeline.ts').then((m) => m.runNamed(name, options))),
    );
  command('tasks', 'list every pipeline and task, what each does and needs')
    .option('--taskfile <file>', 'a TypeScript file with tasks and pipelines of your own')
    .action((options: CommonOptions & { taskfile?: string }) =>
      act(import('./commands/tasks.ts').then((m) => m.tasks(options))),
    );
  command(
    'doctor',
    'look at every host and at the network between them for what would go wrong; changes nothing',
  ).action((options: CommonOptions) => act(import('./commands/doctor.ts').then((m) => m.doctor(options))));
  const imports = program.command('import').description('write a cluster file for what is there already');
  const importing = (usage: string, description: string) =>
    imports
      .command(usage)
      .description(description)
      .option('--name <name>', "the cluster's name in the file", 'imported')
      .option('-o, --output <file>', 'where to write it (default: standard output)')
      .option('-y, --yes', 'write over a file that is there');
  importing('docker-machine', "machines of docker-machine's store")
    .option('--store <folder>', 'its folder (default: MACHINE_STORAGE_PATH, else ~/.docker/machine)')
    .action((options: { name: string; output?: string; yes?: boolean; store?: string }) =>
      act(import('./commands/import.ts').then((m) => m.importDockerMachine(options))),
    );
  importing('swarm', 'a swarm that somebody made: its nodes and services, so that `plan` shows no changes')
    .requiredOption('--manager <host>', 'a manager: a host name, an address, or a Host alias of ~/.ssh/config')
    .option('--user <user>', 'whom to log in as')
    .option('--port <port>', 'the port of the SSH servers', Number)
    .option('--identity-file <file>', 'a private key')
    .option('--bastion <server>', "an SSH server to go through, as OpenSSH's ProxyJump")
    .option('--ssh-config <file>', 'an OpenSSH configuration to use')
    .option('--accept-new', 'accept the host keys of servers that were never seen before')
    .action((options: SwarmImportOptions) => act(import('./commands/import.ts').then((m) => m.importSwarm(options))));
  command('status', 'show machines, nodes, services, tasks with their errors, URLs').action((options: CommonOptions) =>
    act(import('./commands/status.ts').then((m) => m.status(options))),
  );
  pipeline('scale', 'scale services, such as web=4')
    .argument('<service=replicas...>', 'service and number of replicas', scaleArgument)
    .action((scales: readonly Scale[], options: PipelineOptions) =>
      act(import('./commands/day-two.ts').then((m) => m.scale(scales, options))),
    );
  run('backup', 'write what the managers keep into one encrypted file')
    .option('-o, --output <file>', 'the file to write (default: NAME-TIME.age here)')
    .option('--recipient <age1...>', 'encrypt for an age key instead of a passphrase; may be repeated', collected, [])
    .option('--volume <node:name>', 'also a volume of a node; may be repeated', collected, [])
    .action((options: BackupOptions) => act(import('./commands/backup.ts').then((m) => m.backup(options))));
  run('restore', 'bring a swarm up again from a back-up, on machines that are in none')
    .argument('<file>')
    .option('--identity <file>', 'the age identity that it was encrypted for')
    .action((file: string, options: RestoreOptions) =>
      act(import('./commands/backup.ts').then((m) => m.restore(file, options))),
    );
  run('recover', 'after the majority of managers was lost: go on with what one manager knows')
    .option('--manager <name>', 'the manager to go on with')
    .action((options: RecoverOptions) => act(import('./commands/day-two.ts').then((m) => m.recover(options))));
  run('rollback', 'take services back to what they were before their last update')
    .argument('<service...>')
    .action((services: readonly string[], options: RunOptions) =>
      act(import('./commands/day-two.ts').then((m) => m.rollback(services, options))),
    );
  run('rebalance', 'move tasks to nodes that came back and have too few of them')
    .argument('[service...]', 'default: all of them')
    .action((services: readonly string[], options: RunOptions) =>
      act(import('./commands/day-two.ts').then((m) => m.rebalance(services, options))),
    );
  withFollow(program.command('logs'))
    .description('show what the tasks of a service print')
    .argument('[service]')
    .option('-n, --tail <lines>', 'only the last lines of each task', count)
    .option('--since <time>', 'only what is younger, such as 90s, 10m or 1h', duration)
    .option('-t, --timestamps', 'with the time of each line')
    .action((service: string | undefined, options: LogsOptions) =>
      act(import('./commands/logs.ts').then((m) => m.logs(service, options))),
    );
  run('rotate', "make join tokens, the root certificate, the unlock key or Portainer's password anew")
    .argument('<what>', 'tokens, ca, unlock-key or portainer-password')
    .option('--print', 'unlock-key: show the new one once, and keep it nowhere')
    .action((what: string, options: RotateOptions) =>
      act(import('./commands/rotate.ts').then((m) => m.rotate(what, options))),
    );
  run('drain', 'take all tasks off a node and keep new ones away')
    .argument('<node>')
    .action((node: string, options: RunOptions) =>
      act(import('./commands/day-two.ts').then((m) => m.setAvailability(node, 'drain', options))),
    );
  run('activate', 'let a node take tasks again')
    .argument('<node>')
    .action((node: string, options: RunOptions) =>
      act(import('./commands/day-two.ts').then((m) => m.setAvailability(node, 'active', options))),
    );
  run('replace', 'make one node anew: drained, taken out, its machine made again, and joined')
    .argument('<node>')
    .action((node: string, options: RunOptions) =>
      act(import('./commands/day-two.ts').then((m) => m.replace(node, options))),
    );
  command('ssh', 'open a shell on a node, or run a command there')
    .argument('<node>')
    .argument('[command...]', 'after --')
    .action((node: string, argv: readonly string[], options: CommonOptions) =>
      act(import('./commands/ssh.ts').then((m) => m.ssh(node, argv, options))),
    );
  command('exec', 'run a command on every node')
    .argument('<command...>', 'after --')
    .option('--role <role>', 'only on nodes of this role: manager or worker')
    .option('--node <names>', 'only on these nodes (comma-separated)')
    .action((argv: readonly string[], options: CommonOptions & { role?: string; node?: string }) =>
      act(import('./commands/exec.ts').then((m) => m.exec(argv, options))),
    );
  command('ssh-config', 'print OpenSSH configuration for the nodes').action((options: CommonOptions) =>
    act(import('./commands/ssh.ts').then((m) => m.sshConfig(options))),
  );
  command('context', 'write a Docker context, so that `docker --context NAME` talks to a manager over SSH')
    .option('--name <name>', "what it is called (default: the cluster's name)")
    .action((options: CommonOptions & { name?: string }) =>
      act(import('./commands/context.ts').then((m) => m.context(options))),
    );
  run('nightly', 'test the whole life of a cluster: up, lose nodes, scale, down; leaves JUnit and HTML reports')
    .option('--out <folder>', 'where the reports go (default: nightly-NAME)')
    .option('--retain', 'leave the cluster as it is when something fails')
    .action((options: NightlyOptions) => act(import('./commands/nightly.ts').then((m) => m.nightly(options))));
  command('runs', 'list the records of runs').action((options: CommonOptions) =>
    act(import('./commands/runs.ts').then((m) => m.runs(options))),
  );
  command('report', 'write one HTML page of a run: summary, timeline, failures, topology')
    .argument('[run]', 'its name in `swarmup runs`; default: the latest')
    .option('-o, --output <file>', 'where to write it (default: report.html in the record)')
    .option('--junit <file>', 'write a JUnit report too')
    .action((id: string | undefined, options: CommonOptions & { output?: string; junit?: string }) =>
      act(import('./commands/runs.ts').then((m) => m.report(id, options))),
    );
  command('unlock', 'remove the lock of a run that is gone; says whose it is').action((options: CommonOptions) =>
    act(import('./commands/unlock.ts').then((m) => m.unlock(options))),
  );
  pipeline('stop', 'power the machines off and keep their disks; `up` starts them again').action(
    (options: PipelineOptions) => act(import('./commands/pipeline.ts').then((m) => m.stop(options))),
  );
  pipeline('down', 'take away everything swarmup made, and nothing else')
    .option('--uninstall', 'also take away the packages that swarmup installed on hosts that stay')
    .action((options: PipelineOptions & { uninstall?: boolean }) =>
      act(import('./commands/pipeline.ts').then((m) => m.down(options))),
    );
  program.addHelpText(
    'after',
    '\nExit status: 0 done; 1 a task or a check failed; 2 wrong usage or configuration; 3 plan with changes (--detailed-exitcode); 4 another run holds this cluster; 130 interrupted.\nThe cluster file: docs/reference/cluster-file.md',
  );
  return program;
}
