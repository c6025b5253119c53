/** Who has to act: the user (configuration, usage), a host (its state), or the tool itself. */
export type ErrorSource = 'user' | 'host' | 'tool';

/**
 * Every error swarmup reports. `pending` tells what a plan may assume when a check fails with this error while an
 * earlier unit still has changes to make: `absent` (the thing doesn't exist yet) or `unknown` (it exists, but can't be
 * checked). `transient` errors are known to pass by themselves: the unit is retried.
 */
const TABLE = {
  USAGE: { source: 'user' },
  CONFIG_INVALID: { source: 'user' },
  CONFIG_NOT_FOUND: { source: 'user' },
  NEEDS_CONFIRMATION: { source: 'user' },
  UNKNOWN_NAME: { source: 'user' },
  TASKS_INVALID: { source: 'user' },
  PREREQUISITE_MISSING: { source: 'user' },
  TASKFILE_INVALID: { source: 'user' },
  CONTEXT_FOREIGN: { source: 'user' },
  RECORD_INVALID: { source: 'user' },
  INTERNAL: { source: 'tool' },
  INTERRUPTED: { source: 'user' },
  LOCKED: { source: 'user' },
  TIMED_OUT: { source: 'host' },
  NOT_CONVERGED: { source: 'tool' },
  CHANGED_AGAIN: { source: 'tool' },
  NOT_AS_CONFIGURED: { source: 'host' },

  PACKAGE_MISSING: { source: 'user' },
  PATH_UNSAFE: { source: 'user' },
  LOCAL_COMMAND_FAILED: { source: 'host' },
  DOWNLOAD_FAILED: { source: 'host' },
  CHECKSUM_MISMATCH: { source: 'host' },
  IMAGE_BUILD_FAILED: { source: 'host' },

  MACHINE_ABSENT: { source: 'host', pending: 'absent' },
  MACHINE_STOPPED: { source: 'host', pending: 'unknown' },
  MACHINE_FAILED: { source: 'host' },
  SNAPSHOT_UNUSABLE: { source: 'user' },

  CLOUD_CREDENTIALS: { source: 'user' },
  CLOUD_DENIED: { source: 'user' },
  CLOUD_INVALID: { source: 'user' },
  CLOUD_LIMIT: { source: 'user' },
  CLOUD_NO_CAPACITY: { source: 'host' },
  CLOUD_FAILED: { source: 'host' },
  CLOUD_FOREIGN: { source: 'user' },

  SSH_UNREACHABLE: { source: 'host', pending: 'unknown' },
  SSH_HOST_KEY_UNKNOWN: { source: 'user' },
  SSH_HOST_KEY_CHANGED: { source: 'host' },
  SSH_AUTH_FAILED: { source: 'user' },
  SSH_NO_COMMON_ALGORITHM: { source: 'host' },
  SSH_FORWARDING_REFUSED: { source: 'host' },
  SSH_CONNECTION_LOST: { source: 'host', transient: true },
  COMMAND_FAILED: { source: 'host' },
  ANSWER_UNREADABLE: { source: 'host' },
  SUDO_REFUSED: { source: 'user' },

  ENGINE_UNREACHABLE: { source: 'host', pending: 'absent' },
  ENGINE_REFUSED: { source: 'host' },
  ENGINE_SILENT: { source: 'host' },
  PREFLIGHT_FAILED: { source: 'host' },
  INSTALL_UNSUPPORTED: { source: 'user' },
  INSTALL_CONFLICT: { source: 'user' },
  INSTALL_FAILED: { source: 'host' },
  ENGINE_START_FAILED: { source: 'host' },
  DAEMON_CONFIG_INVALID: { source: 'host' },

  SWARM_ABSENT: { source: 'host', pending: 'absent' },
  SWARM_FOREIGN: { source: 'host' },
  SWARM_ELSEWHERE: { source: 'host' },
  SWARM_NO_MANAGER: { source: 'host', pending: 'absent' },
  SWARM_LOCKED: { source: 'user' },
  SWARM_NO_QUORUM: { source: 'host' },
  CANNOT_RECOVER: { source: 'user' },
  BACKUP_INVALID: { source: 'user' },
  BACKUP_LOCKED: { source: 'user' },
  RESTORE_DIFFERS: { source: 'host' },
  QUORUM_AT_RISK: { source: 'user' },
  NODE_DOWN: { source: 'host', pending: 'unknown' },
  NODE_ABSENT: { source: 'host', pending: 'absent' },

  IMAGE_UNREACHABLE: { source: 'host' },
  IMAGE_ARCHIVE_INVALID: { source: 'user' },
  NETWORK_ABSENT: { source: 'user' },
  OBJECT_ABSENT: { source: 'user' },
  DEPENDENCY_MISSING: { source: 'user' },
  DEPENDENCY_INVALID: { source: 'user' },
  SERVICE_FAILED: { source: 'host' },
  STACK_INVALID: { source: 'user' },
  STACK_FAILED: { source: 'host' },
  PORTAINER_FAILED: { source: 'host', pending: 'absent' },
  HTTP_CHECK_FAILED: { source: 'host' },
} as const satisfies Record<string, Row>;

