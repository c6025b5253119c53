import { Argument, Command as Parser, Option as ParserOption } from 'commander';
import { GROUPS, type Command } from './command.ts';
import { access } from './commands/access.ts';
import { backUpAndRecovery } from './commands/back-up-and-recovery.ts';
import { clusters } from './commands/clusters.ts';
import { filesAndTasks } from './commands/files-and-tasks.ts';
import { recordsAndTests } from './commands/records-and-tests.ts';
import { servicesAndNodes } from './commands/services-and-nodes.ts';
import { columns } from '../util/columns.ts';
import type { Option } from './option.ts';

/** Every command, in the order of the help. */
export const COMMANDS: readonly Command[] = [
  ...clusters,
  ...servicesAndNodes,
  ...access,
  ...backUpAndRecovery,
  ...recordsAndTests,
  ...filesAndTasks,
];

/** How a command ends: its exit status. */
export type Act = (status: Promise<number>) => void;

/**
 * The command line. Building it loads nothing but the argument parser and the commands' descriptions.
 *
 * @param act takes the running command's exit status
 */
export function buildProgram(act: Act, version: string, commands: readonly Command[] = COMMANDS): Parser {
  const program = new Parser('swarmup')
    .description(
      'Brings up a Docker Swarm from a YAML file: machines, Docker, managers, workers, services, stacks, and HTTP checks.',
    )
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .helpCommand('help [command]', 'show help for a command')
    .showSuggestionAfterError()
    .configureHelp({ sortSubcommands: false, showGlobalOptions: true });
  for (const group of GROUPS) {
    program.commandsGroup(`${group}:`);
    for (const command of commands) if (command.group === group) add(command, program, act);
  }
  program.commandsGroup('Help:');
  program.addHelpText(
    'after',
    '\nExit status: 0 done; 1 a task or a check failed; 2 wrong usage or configuration; 3 plan with changes (--detailed-exitcode); 4 another run holds this cluster; 130 interrupted.\nThe cluster file: docs/reference/cluster-file.md',
  );
  return program;
}

function add(command: Command, program: Parser, act: Act): void {
  const words = command.name.split(' ');
  const parent = words.length > 1 ? parentOf(words, program) : program;
  const parser = parent.command(words.at(-1) ?? '').description(command.summary);
  for (const { usage, description, parse } of command.args) {
    const argument = new Argument(usage, description);
    parser.addArgument(parse ? argument.argParser(parse) : argument);
  }
  for (const option of Object.values(command.options)) parser.addOption(parserOption(option));
  parser.addHelpText('after', `\nExamples:\n${examplesOf(command)}`);
  const arity = command.args.length;
  // commander appends itself to the arguments and the options.
  parser.action((...given: unknown[]) => act(command.run(given.slice(0, arity + 1))));
}

/** What commands with subcommands are about. */
const PARENTS: Readonly<Record<string, string>> = {
  import: 'write a cluster file for existing machines or an existing swarm',
  snapshot: 'save all QEMU machines of the cluster as they run, and restore them in seconds',
};

/** `import` of `import swarm`. */
function parentOf([first = '']: readonly string[], program: Parser): Parser {
  const found = program.commands.find((one) => one.name() === first);
  return found ?? program.command(first).description(PARENTS[first] ?? '');
}

function parserOption({ flags, description, parse, choices, fallback, required }: Option<unknown, boolean>) {
  const option = new ParserOption(flags, description);
  if (parse) option.argParser(parse);
  if (choices) option.choices(choices);
  if (fallback !== undefined) option.default(fallback);
  return option.makeOptionMandatory(required ?? false);
}

/** One example per line, followed by what it does. */
export function examplesOf({ examples }: Command): string {
  return columns(Object.entries(examples).map(([line, about]) => [`  swarmup ${line}`, about])).join('\n');
}
