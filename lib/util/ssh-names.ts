/** Names of SSH servers, by OpenSSH's rules: what could become an option or a command is refused. */

/** A name, an address or an alias of the configuration. Source: misc.c, valid_hostname. */
export const SERVER_HOST = /^(?!-)[^\s\p{Cc}'`"$\\;&<>|(){},]+$/u;

/** The name of a remote user. Source: misc.c, valid_ruser. */
export const SERVER_USER = /^(?!-)(?:(?!\s-|\\$)[^\p{Cc}'`";&<>|(){}])+$/u;

/** A server on the way to another one. */
export interface Jump {
  readonly host: string;
  readonly user: string | undefined;
  readonly port: number | undefined;
}

/** One bastion. The user's name may contain @ itself. */
const JUMP = /^(?:(\S+)@)?(\[[^/@[\]]+\]|[^:/@[\]]+)(?::(\d*))?$/;
/** One bastion as an URI, after ssh://. A user's parameters are ignored. */
const URI = /^(?:([^@;]+)(?:;[^@]*)?@)?([A-Za-z0-9][\w.-]*)(?::(?!\/)(\d*))?\/?$/;
const isPort = (port: number) => port >= 1 && port <= 65_535;

/**
 * The servers of a ProxyJump, nearest to this computer first: `[user@]host[:port]` or an ssh URI, several separated by
 * commas.
 *
 * @returns undefined for what OpenSSH refuses
 */
export function readJumps(proxyJump: string): readonly Jump[] | undefined {
  // OpenSSH takes it for the beginning of a comment, wherever it is.
  if (proxyJump.includes('#')) return undefined;
  const jumps = proxyJump.split(',').map(readJump);
  return jumps.every((jump) => jump !== undefined) ? jumps : undefined;
}

function readJump(text: string): Jump | undefined {
  const [, uri] = /^ssh:\/\/(.*)$/s.exec(text.trim()) ?? [];
  const found = uri === undefined ? inShort(text.trim()) : inUri(uri);
  if (!found) return undefined;
  const { user, host, port } = found;
  if (!SERVER_HOST.test(host) || (user !== undefined && !isJumpUser(user))) return undefined;
  return port === undefined || isPort(port) ? found : undefined;
}

/** Spaces and commas end a name when it is written as a ProxyJump again. */
function isJumpUser(user: string): boolean {
  return SERVER_USER.test(user) && !/[\s,]/.test(user);
}

/** Source: misc.c, parse_user_host_port. */
function inShort(text: string): Jump | undefined {
  const [, user, host = '', port] = JUMP.exec(text) ?? [];
  return host === '' ? undefined : { user, host: host.replace(/^\[|\]$/g, ''), port: numberIn(port) };
}

/** Source: misc.c, parse_uri and valid_domain: no address in brackets. */
function inUri(text: string): Jump | undefined {
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
