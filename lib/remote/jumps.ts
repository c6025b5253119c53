import { SwarmupError } from '../util/errors.ts';
import { isServerHost, isServerUser, type ServerName } from './server-name.ts';

/** One bastion. The user's name may contain @ itself. */
const JUMP = /^(?:(\S+)@)?(\[[^/@[\]]+\]|[^:/@[\]]+)(?::(\d*))?$/;
/** One bastion as an URI, after ssh://. A user's parameters are ignored. */
const URI = /^(?:([^@;]+)(?:;[^@]*)?@)?([A-Za-z0-9][\w.-]*)(?::(?!\/)(\d*))?\/?$/;
const isPort = (port: number) => port >= 1 && port <= 65_535;

/**
 * The bastions of a ProxyJump, nearest to this computer first. Source: ssh_config(5), ProxyJump: `[user@]host[:port]` or
 * an ssh URI, several separated by commas.
 *
 * @throws SwarmupError USAGE
 */
export function jumpsOf(proxyJump: string | undefined): readonly ServerName[] {
  if (proxyJump === undefined || proxyJump === 'none') return [];
  const jumps = readJumps(proxyJump);
  if (!jumps) throw unreadableJump(proxyJump);
  return jumps;
}

/** @returns undefined for what OpenSSH refuses */
export function readJumps(proxyJump: string): readonly ServerName[] | undefined {
  const jumps = proxyJump.split(',').map(readJump);
  return jumps.every((jump) => jump !== undefined) ? jumps : undefined;
}

function readJump(text: string): ServerName | undefined {
  const [, uri] = /^ssh:\/\/(.*)$/s.exec(text.trim()) ?? [];
  const found = uri === undefined ? inShort(text.trim()) : inUri(uri);
  if (!found) return undefined;
  const { user, host, port } = found;
  if (!isServerHost(host) || (user !== undefined && !isJumpUser(user))) return undefined;
  return port === undefined || isPort(port) ? found : undefined;
}

/** Spaces and commas end a name when it is written as a ProxyJump again. */
function isJumpUser(user: string): boolean {
  return isServerUser(user) && !/[\s,]/.test(user);
}

/** Source: misc.c, parse_user_host_port. */
function inShort(text: string): ServerName | undefined {
  const [, user, host = '', port] = JUMP.exec(text) ?? [];
  return host === '' ? undefined : { user, host: host.replace(/^\[|\]$/g, ''), port: numberIn(port) };
}

/** Source: misc.c, parse_uri and valid_domain: no address in brackets. */
function inUri(text: string): ServerName | undefined {
  const [, encoded, host = '', port] = URI.exec(text) ?? [];
  const user = encoded === undefined ? undefined : decoded(encoded);
  if (host === '' || host.includes('..') || (encoded !== undefined && user === undefined)) return undefined;
  return { user, host: host.replace(/\.$/, ''), port: numberIn(port) };
}

function numberIn(port: string | undefined): number | undefined {
  return port === undefined || port === '' ? undefined : Number(port);
}

/** A user's name as it is in an URI; undefined if it can't be decoded. */
function decoded(text: string): string | undefined {
  if (/%(?![0-9A-Fa-f]{2})/.test(text)) return undefined;
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
}

/** The bastions as a ProxyJump. */
export function formatJumps(jumps: readonly ServerName[]): string {
  return jumps
    .map(({ user, host, port }) => {
      const name = host.includes(':') ? `[${host}]` : host;
      return `${user === undefined ? '' : `${user}@`}${name}${port === undefined ? '' : `:${port}`}`;
    })
    .join(',');
}

function unreadableJump(proxyJump: string): SwarmupError {
  return new SwarmupError('USAGE', `ProxyJump has an unexpected form: ${proxyJump}`, {
    fix: 'Write it as [user@]host[:port], several separated by commas.',
  });
}
