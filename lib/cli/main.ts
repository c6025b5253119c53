import { enableCompileCache } from 'node:module';
import { CommanderError } from 'commander';
import { isLostOutput } from './interrupts.ts';
import { version } from './version.ts';
import { buildProgram } from './program.ts';

/** Runs the command line and sets the process's exit status. */
export async function main(argv: readonly string[]): Promise<void> {
  enableCompileCache();
  for (const stream of [process.stdout, process.stderr]) stream.on('error', onLostOutput);
  let status = Promise.resolve(0);
  const program = buildProgram((running) => void (status = running), version());
  program.exitOverride();
  for (const command of program.commands) command.exitOverride();
  try {
    program.parse(argv, { from: 'user' });
    process.exitCode = await status;
  } catch (error) {
    if (error instanceof CommanderError) {
      // commander has printed the error already; help and version aren't errors.
      process.exitCode = error.exitCode === 0 ? 0 : 2;
      return;
    }
    const { reportError } = await import('../render/error.ts');
    process.exitCode = reportError(error, process.stderr, argv.includes('--json') ? process.stdout : undefined);
  }
}

/** `swarmup status | head`: the reader closed the pipe. Running work is stopped by its own listener. */
function onLostOutput(error: NodeJS.ErrnoException): void {
  if (!isLostOutput(error)) throw error;
}
