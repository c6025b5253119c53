import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { Duplex, type Readable } from 'node:stream';
import type { CommandChannel } from './transport.ts';

/** The exit code with which ssh(1) reports its own failures. */
const SSH_FAILED = 255;

/** A channel that is a process of ssh(1): the same events as those of ssh2. */
export class ProcessChannel extends Duplex implements CommandChannel {
  readonly stderr: Readable;
  readonly #child: ChildProcessWithoutNullStreams;

  /** @param isLost whether the connection is gone, so that ssh's exit code isn't the command's */
  constructor(child: ChildProcessWithoutNullStreams, isLost: () => boolean) {
    super();
    this.#child = child;
    this.stderr = child.stderr;
    child.stdout.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) child.stdout.pause();
    });
    // The command may end before it has read everything.
    child.stdin.on('error', () => undefined);
    child.once('error', (error) => this.destroy(error));
    child.once('close', (code) => {
      if (!(code === SSH_FAILED && isLost())) this.emit('exit', code);
      this.push(null);
    });
    // `close` comes after everything was read.
    this.once('end', () => this.destroy());
  }

  override _read(): void {
    this.#child.stdout.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#child.stdin.write(chunk, () => done());
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#child.stdin.end(() => done());
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.close();
    done(error);
  }

  /** OpenSSH's client has no such request. */
  signal(): void {}

  close(): void {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill();
  }
}
