import { unlessAborted } from '../async/abortable.ts';
import type { Clock } from '../async/clock.ts';
import { messageOf, SwarmupError } from '../util/errors.ts';
import type { Host } from '../contracts/host.ts';
import { LocalLock, type Attempt, type Holder } from './local.ts';
import { describeOwner, HEARTBEAT_MS, inheritance, locked, thisRun, type Owner } from './owner.ts';
import { RemoteLock } from './remote.ts';

const POLL_MS = 1_000;
/** How long releasing the lock may take before it is left to go stale, in milliseconds. */
const RELEASE_MS = 5_000;

export interface LockOptions {
  readonly cluster: string;
  readonly stateDir: string;
  /** The running command, shown to other runs that find the lock. */
  readonly command: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** How long to wait for another run to end, in milliseconds; 0: don't wait. */
  readonly waitMs: number;
  readonly warn: (message: string) => void;
  /** The first manager's host; undefined while there is none. */
  readonly manager: (signal: AbortSignal) => Promise<Host | undefined>;
}

/**
 * The right to change a cluster: one run at a time, from any computer. Held on this computer from the beginning, and on
 * the first manager as soon as there is one. Read-only runs don't need it.
 */
export class ClusterLock {
  /** Aborts when the lock was lost to another run. */
  readonly lost: AbortSignal;
  readonly #options: LockOptions;
  readonly #owner: Owner;
  readonly #local: LocalLock;
  readonly #losing = new AbortController();
  /** The tokens of the dead runs whose local lock was taken over: one of them may hold the lock on the manager. */
  #dead: readonly string[] = [];
  /** The lock on the first manager is held, or may be: an attempt was made. */
  #extended = false;
  #timer: NodeJS.Timeout | undefined;
  /** Never rejects. */
  #beating: Promise<void> = Promise.resolve();

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
   * Acquires the lock on the first manager too, once its machine runs, and again after that machine restarted.
   *
   * @throws SwarmupError LOCKED naming the run that holds it
   */
  async extend(): Promise<void> {
    const remote = await this.#remote(this.#options.signal);
    if (!remote) return;
    const take = () => remote.take(this.#owner, this.#dead, this.#options.signal);
    // Set before the answer: an interrupted attempt may have acquired the lock.
    this.#extended = true;
    const from = await this.#untilTaken(take, remote.place);
    if (from && from.token !== this.#owner.token && !this.#dead.includes(from.token))
      this.#options.warn(`took over the stale lock of a run that is gone: ${describeOwner(from)}`);
  }

  /** Refreshes the lock, and notices when another run has taken it over. One refresh at a time. */
  beat(): Promise<void> {
    this.#beating = this.#beating.then(() => this.#refresh());
    return this.#beating;
  }

  async #refresh(): Promise<void> {
    const { signal, warn } = this.#options;
    try {
      if (!(await this.#local.beat(this.#owner))) return this.#lose(this.#local.path);
      const remote = this.#extended ? await this.#remote(signal) : undefined;
      if (remote && !(await remote.beat(this.#owner, signal))) this.#lose(remote.place);
    } catch (error) {
      // An unreachable manager may be reachable again at the next refresh, or `down` may just have removed it.
      if (!signal.aborted) warn(`the lock on the first manager could not be refreshed: ${messageOf(error)}`);
    }
  }

  /** Releases the lock. On a manager that can no longer be reached, it goes stale. */
  async release(): Promise<void> {
    clearInterval(this.#timer);
    const signal = AbortSignal.timeout(RELEASE_MS);
    try {
      // A refresh that arrived after the release would acquire the lock again, as it does after a restart of the machine.
      await unlessAborted(this.#beating, signal);
      const remote = this.#extended ? await this.#remote(signal) : undefined;
      await remote?.release(this.#owner, signal);
    } catch {
      // The machine was removed, powered off or can't be reached: the lock there is gone with it, or goes stale.
    }
    await this.#local.release(this.#owner);
  }

  async #remote(signal: AbortSignal): Promise<RemoteLock | undefined> {
    const host = await this.#options.manager(signal);
    return host && new RemoteLock(host, this.#options.cluster);
  }

  /** Ends this run, because the lock isn't held where it has to be. */
  fail(error: unknown): void {
    this.#losing.abort(error);
  }

  #lose(where: string): void {
    this.fail(
      new SwarmupError(
        'LOCKED',
        `another run has taken over this cluster's lock (${where}): this run stopped, so that they don't interfere`,
        {
          fix: 'Was this computer asleep? Check what the other run did, then run again.',
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
  return new SwarmupError('LOCKED', `another run is acquiring this cluster's lock: ${where}`, {
    fix: 'Run again in a moment. If the lock remains: swarmup unlock',
  });
}
