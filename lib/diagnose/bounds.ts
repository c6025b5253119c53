import type { CallOptions, Engine } from '../contracts/engine.ts';
import type { Host } from '../contracts/host.ts';
import type { Remote } from '../contracts/remote.ts';
import { unlessAborted } from '../async/abortable.ts';
import { SwarmupError } from '../util/errors.ts';

/** A longer line is left out: patterns take long on it, and nobody reads it. */
const LONGEST_LINE = 2048;
/** The same of a word, such as data in base64. */
const LONG_WORDS = /\S{1000,}/g;
/** How much of a text is kept, from its end, in characters. */
const LONGEST = 320 * 1024;

/** The text without words that are too long to be cleaned. */
export function withoutLongWords(text: string): string {
  return text.replace(LONG_WORDS, (word) => `[${word.length} characters left out]`);
}

/** The last lines of a text that may have any length, whole. */
export function lastLines(text: string, longest = LONGEST): string {
  const cut = text.length > longest;
  const tail = text.slice(-longest);
  // The first line may be the end of a longer one, and with it the end of a secret.
  const [, ...whole] = cut ? tail.split('\n') : ['', ...tail.split('\n')];
  const shown = whole.map((line) =>
    line.length > LONGEST_LINE ? `[a line of ${line.length} characters left out]` : line,
  );
  return [...(cut ? ['[earlier lines left out]'] : []), ...shown].join('\n');
}

/**
 * Waits for an answer, but not for long.
 *
 * @param what the subject of the error
 * @throws SwarmupError TIMED_OUT
 */
export async function within<T>(
  ms: number,
  what: string,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = AbortSignal.timeout(ms);
  const both = AbortSignal.any([signal, limit]);
  try {
    return await unlessAborted(work(both), both);
  } catch (cause) {
    signal.throwIfAborted();
    if (!limit.aborted) throw cause;
    throw new SwarmupError('TIMED_OUT', `${what} did not answer within ${Math.round(ms / 1000)} s`, {
      fix: 'It may be overloaded or hang: look at it by hand.',
      cause,
    });
  }
}

/** The same connections, on which no machine is waited for longer than this, in milliseconds. */
export function bounded(remote: Remote, ms: number): Remote {
  const host = async (node: string, signal: AbortSignal) => {
    return boundedHost(await within(ms, node, signal, (until) => remote.host(node, until)), ms);
  };
  const engine = async (node: string, signal: AbortSignal) => {
    return boundedEngine(
      await within(ms, `${node}'s Docker Engine`, signal, (until) => remote.engine(node, until)),
      ms,
    );
  };
  return {
    host,
    engine,
    answers: (node, signal) => remote.answers(node, signal),
    close: () => remote.close(),
  };
}

function boundedHost(host: Host, ms: number): Host {
  return {
    name: host.name,
    run: (argv, options = {}) => host.run(argv, { ...options, withinMs: Math.min(ms, options.withinMs ?? ms) }),
    dialEngine: () => host.dialEngine(),
    dialPort: (port) => host.dialPort(port),
    close: () => host.close(),
  };
}

function boundedEngine(engine: Engine, ms: number): Engine {
  const soon = (options: CallOptions = {}) => ({ ...options, withinMs: Math.min(ms, options.withinMs ?? ms) });
  return {
    node: engine.node,
    call: (what, request, options) => engine.call(what, request, soon(options)),
    find: (what, request) => engine.find(what, request),
    follow: (stream, onMessage) => engine.follow(stream, onMessage),
    readLog: (stream, signal, onLine) => engine.readLog(stream, signal, onLine),
  };
}
