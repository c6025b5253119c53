import { CommanderError } from 'commander';
import { buildProgram } from './program.ts';
import { version } from './version.ts';

/** Parses the command line and runs the command that it names. @returns the exit status */
export async function parse(argv: readonly string[]): Promise<number> {
  let status = Promise.resolve(0);
  const program = buildProgram((running) => void (status = running), version());
  program.exitOverride();
  for (const command of program.commands) for (const one of [command, ...command.commands]) one.exitOverride();
  try {
    program.parse(argv, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // commander has printed the error already; help and version aren't errors.
    return error.exitCode === 0 ? 0 : 2;
  }
  return status;
}
