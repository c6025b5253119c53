import { messageOf, SwarmupError } from '../util/errors.ts';
import type { SshEndpoint } from '../contracts/endpoint.ts';
import type { Credentials } from './credentials.ts';
import { fingerprint } from './known-hosts.ts';
import { quote } from '../util/shell-quote.ts';

/** The advice for another host key than the one that is known. */
export const OTHER_SERVER =
  'Another server answers there, or the machine was rebuilt. Find out which before you continue.';

export function connectionLost(name: string, cause: unknown): SwarmupError {
  return new SwarmupError('SSH_CONNECTION_LOST', `${name}: the SSH connection was lost: ${messageOf(cause)}`, {
    fix: 'Check that the machine still runs (swarmup status), then run again.',
    cause,
  });
}

export function engineUnreachable(name: string, socket: string, cause: unknown): SwarmupError {
  return new SwarmupError(
    'ENGINE_UNREACHABLE',
    `${name}: the Docker Engine doesn't answer on ${socket}: ${messageOf(cause)}`,
    {
      fix: `Run 'swarmup up' to install and start it, or check with: swarmup ssh ${name} -- sudo systemctl status docker`,
      cause,
    },
  );
}

/** What is known about a failed connection attempt. */
interface Attempt {
  readonly cause: unknown;
  /** The host key the server presented, if it got that far. */
  readonly offered: Buffer | undefined;
  readonly credentials?: Credentials;
  /** What the two sides couldn't agree on. */
  readonly missing?: string | undefined;
}

export function connectError(name: string, endpoint: SshEndpoint, attempt: Attempt): SwarmupError {
  const { cause, offered } = attempt;
  const where = `${endpoint.user}@${endpoint.host}:${endpoint.port}`;
  if (offered && endpoint.hostKey === '') return unknownKey(name, endpoint, offered);
  const trusted = endpoint.hostKeys ?? [endpoint.hostKey];
  if (offered && !trusted.some((key) => key.split(' ')[1] === offered.toString('base64')))
    return changedKey(name, endpoint, attempt);
  if (attempt.missing !== undefined) return noCommonAlgorithm(name, endpoint, attempt.missing);
  if (/authentication methods failed|Too many authentication failures/i.test(messageOf(cause)))
    return refused(name, endpoint, attempt);
  return new SwarmupError('SSH_UNREACHABLE', `${name}: no SSH connection to ${where}: ${messageOf(cause)}`, {
    fix: /before handshake|ECONNRESET/.test(messageOf(cause))
      ? `Its SSH server closes connections: it may have too many (MaxStartups), or block this address for a while after failures (PerSourcePenalties). Wait a minute, and read its log there: sudo journalctl -u ssh`
      : `Check that the machine runs (swarmup status) and that ${endpoint.host} port ${endpoint.port} can be reached from here.`,
    cause,
  });
}

function noCommonAlgorithm(name: string, endpoint: SshEndpoint, missing: string): SwarmupError {
  const { host, port, knownFrom } = endpoint;
  const known = knownFrom ? ` Line ${knownFrom.line} of ${knownFrom.file} has the host key that swarmup expects.` : '';
  return new SwarmupError('SSH_NO_COMMON_ALGORITHM', `${name}: no SSH connection to ${host}:${port}: ${missing}`, {
    fix: `Allow one of swarmup's in the server's sshd_config, or install an OpenSSH client here that has one of the server's.${known}`,
  });
}

function unknownKey(name: string, { host, port, settings }: SshEndpoint, offered: Buffer): SwarmupError {
  const how =
    settings?.hostKeyChecking === 'yes'
      ? 'then add it to known_hosts, or run swarmup with --accept-new: StrictHostKeyChecking yes refuses unknown keys without asking'
      : `then accept it: run swarmup on a terminal, or with --accept-new, or connect once with ssh -p ${port} ${host}`;
  return new SwarmupError(
    'SSH_HOST_KEY_UNKNOWN',
    `${name}: the host key of ${host}:${port} has not been accepted yet: ${fingerprint(offered.toString('base64'))}`,
    {
      fix: `Compare it with the server's own (there: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub), ${how}.`,
    },
  );
}

function changedKey(name: string, endpoint: SshEndpoint, { cause, offered }: Attempt): SwarmupError {
  const { host, port, user, hostKey, knownFrom } = endpoint;
  const seen = fingerprint(offered?.toString('base64') ?? '');
  const known = fingerprint(hostKey.split(' ')[1] ?? '');
  const followed =
    endpoint.settings?.hostKeyChecking === 'no' ? ' StrictHostKeyChecking no is not followed for changed keys.' : '';
  const warning = `${OTHER_SERVER}${followed}`;
  const remedy = knownFrom
    ? ` If the change is right, remove line ${knownFrom.line} of ${knownFrom.file}: sed -i ${knownFrom.line}d ${quote([knownFrom.file])}`
    : " 'swarmup down' and 'up' recreate it.";
  return new SwarmupError(
    'SSH_HOST_KEY_CHANGED',
    `${name}: the server at ${user}@${host}:${port} has another host key (${seen}) than the one pinned for this machine (${known})`,
    { fix: `${warning}${remedy}`, cause },
  );
}

function refused(name: string, endpoint: SshEndpoint, { cause, credentials }: Attempt): SwarmupError {
  const { host, port, user } = endpoint;
  const tried = credentials?.names ?? [];
  const unusable = credentials?.unusable.length ? ` (${credentials.unusable.join('; ')})` : '';
  const tooMany = /Too many authentication failures/i.test(messageOf(cause));
  const what = tried.length > 0 ? `refuses ${tried.join(' and ')}` : 'needs a key, and none is available';
  if (tooMany)
    return new SwarmupError(
      'SSH_AUTH_FAILED',
      `${name}: ${user}@${host}:${port} ended the login after too many keys: it ${what}`,
      {
        fix: 'Name the key with IdentityFile, and set IdentitiesOnly yes in the OpenSSH configuration, so that only that key is offered (the server counts each one: MaxAuthTries).',
        cause,
      },
    );
  const file = endpoint.identityFiles[0];
  return new SwarmupError('SSH_AUTH_FAILED', `${name}: ${user}@${host}:${port} ${what}${unusable}`, {
    fix:
      tried.length > 0 && file !== undefined
        ? `Add the public key ${file}.pub to ~${user}/.ssh/authorized_keys on ${name}, or name another user or key.`
        : `Name a key (identityFile), or load one into the agent: ssh-add ${file ?? 'FILE'}`,
    cause,
  });
}

export function tunnelError(bastion: string, host: string, port: number, cause: unknown): SwarmupError {
  return new SwarmupError('SSH_UNREACHABLE', `${bastion} can't reach ${host}:${port}: ${messageOf(cause)}`, {
    fix: `Check that ${host} runs and accepts connections from ${bastion}, and that the bastion's sshd allows forwarding (AllowTcpForwarding).`,
    cause,
  });
}
