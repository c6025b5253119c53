import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { SwarmupError } from '../util/errors.ts';
import type { Emit } from '../contracts/events.ts';
import { isOk, lastLines, printed, type Output } from '../contracts/output.ts';
import { quote } from '../util/shell-quote.ts';
import type { LocalCommands, LocalRun } from '../contracts/local-commands.ts';

/** Commands on this computer through zx; each emits an event. */
export function localCommands(emit: Emit, env: Readonly<Record<string, string | undefined>>): LocalCommands {
  return {
    which: (program) => which(program, env),
    run: async (argv, options = {}) => {
      const start = Date.now();
      const output = await execute(argv, options);
      emit({
        type: 'command-finished',
        host: 'localhost',
        command: quote(argv),
        exitCode: output.exitCode,
        ms: Date.now() - start,
        printed: options.interactive || options.secret ? '' : printed(output),
      });
      if (isOk(output, options.okExit)) return output;
      options.signal?.throwIfAborted();
      throw new SwarmupError(
        'LOCAL_COMMAND_FAILED',
        `'${quote(argv)}' on this computer ended with exit code ${output.exitCode}`,
        {
          fix: options.fix ?? 'Correct the error in its last lines below, and run again.',
          output: options.secret ? '' : lastLines(output),
        },
      );
    },
  };
}

/** Source: POSIX, sh(1); every system has it there. */
const SHELL = '/bin/sh';

async function execute(argv: readonly string[], options: LocalRun): Promise<Output> {
  const { $ } = await import('zx/core');
  const command = $({
    nothrow: true,
    quiet: true,
    verbose: false,
    // Any POSIX shell will do, as it only starts the program: by default zx uses bash, and fails without a message if
    // there is none.
    shell: SHELL,
    prefix: 'exec ',
    postfix: '',
    quote: (word) => quote([word]),
    stdio: options.interactive ? 'inherit' : [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    ...(options.cwd ? { cwd: options.cwd } : {}),
    ...(options.env ? { env: { ...process.env, ...options.env } } : {}),
    ...(options.signal ? { ac: linked(options.signal) } : {}),
    ...(typeof options.input === 'string' ? { input: options.input } : {}),
  })`${argv}`;
  if (options.input !== undefined && typeof options.input !== 'string') pipeInto(options.input, command.stdin);
  if (options.onLine) {
    const onLine = options.onLine;
    const lines = lineSplitter(onLine);
    command.stdout.on('data', lines);
    command.stderr.on('data', lineSplitter(onLine));
  }
  const result = await command;
  return { exitCode: result.exitCode ?? 128, stdout: result.stdout, stderr: result.stderr };
}

function pipeInto(source: Readable, target: Writable): void {
  // The command may end before it has read everything; its exit code tells whether that is a failure.
  target.on('error', () => source.destroy());
  source.pipe(target);
}

function linked(signal: AbortSignal): AbortController {
  const controller = new AbortController();
  if (signal.aborted) controller.abort(signal.reason);
  else signal.addEventListener('abort', () => controller.abort(signal.reason), { once: true });
  return controller;
}

/** Calls back with every whole line of a stream; carriage returns also end a line, as progress output uses them. */
export function lineSplitter(onLine: (line: string) => void): (chunk: Buffer | string) => void {
  let rest = '';
  return (chunk) => {
    const parts = (rest + chunk.toString()).split(/[\r\n]+/);
    rest = parts.pop() ?? '';
    for (const line of parts) if (line.trim() !== '') onLine(line.trimEnd());
  };
}

async function which(program: string, env: Readonly<Record<string, string | undefined>>): Promise<string | undefined> {
  const folders = [
    ...(env['PATH'] ?? '').split(delimiter),
    '/usr/sbin',
    '/sbin',
    '/opt/homebrew/bin',
    '/usr/local/bin',
  ];
  for (const folder of folders) {
    const path = join(folder, program);
    const found = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found && folder !== '') return path;
  }
  return undefined;
}
