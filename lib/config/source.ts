import { existsSync, lstatSync, readdirSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SwarmupError } from '../util/errors.ts';
import { adviceFor, nearest } from '../util/nearest-name.ts';
import { quote } from '../util/shell-quote.ts';
import { userId } from '../util/user.ts';

/** The folder with the cluster files that come with swarmup. */
export const shippedConfig: string = fileURLToPath(new URL('../../config/', import.meta.url));

/** The names under which a cluster file is found without `-f`. */
export const NAMES = ['swarmup.yaml', 'swarmup.yml'] as const;

export interface SourceRequest {
  /** `-f FILE`; `-` is standard input. */
  readonly file?: string | undefined;
  /** `--example NAME`: a file that comes with swarmup. */
  readonly example?: string | undefined;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Where a cluster file is read from. */
export interface ClusterSource {
  /** Absolute path: relative paths in the file begin at its folder. For standard input, a name in the current folder. */
  readonly path: string;
  /** The file as shown to the user: as named, or relative to the current folder. */
  readonly shown: string;
  /** The absolute folder in which `.swarmup` is kept. */
  readonly folder: string;
  readonly from: 'option' | 'stdin' | 'environment' | 'search' | 'example' | 'checkout';
}

/**
 * Finds the cluster file: `-f`, `--example`, SWARMUP_FILE, then swarmup.yaml or swarmup.yml here and in parent folders, up to the
 * home folder or the border of the file system. In swarmup's own checkout, the shipped config/local.yaml comes last.
 *
 * @throws SwarmupError CONFIG_NOT_FOUND, UNKNOWN_NAME, USAGE, or PATH_UNSAFE when another user could have written the file found
 */
export function findSource(request: SourceRequest): ClusterSource {
  const { file, example, cwd, env } = request;
  if (file !== undefined && example !== undefined)
    throw new SwarmupError('USAGE', '-f and --example name two cluster files', { fix: 'Use one of them.' });
  if (example !== undefined) return exampleSource(example, cwd, 'example');
  if (file === '-') return { path: join(cwd, '-'), shown: '-', folder: cwd, from: 'stdin' };
  if (file !== undefined) return named(file, cwd, 'option');
  const variable = env['SWARMUP_FILE'];
  if (variable) return named(variable, cwd, 'environment');
  const found = search(cwd, env);
  if (found) return { path: found, shown: relative(cwd, found), folder: dirname(found), from: 'search' };
  if (isOwnCheckout(cwd)) return exampleSource('local', cwd, 'checkout');
  throw notFound(cwd);
}

/** Whether a folder is the checkout that this program runs from, rather than an installed package. */
export function isOwnCheckout(folder: string): boolean {
  const root = resolve(shippedConfig, '..');
  return resolve(folder) === root && existsSync(join(root, 'package-lock.json'));
}

function named(file: string, cwd: string, from: ClusterSource['from']): ClusterSource {
  const path = resolve(cwd, file);
  const folder = dirname(path);
  // The state of a shipped file is kept where the command runs: its own folder belongs to the package.
  return { path, shown: file, folder: folder === resolve(shippedConfig) ? cwd : folder, from };
}

function exampleSource(name: string, cwd: string, from: 'example' | 'checkout'): ClusterSource {
  const names = readdirSync(shippedConfig).flatMap((file) => (file.endsWith('.yaml') ? [file.slice(0, -5)] : []));
  if (!names.includes(name)) {
    throw new SwarmupError('UNKNOWN_NAME', `there is no example ${name}`, { fix: adviceFor(name, names) });
  }
  return { path: join(shippedConfig, `${name}.yaml`), shown: `${name}.yaml`, folder: cwd, from };
}

/** The nearest cluster file, here or above. */
function search(cwd: string, env: SourceRequest['env']): string | undefined {
  for (const folder of foldersUp(cwd)) {
    const found = NAMES.map((name) => join(folder, name)).filter((path) => existsSync(path));
    if (found.length > 1)
      throw new SwarmupError('CONFIG_INVALID', `${folder} has both ${NAMES.join(' and ')}`, {
        fix: 'Remove one of them, or name one with -f FILE.',
      });
    const [path] = found;
    if (path === undefined) continue;
    if (folder !== resolve(cwd)) requireOwn(path, env);
    return path;
  }
  return undefined;
}

/** A folder and those above it, up to the home folder or the border of its file system. */
function foldersUp(cwd: string): readonly string[] {
  const folders = [resolve(cwd)];
  const { dev } = statSync(cwd);
  const home = resolve(homedir());
  for (let folder = resolve(cwd); folder !== home && folder !== dirname(folder);) {
    folder = dirname(folder);
    if (statSync(folder).dev !== dev) break;
    folders.push(folder);
  }
  return folders;
}

/**
 * A cluster file runs programs with this user's rights. One that nobody named is used only if nobody else could have
 * written it: root may use that of the user who called sudo.
 */
function requireOwn(path: string, env: SourceRequest['env']): void {
  const user = userId();
  if (user === -1) return;
  const owners = [user, 0, ...(user === 0 && env['SUDO_UID'] ? [Number(env['SUDO_UID'])] : [])];
  const isOwn = [lstatSync(path), statSync(path)].every(({ uid }) => owners.includes(uid));
  if (isOwn && (statSync(path).mode & 0o002) === 0) return;
  throw new SwarmupError(
    'PATH_UNSAFE',
    isOwn
      ? `${path} was found above this folder, but every user may write to it`
      : `${path} was found above this folder, but belongs to another user`,
    { fix: `A cluster file can run programs. If you trust it, name it: -f ${quote([path])}` },
  );
}

function notFound(cwd: string): SwarmupError {
  const folders = foldersUp(cwd);
  const top = folders.at(-1) ?? cwd;
  const above = folders.length > 1 ? `, nor in a folder above it up to ${top}` : '';
  const similar = similarFile(cwd);
  const first = similar
    ? `If you mean ${similar}, name it: -f ${quote([similar])}.`
    : 'Change to the folder with your cluster file, or name it with -f FILE.';
  return new SwarmupError('CONFIG_NOT_FOUND', `there is no ${NAMES.join(' or ')} in ${cwd}${above}`, {
    fix: `${first} To try swarmup with an example: swarmup up --example local`,
  });
}

/** A file in the folder whose name is likely a misspelling. */
function similarFile(folder: string): string | undefined {
  const candidates = readdirSync(folder).filter((name) => /\.(ya?ml|txt|json)$/i.test(name));
  const wanted = NAMES[0];
  return candidates.find((name) => /swarm|cluster/i.test(basename(name))) ?? nearest(wanted, candidates);
}