interface Row {
  readonly source: ErrorSource;
  readonly pending?: 'absent' | 'unknown';
  readonly transient?: true;
}

export type ErrorCode = keyof typeof TABLE;

export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(TABLE, text);
}

export interface ErrorDetails {
  /** What to do about it, in one or two sentences. */
  readonly fix: string;
  /** The last lines a command printed, if one failed. */
  readonly output?: string;
  readonly cause?: unknown;
  /** Whether this error is transient, although others with its code are not. */
  readonly transient?: boolean;
}

/** The one error class: a stable code, a message (what, where, got, expected) and the fix. */
export class SwarmupError extends Error {
  readonly code: ErrorCode;
  readonly fix: string;
  readonly output: string | undefined;
  /** Whether the error is known to pass by itself: the unit is then retried. */
  readonly transient: boolean;

  constructor(code: ErrorCode, message: string, details: ErrorDetails) {
    super(message, details.cause === undefined ? {} : { cause: details.cause });
    this.name = 'SwarmupError';
    this.code = code;
    this.fix = details.fix;
    this.output = details.output;
    const row: Row = TABLE[code];
    this.transient = details.transient ?? row.transient ?? false;
  }

  /** The form in records; for a bug in swarmup with its stack trace. */
  toJSON(): object {
    const { code, message, fix, output, cause } = this;
    const trace = code === 'INTERNAL' && cause instanceof Error ? { trace: cause.stack } : {};
    return { code, message, fix, ...(output === undefined ? {} : { output }), ...trace };
  }

  get source(): ErrorSource {
    return TABLE[this.code].source;
  }

  /** What a plan may assume about the thing that couldn't be checked; undefined when the error is a plain failure. */
  get pending(): 'absent' | 'unknown' | undefined {
    const row: Row = TABLE[this.code];
    return row.pending;
  }
}

/** The message of anything thrown, without the class name. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Anything thrown, as a SwarmupError: unexpected errors become INTERNAL and keep their cause. */
export function asSwarmupError(error: unknown): SwarmupError {
  if (error instanceof SwarmupError) return error;
  if (error instanceof Error && error.name === 'AbortError') return interrupted(error);
  return new SwarmupError('INTERNAL', messageOf(error), {
    fix: 'This is a bug in swarmup: please report it with the command and the lines above.',
    cause: error,
  });
}

export function interrupted(cause?: unknown): SwarmupError {
  return new SwarmupError('INTERRUPTED', 'stopped before it was done', {
    fix: 'Run the same command again: it continues where it stopped.',
    cause,
  });
}

/** Whether an error carries this code. */
export function hasCode(error: unknown, ...codes: ErrorCode[]): error is SwarmupError {
  return error instanceof SwarmupError && codes.includes(error.code);
}
