import { SwarmupError } from '../util/errors.ts';
import { readJumps } from '../util/ssh-names.ts';
import type { ServerName } from './server-name.ts';

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
