import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { SwarmupError } from '../util/errors.ts';
import type { Emit } from '../contracts/events.ts';
import { isOk, lastLines, printed, type Output } from '../contracts/output.ts';
import { quote } from '../util/shell-quote.ts';
import type { LocalCommands, LocalRun } from '../contracts/local-commands.ts';
import { BoundedOutput } from '../util/bounded-output.ts';
import { lineSplitter } from '../util/lines.ts';
import { deadlineOf, guarded, limitsOf, tooLong, type Limits } from './deadline.ts';

export { lineSplitter } from '../util/lines.ts';

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
          fix: options.fix ?? 'Correct the error in its last lines, and run again.',
          output: options.secret ? '' : lastLines(output),
        },
      );
    },
  };
}

/** Source: POSIX, sh(1); every system has it there. */
const SHELL = '/bin/sh';

/** How long a command may take to end after it was told to, in milliseconds. */
const GRACE_MS = 2_000;

async function execute(argv: readonly string[], options: LocalRun): Promise<Output> {
  const command = `'${quote(argv)}' on this computer`;
  const within = options.interactive ? Number.POSITIVE_INFINITY : deadlineOf(options);
  const limits = limitsOf(command, within, options.signal);
  const streams = { stdout: new BoundedOutput(), stderr: new BoundedOutput() };
  const onCut = () => void (options.onLine ?? limits.fail(tooLong(command)));
  try {
    const exitCode = await spawned(argv, options, limits, {
      stdout: new Into(streams.stdout, onCut),
      stderr: new Into(streams.stderr, onCut),
    });
    limits.throwIfFailed();
    return { exitCode, stdout: streams.stdout.text(), stderr: streams.stderr.text() };
  } catch (error) {
    limits.throwIfFailed();
    throw error;
  } finally {
    limits.end();
  }
}

interface Streams {
  readonly stdout: Into;
  readonly stderr: Into;
}

async function spawned(argv: readonly string[], options: LocalRun, limits: Limits, streams: Streams): Promise<number> {
  const { $ } = await import('zx/core');
  limits.signal.throwIfAborted();
  const { input, onLine } = options;
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
    stdio: options.interactive ? 'inherit' : [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    store: { ...streams, stdall: new Into() },
    ac: linked(limits.signal),
    ...(options.cwd ? { cwd: options.cwd } : {}),
    ...(options.env ? { env: { ...process.env, ...options.env } } : {}),
    ...(typeof input === 'string' ? { input } : {}),
  })`${argv}`;
  if (input !== undefined && typeof input !== 'string') {
    // A command that ends before it has read everything shows in its exit code whether that is a failure; an input
    // that can't be read is one.
    input.once('error', limits.fail);
    pipeline(input, command.stdin).catch(() => undefined);
  }
  const splitters = onLine
    ? [lineSplitter(guarded(onLine, limits.fail)), lineSplitter(guarded(onLine, limits.fail))]
    : [];
  for (const [i, splitter] of splitters.entries()) (i === 0 ? command.stdout : command.stderr).on('data', splitter);
  limits.signal.addEventListener('abort', () => {
    // Programs that this one started may hold its pipes open, and would keep it from ending.
    const close = () => [command.child?.stdout, command.child?.stderr].forEach((stream) => stream?.destroy());
    if (limits.failure()) close();
    setTimeout(() => (close(), command.child?.kill('SIGKILL')), GRACE_MS).unref();
  });
  const result = await command;
  for (const splitter of splitters) splitter.end();
  return result.exitCode ?? 128;
}

/** What zx takes for a list of chunks: they are passed to the output, and none is kept. */
class Into extends Array<string | Buffer> {
  readonly #output: BoundedOutput | undefined;
  readonly #onCut: () => void;

  constructor(output?: BoundedOutput, onCut: () => void = () => undefined) {
    super();
    this.#output = output;
    this.#onCut = onCut;
  }

  override push(...chunks: (string | Buffer)[]): number {
    for (const chunk of chunks) this.#output?.add(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
    if (this.#output && this.#output.leftOut > 0) this.#onCut();
    return 0;
  }
}

function linked(signal: AbortSignal): AbortController {
  const controller = new AbortController();
  if (signal.aborted) controller.abort(signal.reason);
  else signal.addEventListener('abort', () => controller.abort(signal.reason), { once: true });
  return controller;
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
