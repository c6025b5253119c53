import type { CommandChannel } from './transport.ts';

/** A variable in the environment of every command, by which the command can be found. */
export const RUN_MARK = 'SWARMUP_RUN';

/**
 * A command for the login shell of a user, whichever that is: csh and fish have neither POSIX's quoting nor its
 * assignments. They only start a POSIX shell, whose text has no character with a meaning for them.
 *
 * The command's output begins with a line that has the mark: start files of the login shell may print before it.
 *
 * @param command for a POSIX shell
 */
export function inAnyShell(command: string, mark: string): string {
  const script = `echo ${mark}; exec ${command}`;
  return `exec env ${RUN_MARK}=${mark} sh -c 'eval "$(printf %b "${escaped(script)}")"'`;
}

/** Characters with a meaning for some shell, in quotes or without, in the notation of printf's %b. */
function escaped(script: string): string {
  return script.replace(/[^\w ./:;,=@%+<>(){}[\]*?|&~^-]/gu, (character) =>
    [...Buffer.from(character)].map((byte) => `\\0${byte.toString(8).padStart(3, '0')}`).join(''),
  );
}

/** What a login shell printed before a command began. */
export interface Preamble {
  /** Whether the command's own output has begun. */
  readonly isOver: boolean;
  /** The beginning of what was printed before. */
  readonly text: string;
}

const SHOWN = 4096;

/** Removes everything up to the mark from a channel's output, before anyone reads it. */
export function skipPreamble(channel: CommandChannel, mark: string): Preamble {
  const end = Buffer.from(`${mark}\n`);
  const push = channel.push.bind(channel);
  const state = { isOver: false, text: '' };
  let before = Buffer.alloc(0);
  channel.push = (chunk: Buffer | null) => {
    if (state.isOver || chunk === null) return push(chunk);
    before = Buffer.concat([before, chunk]);
    const at = before.indexOf(end);
    if (at < 0) {
      state.text = (state.text + chunk.toString()).slice(0, SHOWN);
      // Only as much as may be the beginning of the mark.
      before = before.subarray(-end.length);
      return true;
    }
    state.isOver = true;
    const rest = before.subarray(at + end.length);
    return rest.length === 0 || push(rest);
  };
  return state;
}
