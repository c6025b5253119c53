import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import { exists } from '../util/files.ts';
import { passwdEntry, passwdHome } from './passwd-home.ts';

/** The names that tokens of ssh_config(5) stand for. */
export interface TokenNames {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** The server as the user named it. */
  readonly original: string;
  readonly hostKeyAlias?: string | undefined;
}

type Env = Readonly<Record<string, string | undefined>>;

/**
 * Replaces `~`, the tokens and the variables that paths of ssh_config(5) may contain, in OpenSSH's order.
 *
 * @returns undefined for what this function doesn't know, such as the tokens of newer versions
 */
export function expandPath(text: string, names: TokenNames, env: Env): string | undefined {
  if (/^~[^/]/.test(text)) return undefined;
  const tokens = tokensOf(names);
  let isKnown = true;
  const replaced = text
    .replace(/^~(?=\/|$)/, () => passwdHome())
    .replace(/%.?|\$\{([^}]*)\}?/g, (found, variable: string | undefined) => {
      const value = found.startsWith('%') ? tokens[found] : env[variable ?? ''];
      isKnown &&= value !== undefined;
      return value ?? '';
    });
  return isKnown ? replaced : undefined;
}

/**
 * Replaces the tokens that ProxyJump may contain.
 *
 * @returns undefined for an unknown token
 */
export function expandJump(text: string, names: TokenNames): string | undefined {
  const { '%%': percent, '%h': host, '%n': original, '%p': port, '%r': user } = tokensOf(names);
  const tokens: Readonly<Record<string, string | undefined>> = {
    '%%': percent,
    '%h': host,
    '%n': original,
    '%p': port,
    '%r': user,
  };
  return /%/.test(text.replace(/%[%hnpr]/g, '')) ? undefined : text.replace(/%./g, (token) => tokens[token] ?? '');
}

/** Source: ssh_config(5), TOKENS. */
function tokensOf({ host, port, user, original, hostKeyAlias }: TokenNames): Readonly<Record<string, string>> {
  const local = hostname();
  return {
    '%%': '%',
    // Newer versions of OpenSSH add %j to this hash where it is not empty.
    '%C': createHash('sha1').update(`${local}${host}${port}${user}`).digest('hex'),
    '%d': passwdHome(),
    '%h': host,
    '%i': String(process.getuid?.() ?? ''),
    '%k': hostKeyAlias ?? original,
    '%L': local.split('.')[0] ?? local,
    '%l': local,
    '%n': original,
    '%p': String(port),
    '%r': user,
    '%u': passwdEntry()?.username ?? '',
  };
}

/**
 * The paths in a list of `ssh -G`, which separates them by spaces without quoting those that contain spaces: from each
 * word on, the longest text that is an existing file, else the word.
 *
 * @param expand the path that a text stands for, or undefined if it isn't known
 */
export async function splitPaths(list: string, expand: (text: string) => string | undefined): Promise<string[]> {
  const words = list.split(' ');
  const paths: string[] = [];
  for (let start = 0; start < words.length;) {
    let end = words.length;
    let path = expand(words.slice(start, end).join(' '));
    while (end > start + 1 && (path === undefined || !(await exists(path))))
      path = expand(words.slice(start, --end).join(' '));
    if (path !== undefined && path !== '') paths.push(path);
    start = end;
  }
  return paths;
}
