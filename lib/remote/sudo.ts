import { SwarmupError } from '../util/errors.ts';
import type { Secret } from '../util/secret.ts';
import { lastLines, type Output } from '../contracts/output.ts';

/** A command as it is sent, and what its standard input begins with. */
export interface AsRoot {
  readonly argv: readonly string[];
  /** The password's line, which sudo reads before the command reads anything. */
  readonly first?: string;
}

/** Runs something as the user, with this standard input, and gives what it printed whatever its exit code. */
type Execute = (argv: readonly string[], input?: string) => Promise<Output>;

/** How a user becomes root on one host: found out once a connection. */
export class Sudo {
  readonly #host: string;
  readonly #user: string;
  readonly #password: () => Secret | undefined;
  readonly #execute: Execute;
  #mode: Promise<'free' | 'password'> | undefined;

  /** @param password asked for when it turns out that one is needed */
  constructor(
    who: { readonly host: string; readonly user: string },
    password: () => Secret | undefined,
    execute: Execute,
  ) {
    this.#host = who.host;
    this.#user = who.user;
    this.#password = password;
    this.#execute = execute;
  }

  /**
   * The command as root. A password travels on standard input only: never in an argument list, an environment or a log.
   *
   * @throws SwarmupError SUDO_REFUSED
   */
  async wrap(argv: readonly string[], hasInput: boolean): Promise<AsRoot> {
    if (this.#user === 'root') return { argv };
    if ((await this.#ask()) === 'free') return { argv: ['sudo', '-n', '--', ...argv] };
    // -k: a password that sudo remembers is asked for all the same. Else the line below would be the command's input.
    const quiet = hasInput ? argv : ['sh', '-c', 'exec "$@" </dev/null', 'sh', ...argv];
    return { argv: [...WITH_PASSWORD, ...quiet], first: `${this.#password()?.reveal() ?? ''}\n` };
  }

  /** Whether root's rights are to be had for nothing. @returns false when a password is needed and not known */
  async isUsable(): Promise<boolean> {
    if (this.#user === 'root' || this.#password()) return true;
    return (await this.#execute(WITHOUT_PASSWORD)).exitCode === 0;
  }

  #ask(): Promise<'free' | 'password'> {
    this.#mode ??= this.#findOut();
    this.#mode.catch(() => (this.#mode = undefined));
    return this.#mode;
  }

  async #findOut(): Promise<'free' | 'password'> {
    const free = await this.#execute(WITHOUT_PASSWORD);
    if (free.exitCode === 0) return 'free';
    if (/not found/.test(free.stderr) && free.exitCode === 127)
      throw this.#refused('there is no sudo', free, 'Log in as root, or install sudo');
    const password = this.#password();
    if (!password) throw this.#refused(`${this.#user} may not use sudo without a password`, free, GIVE_PASSWORD);
    const tried = await this.#execute(['env', 'LC_ALL=C', ...WITH_PASSWORD, 'true'], `${password.reveal()}\n`);
    if (tried.exitCode === 0) return 'password';
    const wrong = /incorrect password|try again|no password was provided/i.test(tried.stderr);
    throw wrong
      ? this.#refused(`sudo doesn't take this password from ${this.#user}`, tried, GIVE_PASSWORD)
      : this.#refused(
          `${this.#user} may not use sudo`,
          tried,
          `Let ${this.#user} use sudo (visudo), or log in as root`,
        );
  }

  #refused(what: string, seen: Output, fix: string): SwarmupError {
    return new SwarmupError('SUDO_REFUSED', `${this.#host}: ${what}`, { fix: `${fix}.`, output: lastLines(seen) });
  }
}

/** What sudo says is read here, so it has to say it in English. */
const WITHOUT_PASSWORD = ['env', 'LC_ALL=C', 'sudo', '-k', '-n', '--', 'true'] as const;
const WITH_PASSWORD = ['sudo', '-k', '-S', '-p', '', '--'] as const;
const GIVE_PASSWORD =
  'Give the right one: in the environment as SWARMUP_SUDO_PASSWORD, in the cluster file as sudoPassword, or on the terminal when it is asked for; or allow sudo without one (NOPASSWD)';
