import type { Duplex } from 'node:stream';
import Docker from 'dockerode';
import { messageOf, SwarmupError, type ErrorCode } from '../util/errors.ts';
import type { Emit } from '../contracts/events.ts';
import { boundAnswers, ChannelAgent } from './channel-agent.ts';
import { readProgress, readSources } from './engine-streams.ts';
import { swarmRefusal } from './swarm-refusals.ts';
import { isTransient } from './transient.ts';
import type { Engine, CallOptions, OnLogLine, ProgressMessage } from '../contracts/engine.ts';

/** The newest API version that this code supports; older engines are used with their own version. */
const NEWEST_API = '1.45';
/**
 * The timeout of a request, in milliseconds: leaving a swarm, or querying a registry through an engine, may take almost
 * a minute.
 */
const ANSWER_MS = 180_000;

/**
 * Opens the Engine API of a node and negotiates the API version.
 *
 * @param dial opens a stream to the engine's socket
 * @throws SwarmupError ENGINE_UNREACHABLE
 */
export async function openEngine(
  node: string,
  dial: () => Promise<Duplex>,
  signal: AbortSignal,
  emit: Emit,
): Promise<Engine> {
  const options = { host: 'engine', port: 80, protocol: 'http' as const, agent: new ChannelAgent(dial) };
  const version = await new DockerEngine(node, boundAnswers(new Docker(options)), emit).call(
    'ask for the version',
    (docker) => docker.version(),
    { code: 'ENGINE_UNREACHABLE' },
  );
  signal.throwIfAborted();
  const versioned = boundAnswers(new Docker({ ...options, version: `v${older(version.ApiVersion, NEWEST_API)}` }));
  return new DockerEngine(node, versioned, emit);
}

/** An engine through dockerode. */
export class DockerEngine implements Engine {
  readonly node: string;
  readonly #docker: Docker;
  readonly #emit: Emit;

  constructor(node: string, docker: Docker, emit: Emit) {
    this.node = node;
    this.#docker = docker;
    this.#emit = emit;
  }

  async call<T>(what: string, request: (docker: Docker) => Promise<T>, options: CallOptions = {}): Promise<T> {
    const { code = 'ENGINE_REFUSED', withinMs = ANSWER_MS } = options;
    try {
      return await this.#ask(what, request, withinMs);
    } catch (cause) {
      if (cause instanceof SwarmupError) throw cause;
      throw engineError(this.node, what, cause, code);
    }
  }

  async find<T>(what: string, request: (docker: Docker) => Promise<T>): Promise<T | undefined> {
    try {
      return await this.#ask(what, request, ANSWER_MS);
    } catch (cause) {
      if (statusOf(cause) === 404) return undefined;
      throw cause instanceof SwarmupError ? cause : engineError(this.node, what, cause, 'ENGINE_REFUSED');
    }
  }

  async #ask<T>(what: string, request: (docker: Docker) => Promise<T>, withinMs: number): Promise<T> {
    const start = Date.now();
    const told = { type: 'engine-asked', host: this.node, what } as const;
    try {
      const answer = await this.#within(withinMs, what, request(this.#docker));
      this.#emit({ ...told, ms: Date.now() - start });
      return answer;
    } catch (error) {
      this.#emit({ ...told, ms: Date.now() - start, error: engineWords(error) });
      throw error;
    }
  }

  /** A hanging engine looks alive to its machine and to SSH, so only this timeout ends the wait. */
  async #within<T>(ms: number, what: string, answer: Promise<T>): Promise<T> {
    if (ms === Number.POSITIVE_INFINITY) return answer;
    const { promise: late, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => reject(silent(this.node, what, ms)), ms);
    try {
      return await Promise.race([answer, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  follow(stream: NodeJS.ReadableStream, onMessage: (message: ProgressMessage) => void): Promise<void> {
    return readProgress(stream, onMessage);
  }

  readLog(stream: NodeJS.ReadableStream, signal: AbortSignal, onLine: OnLogLine): Promise<void> {
    return readSources(stream, signal, onLine);
  }
}

function silent(node: string, what: string, ms: number): SwarmupError {
  const message = `${node}: couldn't ${what}: the Docker Engine didn't answer within ${Math.round(ms / 1000)} s`;
  return new SwarmupError('ENGINE_SILENT', message, {
    fix: `It may be overloaded or hanging. Read its log: swarmup ssh ${node} -- sudo journalctl -u docker -n 50; then run again.`,
    transient: true,
  });
}

/** The HTTP status of an engine's error, if it is one. */
function statusOf(error: unknown): number | undefined {
  const value = error instanceof SwarmupError ? error.cause : error;
  return typeof value === 'object' && value !== null && 'statusCode' in value && typeof value.statusCode === 'number'
    ? value.statusCode
    : undefined;
}

/** The engine's message in an error, without dockerode's "(HTTP code 500) server error - ". */
export function engineWords(error: unknown): string {
  const value = error instanceof SwarmupError ? error.cause : error;
  if (typeof value === 'object' && value !== null && 'json' in value) {
    const json: unknown = value.json;
    if (typeof json === 'object' && json !== null && 'message' in json) return String(json.message);
  }
  return messageOf(value);
}

function engineError(node: string, what: string, cause: unknown, code: ErrorCode): SwarmupError {
  const status = statusOf(cause);
  const words = engineWords(cause);
  const refusal = status !== undefined && code === 'ENGINE_REFUSED' ? swarmRefusal(node, words) : undefined;
  if (refusal) {
    const { because, fix, transient } = refusal;
    const message = `${node}: couldn't ${what}: ${because} (the engine: ${words})`;
    return new SwarmupError(refusal.code, message, { fix, cause, transient });
  }
  const fix =
    status === undefined
      ? `Check whether Docker runs there: swarmup ssh ${node} -- sudo systemctl status docker`
      : `This is the engine's own message; for more, read its log: swarmup ssh ${node} -- sudo journalctl -u docker -n 50`;
  return new SwarmupError(status === undefined ? 'ENGINE_UNREACHABLE' : code, `${node}: couldn't ${what}: ${words}`, {
    fix,
    cause,
    transient: isTransient(words),
  });
}

function older(a: string, b: string): string {
  const number = (version: string) => Number(version.split('.')[1]);
  return number(a) < number(b) ? a : b;
}
