import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

interface ProgramOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
}

interface ChildOptions extends ProgramOptions {
  /** Options of Node.js. */
  readonly node?: readonly string[];
  /** A file to lock with flock(1) while it runs. */
  readonly lock?: string | undefined;
}

/**
 * Runs a script of bench/runs in its own process, so that its time and memory are its own.
 *
 * @returns the JSON document that it prints
 * @throws Error when it fails; its standard error is that of this process
 */
export async function resultOf<T>(script: string, argv: readonly string[], options: ChildOptions = {}): Promise<T> {
  const path = fileURLToPath(new URL(`runs/${script}.ts`, import.meta.url));
  const locking = options.lock === undefined ? [] : ['flock', options.lock];
  const [program = '', ...rest] = [...locking, process.execPath, ...(options.node ?? []), path, ...argv];
  const printed = await outputOf(program, rest, options);
  const result: T = JSON.parse(printed);
  return result;
}

/** Runs a program. @returns its standard output @throws Error when it fails */
export function outputOf(program: string, argv: readonly string[], options: ProgramOptions = {}): Promise<string> {
  const { env = {}, ...where } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(program, argv, {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, ...env },
      ...where,
    });
    let printed = '';
    child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
    child.on('error', reject);
    child.on('close', (status, signal) => {
      if (status === 0) resolve(printed);
      else reject(new Error(`${program} ${argv.join(' ')} ended with ${signal ?? status}:\n${printed}`));
    });
  });
}

/** Tells what is being measured, on standard error. */
export function progress(line: string): void {
  process.stderr.write(`${line}\n`);
}
