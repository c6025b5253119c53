import { posix } from 'node:path';
import type { ComposeReference } from '../compose/load.ts';

/** What can't be carried from this computer to a manager for `docker stack deploy` there. Pure. */

/**
 * Why a file can't be sent; undefined when it can. Secrets and configs can lie anywhere, since a second Compose file
 * names their places on the manager. Docker reads environment files before it merges files, so they have to lie where
 * the first Compose file says, which is in a private folder there.
 */
export function unsendable(
  { kind, written }: Pick<ComposeReference, 'kind' | 'written'>,
  folder: string,
): string | undefined {
  if (kind !== 'env_file') return undefined;
  if (posix.isAbsolute(written)) return `env_file ${written} is an absolute path, which on a manager is another file`;
  if (climbs(written, folder)) return `env_file ${written} leads above the root of the file system`;
  return undefined;
}

/** Whether a relative path has more `..` than the folder has parents; here they stop at the root. */
function climbs(path: string, folder: string): boolean {
  let depth = folder.split('/').filter((part) => part !== '').length;
  for (const part of path.split('/')) {
    if (part === '..') depth -= 1;
    else if (part !== '' && part !== '.') depth += 1;
    if (depth < 0) return true;
  }
  return false;
}

/** The names that a shell can export as they are. */
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * Variables that shells keep for themselves: bash as sh refuses to set the first line, and all shells change the
 * others. Source: bash(1), dash(1).
 */
const SHELL = new Set(
  `BASHOPTS BASHPID BASH_VERSINFO EUID GROUPS PPID SHELLOPTS UID
  BASH_ARGC BASH_ARGV BASH_COMMAND BASH_LINENO BASH_SOURCE BASH_SUBSHELL DIRSTACK EPOCHREALTIME EPOCHSECONDS FUNCNAME
  HISTCMD LINENO OPTIND PIPESTATUS RANDOM SECONDS SHLVL SRANDOM _`.split(/\s+/),
);

/**
 * Variables that change how the docker command runs, and that no option of it overrides. Source: docker/cli; Go's
 * runtime; ld.so(8).
 */
const DOCKER = new Set(
  `DOCKER_API_VERSION DOCKER_AUTH_CONFIG DOCKER_CUSTOM_HEADERS DOCKER_TLS_VERIFY GODEBUG GOGC GOMAXPROCS GOMEMLIMIT GOTRACEBACK
  GLIBC_TUNABLES`.split(/\s+/),
);
const PREFIXES = /^(?:LD_|OTEL_|DOCKER_CLI_|_swarmup)/;

/**
 * Why the value of a variable can't be passed to docker on a manager; undefined when it can. Those that options of
 * docker override can, such as DOCKER_HOST.
 */
export function unpassable(variable: string): string | undefined {
  if (!NAME.test(variable)) return `${variable} is not a variable's name`;
  if (SHELL.has(variable)) return `${variable} belongs to the shell`;
  if (DOCKER.has(variable) || PREFIXES.test(variable))
    return `${variable} would change how the docker command runs on the manager`;
  return undefined;
}
