import { SwarmupError } from '../util/errors.ts';
import type { OpenSshRoute, SshEndpoint } from '../contracts/endpoint.ts';
import { quote } from '../util/shell-quote.ts';
import { OTHER_SERVER } from './ssh-errors.ts';

/** What OpenSSH's client printed when it couldn't connect. */
export interface OpenSshFailure {
  readonly errors: string;
}

/** A connection that the server doesn't forward: OpenSSH's client doesn't say whether it may not, or can't connect. */
export class TunnelRefused extends Error {}

/** OpenSSH's messages, and what they mean. Source: OpenSSH, sshconnect.c and sshconnect2.c. */
const MEANINGS = [
  [/REMOTE HOST IDENTIFICATION HAS CHANGED|revoked by|REVOKED HOST KEY/, 'SSH_HOST_KEY_CHANGED'],
  [/Host key verification failed|No .* host key is known/, 'SSH_HOST_KEY_UNKNOWN'],
  [/Permission denied|Too many authentication failures|No more authentication methods/, 'SSH_AUTH_FAILED'],
] as const;

const FIXES = {
  SSH_HOST_KEY_CHANGED: OTHER_SERVER,
  SSH_HOST_KEY_UNKNOWN: 'Connect once on a terminal to accept its host key',
  SSH_AUTH_FAILED: 'Find out which keys OpenSSH offers',
  SSH_UNREACHABLE: 'Correct what OpenSSH reports',
} as const;

/** The error of a connection through OpenSSH's client, with its own words. */
export function openSshFailed(
  name: string,
  { user, host, port, openssh }: SshEndpoint & { readonly openssh: OpenSshRoute },
  { errors }: OpenSshFailure,
): SwarmupError {
  const code = MEANINGS.find(([pattern]) => pattern.test(errors))?.[1] ?? 'SSH_UNREACHABLE';
  const needs = openssh.needs.length > 0 ? ` (used because of ${openssh.needs.join(', ')})` : '';
  const last = errors.trim().split(/\r?\n/).at(-1) ?? '';
  return new SwarmupError(code, `${name}: OpenSSH's client${needs} can't log in at ${user}@${host}:${port}: ${last}`, {
    fix: `${FIXES[code]}; the same connection by hand: ${quote(['ssh', '-v', ...openssh.args, 'true'])}`,
    output: errors.trim(),
  });
}
