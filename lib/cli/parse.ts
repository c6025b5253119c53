import { CommanderError, type Command as Parser } from 'commander';
import { columns } from '../util/columns.ts';
import { SwarmupError } from '../util/errors.ts';
import { visibleLine } from '../util/visible.ts';
import { buildProgram } from './program.ts';
import { version } from './version.ts';

/** What `swarmup` alone prints: the way to a first cluster. */
const FIRST_STEPS: readonly (readonly [string, string])[] = [
  ['up --example local', 'try it: three virtual machines on this computer, and nginx on all of them'],
  ['up', "bring up the cluster in swarmup.yaml; 'swarmup plan' shows what that would change"],
  ['status', 'machines, nodes, services, URLs'],
  ['down', 'remove everything that swarmup made'],
  ['help', "all commands; 'swarmup help up' explains one"],
];

/**
 * Parses the command line and runs the command that it names.
 *
 * @returns the exit status
 * @throws SwarmupError USAGE, UNKNOWN_NAME
 */
export async function parse(argv: readonly string[]): Promise<number> {
  if (argv.length === 0) {
    const { writeStderr } = await import('../render/output.ts');
    const steps = columns(FIRST_STEPS.map(([command, about]) => [`  swarmup ${command}`, about]));
    writeStderr(`swarmup brings up a Docker Swarm from a YAML file.\n\n${steps.join('\n')}\n`);
    return 2;
  }
  let status = Promise.resolve(0);
  const program = buildProgram((running) => void (status = running), version());
  const [first, ...words] = argv;
  if (first === 'help' && words.length > 0) await requireCommand(program, words);
  let isMisused = false;
  for (const parser of allOf(program)) {
    parser.exitOverride();
    parser.configureOutput({ outputError: () => (isMisused = true) });
  }
  try {
    program.parse(argv, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // Help and version have been printed; a group of commands, such as `import`, prints its help too.
    if (!isMisused) return error.exitCode === 0 ? 0 : 2;
    throw usageError(error, commandOf(program, argv));
  }
  return status;
}

function allOf(parser: Parser): readonly Parser[] {
  return [parser, ...parser.commands.flatMap(allOf)];
}

/** `help` of a command that doesn't exist. @throws SwarmupError UNKNOWN_NAME */
async function requireCommand(program: Parser, words: readonly string[]): Promise<void> {
  const { requireKnown } = await import('../util/require-known.ts');
  let parser = program;
  for (const word of words) {
    const names = parser.commands.map((one) => one.name());
    if (word.startsWith('-') || names.length === 0) return;
    requireKnown('command', word, names);
    parser = parser.commands.find((one) => one.name() === word) ?? parser;
  }
}

/** The command that the words begin with: `import swarm`. */
function commandOf(program: Parser, argv: readonly string[]): string {
  const names: string[] = [];
  let parser: Parser | undefined = program;
  for (const word of argv) {
    parser = parser?.commands.find((one) => one.name() === word);
    if (!parser) break;
    names.push(word);
  }
  return names.join(' ');
}

/** The parser's words as swarmup's own error: what is wrong, and where the right form is explained. */
function usageError({ message }: CommanderError, command: string): SwarmupError {
  const [first = '', ...more] = message.replace(/^error: /, '').split('\n');
  const suggestion = /^\(Did you mean (.+)\?\)$/.exec(more.join(' '))?.[1];
  const help = command === '' ? "'swarmup help' lists all commands." : `'swarmup help ${command}' shows its usage.`;
  return new SwarmupError('USAGE', visibleLine(first.replace(/\.$/, '')), {
    fix: `${suggestion ? `Did you mean ${visibleLine(suggestion)}? ` : ''}${help}`,
  });
}
