import { execFile, spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { PostMortem } from '../../lib/util/post-mortem.ts';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const LAUNCHER = join(ROOT, 'swarmup');

export interface CliResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly ms: number;
}

/** The swarmup command in a folder, as a user runs it. All its output is kept, to be searched for secrets. */
export class Cli {
  readonly folder: string;
  readonly log: string;
  readonly env: Readonly<Record<string, string>>;

  constructor(folder: string, env: Record<string, string> = {}) {
    this.folder = folder;
    this.log = join(folder, 'output.log');
    this.env = env;
  }

  /** @param interrupt sends SIGINT as soon as a line of standard error or output matches */
  run(argv: readonly string[], interrupt?: RegExp): Promise<CliResult> {
    const start = Date.now();
    const child = spawn(LAUNCHER, argv, {
      cwd: this.folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...this.env },
    });
    let stdout = '';
    let stderr = '';
    let interrupted = false;
    const watch = (text: string) => {
      appendFileSync(this.log, text);
      if (interrupt && !interrupted && interrupt.test(text)) {
        interrupted = true;
        child.kill('SIGINT');
      }
    };
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
      watch(chunk.toString());
    });
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
      watch(chunk.toString());
    });
    return new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (status) => resolve({ status: status ?? 128, stdout, stderr, ms: Date.now() - start }));
    });
  }

  /** Starts a command and sends SIGKILL after a time. @returns how it ended, and its last line */
  killed(argv: readonly string[], afterMs: number): Promise<{ signal: string | null; after: number; last: string }> {
    const child = spawn(LAUNCHER, argv, {
      cwd: this.folder,
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { ...process.env, ...this.env },
    });
    let last = '';
    child.stdout.on('data', (chunk: Buffer) => {
      appendFileSync(this.log, chunk);
      last = chunk.toString().trimEnd().split('\n').at(-1) ?? last;
    });
    const timer = setTimeout(() => child.kill('SIGKILL'), afterMs);
    return new Promise((resolve) => {
      child.on('close', (_status, signal) => {
        clearTimeout(timer);
        resolve({ signal, after: Math.round(afterMs), last });
      });
    });
  }

  /** Runs with --json. @returns the document and the exit status */
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller says which document the command prints
  async json<T>(...argv: readonly string[]): Promise<{ status: number; document: T; stderr: string; ms: number }> {
    const result = await this.run([...argv, '--json']);
    let document: T;
    try {
      document = JSON.parse(result.stdout) as T;
    } catch (cause) {
      throw new Error(
        `swarmup ${argv.join(' ')} printed no JSON (status ${result.status}):\n${result.stdout}\n${result.stderr}`,
        { cause },
      );
    }
    return { ...result, document };
  }
}

const execute = promisify(execFile);

/** Runs a program of this computer, for checks without swarmup. @returns its standard output */
export async function program(file: string, argv: readonly string[]): Promise<string> {
  const { stdout } = await execute(file, [...argv], { maxBuffer: 50_000_000 });
  return stdout;
}

export interface UpDocument {
  readonly ok: boolean;
  readonly changed: number;
  readonly durationMs: number;
  readonly warnings: readonly string[];
  readonly units: readonly {
    readonly task: string;
    readonly target: string;
    readonly outcome: string;
    readonly ms: number;
    readonly changes: readonly string[];
    readonly changeDetails: readonly object[];
    readonly reason?: string;
    readonly error?: {
      readonly code: string;
      readonly message: string;
      readonly fix: string;
      readonly output?: string;
      readonly postMortem?: PostMortem;
    };
  }[];
}

export interface StatusDocument {
  readonly cluster: { readonly id: string | null };
  readonly nodes: readonly {
    readonly name: string;
    readonly role: string;
    readonly machine: string;
    readonly address: string | null;
    readonly swarm: {
      readonly id: string;
      readonly state: string;
      readonly availability: string;
      readonly leader: boolean;
    } | null;
    readonly ssh: { readonly port: number; readonly identityFile: string };
  }[];
  readonly services: readonly {
    readonly name: string;
    readonly replicas: { readonly desired: number; readonly running: number };
    readonly urls: readonly { readonly node: string; readonly port: number; readonly url: string }[];
  }[];
}
