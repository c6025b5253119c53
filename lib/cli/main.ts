import { isLostOutput } from './interrupts.ts';
import { version } from './version.ts';

/** Runs the command line and sets the process's exit status. */
export async function main(argv: readonly string[]): Promise<void> {
  // Whatever the shell's setting is: other users must not be able to change what is written, which is code and access.
  process.umask(process.umask() | 0o022);
  // The launcher sets it for this process alone, not for the programs that swarmup starts.
  delete process.env['NODE_COMPILE_CACHE'];
  for (const stream of [process.stdout, process.stderr]) stream.on('error', onLostOutput);
  if (argv.length === 1 && ['-V', '--version'].includes(argv[0] ?? '')) {
    // The parser takes longer to load than Node.js to start.
    process.stdout.write(`${version()}\n`);
    return;
  }
  const { parse } = await import('./parse.ts');
  try {
    process.exitCode = await parse(argv);
  } catch (error) {
    const { reportError } = await import('../render/error.ts');
    const { explainedOn } = await import('../render/hyperlink.ts');
    const json = argv.includes('--json') ? process.stdout : undefined;
    process.exitCode = reportError(error, process.stderr, json, await explainedOn(process.stderr));
  }
}

/** `swarmup status | head`: the reader closed the pipe. Running work is stopped by its own listener. */
function onLostOutput(error: NodeJS.ErrnoException): void {
  if (!isLostOutput(error)) throw error;
}
