import { SwarmupError } from '../util/errors.ts';
import type { Secret } from '../util/secret.ts';
import { lastLines, type Output } from '../contracts/output.ts';

/** A command in the form it is sent, and the beginning of its standard input. */
export interface AsRoot {
  readonly argv: readonly string[];
  /** The password's line, which sudo reads before the command reads anything. */
  readonly first?: string;
}

/** Runs a command as the user with this standard input, and returns its output for any exit code. */
type Execute = (argv: readonly string[], input?: string) => Promise<Output>;

/** How a user becomes root on one host, which is found out once per connection. */
export class Sudo {
  readonly #host: string;
  readonly #user: string;
  readonly #password: () => Secret | undefined;
  readonly #execute: Execute;
  #mode: Promise<'free' | 'password'> | undefined;

  /** @param password called when a password turns out to be needed */
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
   * The command as root. A password is passed only on standard input: never in an argument list, an environment or a
   * log.
   *
   * @throws SwarmupError SUDO_REFUSED
   */
  async wrap(argv: readonly string[], hasInput: boolean): Promise<AsRoot> {
    if (this.#user === 'root') return { argv };
    if ((await this.#ask()) === 'free') return { argv: ['sudo', '-n', '--', ...argv] };
    // -k: sudo reads the password even if it remembers it. Otherwise the password's line would become the command's
    // input.
    const quiet = hasInput ? argv : ['sh', '-c', 'exec "$@" </dev/null', 'sh', ...argv];
    return { argv: [...WITH_PASSWORD, ...quiet], first: `${this.#password()?.reveal() ?? ''}\n` };
  }

  /** Whether commands can be run as root. @returns false when a password is needed and not known */
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
      throw this.#refused('sudo is not installed', free, 'Log in as root, or install sudo');
    if (/must have a tty/.test(free.stderr))
      throw this.#refused('sudo runs on terminals only (requiretty)', free, NO_TTY);
    const password = this.#password();
    if (!password) throw this.#refused(`${this.#user} may not use sudo without a password`, free, GIVE_PASSWORD);
    const tried = await this.#execute(['env', 'LC_ALL=C', ...WITH_PASSWORD, 'true'], `${password.reveal()}\n`);
    if (tried.exitCode === 0) return 'password';
    const wrong = /incorrect password|try again|no password was provided/i.test(tried.stderr);
    throw wrong
      ? this.#refused(`sudo doesn't accept this password for ${this.#user}`, tried, GIVE_PASSWORD)
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

/** sudo's messages are parsed here, so they have to be in English. */
const WITHOUT_PASSWORD = ['env', 'LC_ALL=C', 'sudo', '-k', '-n', '--', 'true'] as const;
const WITH_PASSWORD = ['sudo', '-k', '-S', '-p', '', '--'] as const;
/** A terminal would change what commands read and print. */
const NO_TTY = "Add to the host's sudoers (visudo): Defaults:USER !requiretty, for the login user";
const GIVE_PASSWORD =
  'Give the right password: as SWARMUP_SUDO_PASSWORD in the environment, as sudoPassword in the cluster file, or on the terminal when asked; or allow sudo without one (NOPASSWD)';
