import { SwarmupError } from '../util/errors.ts';
import type { ServerName } from './server-name.ts';

/** One bastion. The user's name may contain @ itself; a host that begins with a hyphen would be an option of ssh. */
const JUMP = /^(?:(\S+)@)?(\[(?!-)[^\s/@[\]]+\]|(?!-)[^\s:/@[\]]+)(?::(\d+))?$/;
const isPort = (port: number) => port >= 1 && port <= 65_535;

/**
 * The bastions of a ProxyJump, nearest to this computer first. Source: ssh_config(5), ProxyJump: `[user@]host[:port]` or
 * an ssh URI, several separated by commas.
 *
 * @throws SwarmupError USAGE
 */
export function jumpsOf(proxyJump: string | undefined): ServerName[] {
  if (proxyJump === undefined || proxyJump === 'none') return [];
  return proxyJump.split(',').map((jump) => {
    const [, user, host, port] = JUMP.exec(jump.trim().replace(/^ssh:\/\/(.*?)\/?$/, '$1')) ?? [];
    if (!host || (port !== undefined && !isPort(Number(port)))) throw unreadableJump(proxyJump);
    return { host: host.replace(/^\[|\]$/g, ''), user, port: port === undefined ? undefined : Number(port) };
  });
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
