import { Command } from 'commander';
import {
  scaleArgument,
  withCommon,
  withSelection,
  type CommonOptions,
  type Scale,
  type SelectionOptions,
} from './options.ts';

/** How a command ends: its exit status. */
export type Action = (status: Promise<number>) => void;

type RunOptions = CommonOptions & SelectionOptions;

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
  const pipeline = (usage: string, description: string) => withSelection(command(usage, description));

  pipeline('up', 'bring everything up that the file asks for; a second run changes nothing').action(
    (options: RunOptions) => act(import('./commands/pipeline.ts').then((m) => m.up(options))),
  );
  pipeline('plan', 'show what `up` would change, changing nothing')
    .option('--detailed-exitcode', 'exit status 3 when there are changes')
    .action((options: RunOptions & { detailedExitcode?: boolean }) =>
      act(import('./commands/pipeline.ts').then((m) => m.plan(options))),
    );
  pipeline('verify', 'only the checks: nodes ready, services converged, HTTP on every node').action(
    (options: RunOptions) => act(import('./commands/pipeline.ts').then((m) => m.verify(options))),
  );
  command('status', 'show machines, nodes, services, tasks with their errors, URLs').action((options: CommonOptions) =>
    act(import('./commands/status.ts').then((m) => m.status(options))),
  );
  command('scale', 'scale services, such as web=4')
    .argument('<service=replicas...>', 'service and number of replicas', scaleArgument)
    .action((scales: readonly Scale[], options: CommonOptions) =>
      act(import('./commands/day-two.ts').then((m) => m.scale(scales, options))),
    );
  command('drain', 'take all tasks off a node and keep new ones away')
    .argument('<node>')
    .action((node: string, options: CommonOptions) =>
      act(import('./commands/day-two.ts').then((m) => m.setAvailability(node, 'drain', options))),
    );
  command('activate', 'let a node take tasks again')
    .argument('<node>')
    .action((node: string, options: CommonOptions) =>
      act(import('./commands/day-two.ts').then((m) => m.setAvailability(node, 'active', options))),
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
  command('stop', 'power the machines off and keep their disks; `up` starts them again').action(
    (options: CommonOptions) => act(import('./commands/pipeline.ts').then((m) => m.stop(options))),
  );
  command('down', 'take away everything swarmup made, and nothing else').action((options: CommonOptions) =>
    act(import('./commands/pipeline.ts').then((m) => m.down(options))),
  );
  program.addHelpText(
    'after',
    '\nExit status: 0 done; 1 a task or a check failed; 2 wrong usage or configuration; 3 plan with changes (--detailed-exitcode); 4 another run holds this cluster; 130 interrupted.\nThe cluster file: docs/reference/cluster-file.md',
  );
  return program;
}
