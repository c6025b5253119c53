import type { Clock } from '../async/clock.ts';
import { messageOf, SwarmupError } from '../util/errors.ts';
import type { Host } from '../contracts/host.ts';
import { LocalLock, type Attempt, type Holder } from './local.ts';
import { describeOwner, HEARTBEAT_MS, inheritance, locked, thisRun, type Owner } from './owner.ts';
import { RemoteLock } from './remote.ts';

const POLL_MS = 1_000;
/** What giving the lock back may take before it is left to go stale, in milliseconds. */
const RELEASE_MS = 5_000;

export interface LockOptions {
  readonly cluster: string;
  readonly stateDir: string;
  /** What is being run, for those who find the lock. */
  readonly command: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** How long to wait for another run to end, in milliseconds; 0: not at all. */
  readonly waitMs: number;
  readonly warn: (message: string) => void;
  /** The way to the first manager; undefined while there is none. */
  readonly manager: (signal: AbortSignal) => Promise<Host | undefined>;
}

/**
 * The right to change a cluster: one run at a time, from whatever machine. Held on this machine from the beginning, and
 * on the first manager as soon as there is one. Runs that only look don't need it.
 */
export class ClusterLock {
  /** Aborts when the lock was lost to another run. */
  readonly lost: AbortSignal;
  readonly #options: LockOptions;
  readonly #owner: Owner;
  readonly #local: LocalLock;
  readonly #losing = new AbortController();
  /** The tokens of the dead runs whose local lock this is now: one of them may hold the lock on the manager. */
  #dead: readonly string[] = [];
  /** It is held on the first manager too, or may be: an attempt was made. */
  #extended = false;
  #timer: NodeJS.Timeout | undefined;

  private constructor(options: LockOptions) {
    this.#options = options;
    this.#owner = thisRun(options.command, new Date(options.clock.now()));
    this.#local = new LocalLock(options.stateDir);
    this.lost = this.#losing.signal;
  }

  /** @throws SwarmupError LOCKED naming the run that holds it */
  static async take(options: LockOptions): Promise<ClusterLock> {
    const lock = new ClusterLock(options);
    const from = await lock.#untilTaken(() => lock.#local.take(lock.#owner), lock.#local.path);
    lock.#dead = inheritance(from);
    lock.#timer = setInterval(() => void lock.beat(), HEARTBEAT_MS).unref();
    return lock;
  }

  /**
   * Holds the lock on the first manager too, as soon as its machine runs; also after that was restarted.
   *
   * @throws SwarmupError LOCKED naming the run that holds it
   */
  async extend(): Promise<void> {
    const remote = await this.#remote(this.#options.signal);
    if (!remote) return;
    const take = () => remote.take(this.#owner, this.#dead, this.#options.signal);
    // Before the answer: an attempt that is interrupted may have taken it.
    this.#extended = true;
    const from = await this.#untilTaken(take, remote.place);
    if (from && from.token !== this.#owner.token && !this.#dead.includes(from.token))
      this.#options.warn(`took over the lock of a run that shows no sign of life: ${describeOwner(from)}`);
  }

  /** Shows a sign of life, and notices when another run has taken the lock over. */
  async beat(): Promise<void> {
    const { signal, warn } = this.#options;
    try {
      if (!(await this.#local.beat(this.#owner))) return this.#lose(this.#local.path);
      const remote = this.#extended ? await this.#remote(signal) : undefined;
      if (remote && !(await remote.beat(this.#owner, signal))) this.#lose(remote.place);
    } catch (error) {
      // A manager that can't be reached now may be again at the next beat; taking it away is what `down` does.
      if (!signal.aborted) warn(`the lock's sign of life didn't reach the first manager: ${messageOf(error)}`);
    }
  }

  /** Gives it back. On a manager that can't be reached any more it goes stale by itself. */
  async release(): Promise<void> {
    clearInterval(this.#timer);
    const signal = AbortSignal.timeout(RELEASE_MS);
    try {
      const remote = this.#extended ? await this.#remote(signal) : undefined;
      await remote?.release(this.#owner, signal);
    } catch {
      // The machine was taken away, powered off or can't be reached: the lock there ends with it, or goes stale.
    }
    await this.#local.release(this.#owner);
  }

  async #remote(signal: AbortSignal): Promise<RemoteLock | undefined> {
    const host = await this.#options.manager(signal);
    return host && new RemoteLock(host, this.#options.cluster);
  }

  /** Ends the run that holds it: it is not held where it has to be. */
  fail(error: unknown): void {
    this.#losing.abort(error);
  }

  #lose(where: string): void {
    this.fail(
      new SwarmupError(
        'LOCKED',
        `another run has taken this cluster's lock over (${where}): stopped, so that they don't interleave`,
        {
          fix: 'Was this computer asleep? See what the other run did, then run again.',
        },
      ),
    );
  }

  async #untilTaken(take: () => Promise<Attempt>, where: string): Promise<Owner | undefined> {
    const { clock, waitMs, signal, warn } = this.#options;
    const start = clock.now();
    for (let told = false; ; told = true) {
      const attempt = await take();
      if ('taken' in attempt) return attempt.from;
      if (clock.now() - start >= waitMs) {
        if (told) warn(`waited ${Math.round(waitMs / 1000)} s for the lock`);
        await this.release();
        throw heldBy(attempt.held, where);
      }
      if (!told) warn(`waiting for another run: ${heldBy(attempt.held, where).message}`);
      await clock.sleep(POLL_MS, signal);
    }
  }
}

function heldBy({ owner, ageMs }: Holder, where: string): SwarmupError {
  if (owner) return locked(owner, ageMs, where);
  return new SwarmupError('LOCKED', `another run is taking this cluster's lock: ${where}`, {
    fix: 'Run again in a moment. If it stays: swarmup unlock',
  });
}
