import type Docker from 'dockerode';
import type { ErrorCode } from '../util/errors.ts';

/** The Docker Engine of one node. */
export interface Engine {
  readonly node: string;
  /**
   * Makes one request. An error of the engine becomes a SwarmupError with the engine's full message.
   *
   * @param what the request as it reads after "couldn't"
   */
  call<T>(what: string, request: (docker: Docker) => Promise<T>, options?: CallOptions): Promise<T>;
  /** Like `call`, with undefined for "not found" (404). */
  find<T>(what: string, request: (docker: Docker) => Promise<T>): Promise<T | undefined>;
  /**
   * Follows a stream of JSON progress messages to its end.
   * @throws Error with the message of the first error in the stream
   */
  follow(stream: NodeJS.ReadableStream, onMessage: (message: ProgressMessage) => void): Promise<void>;
  /** Reads what containers printed, line by line, to its end or until the signal. Source: the Engine API, "Stream format". */
  readLog(stream: NodeJS.ReadableStream, signal: AbortSignal, onLine: OnLogLine): Promise<void>;
}

export interface CallOptions {
  /** The error code for a failed request; default: ENGINE_REFUSED. */
  readonly code?: ErrorCode;
  /** How long the answer may take, in milliseconds; default: three minutes. */
  readonly withinMs?: number;
}

export type OnLogLine = (source: 'stdout' | 'stderr', line: string) => void;

export interface ProgressMessage {
  readonly id?: string | undefined;
  readonly status?: string | undefined;
  readonly stream?: string | undefined;
  readonly error?: string | undefined;
  readonly progressDetail?: { readonly current?: number | undefined; readonly total?: number | undefined } | undefined;
}
