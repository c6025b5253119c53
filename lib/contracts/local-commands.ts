import type { Readable } from 'node:stream';
import type { OkExit, Output } from './output.ts';

export interface LocalRun {
  readonly cwd?: string;
  readonly input?: string | Readable;
  readonly signal?: AbortSignal;
  readonly env?: Readonly<Record<string, string>>;
  /** Exit codes that aren't failures; default: 0. */
  readonly okExit?: OkExit;
  /** Called with every line the command prints on either stream. */
  readonly onLine?: (line: string) => void;
  /** How long it may take, in milliseconds; default: as long as such work takes at most (lib/remote/deadline.ts). */
  readonly withinMs?: number;
  /** What to do when it fails. */
  readonly fix?: string;
  /** Connects the command to this terminal. */
  readonly interactive?: boolean;
  /** Its output is secret: neither events nor errors contain it. */
  readonly secret?: boolean;
}

/** Commands on this computer. */
export interface LocalCommands {
  /** @throws SwarmupError LOCAL_COMMAND_FAILED with the command, its exit code and its last lines */
  run(argv: readonly string[], options?: LocalRun): Promise<Output>;
  /** The path of a program, or undefined when it isn't installed. */
  which(program: string): Promise<string | undefined>;
}
