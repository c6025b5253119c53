import { spawn } from 'node:child_process';
import { open, writeFile } from 'node:fs/promises';
import { quote } from '../util/shell-quote.ts';

export interface DetachedStart {
  readonly argv: readonly string[];
  /** A file for the command line and everything that the program prints; an earlier one is overwritten; only this user can read it. */
  readonly log: string;
  /** The path of a file that the program gets open for reading, as file descriptor 3. */
  readonly input?: string;
}

export interface Detached {
  readonly pid: number;
  /** How the program ended; undefined while it runs. */
  readonly ended: () => string | undefined;
}

/**
 * Starts a program that outlives this one: in its own session, so that no Ctrl-C and no closed terminal reaches it.
 *
 * @throws Error when it can't be started
 */
export async function startDetached({ argv, log, input }: DetachedStart): Promise<Detached> {
  const [program = '', ...rest] = argv;
  await writeFile(log, `${quote(argv)}\n`, { mode: 0o600 });
  const output = await open(log, 'a');
  const file = input === undefined ? undefined : await open(input, 'r');
  try {
    const child = spawn(program, rest, {
      detached: true,
      stdio: ['ignore', output.fd, output.fd, ...(file ? [file.fd] : [])],
    });
    let ended: string | undefined;
    child.once('exit', (code, signal) => {
      ended = signal ? `it was ended by ${signal}` : `its exit code is ${code ?? 'unknown'}`;
    });
    const pid = await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('spawn', () => resolve(child.pid ?? 0));
    });
    child.unref();
    return { pid, ended: () => ended };
  } finally {
    await output.close();
    await file?.close();
  }
}
