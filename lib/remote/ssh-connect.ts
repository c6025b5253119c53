import type { Duplex } from 'node:stream';
import { NodeSSH } from 'node-ssh';
import { unlessAborted } from '../async/abortable.ts';
import { interrupted } from '../util/errors.ts';
import type { Emit } from '../contracts/events.ts';
import type { SshEndpoint } from '../contracts/endpoint.ts';
import type { Secret } from '../util/secret.ts';
import { credentialsOf } from './credentials.ts';
import { signaturesOf } from './key-types.ts';
import { connectError } from './ssh-errors.ts';

const READY_TIMEOUT_MS = 60_000;
const KEEPALIVE_MS = 10_000;
const KEEPALIVE_MISSES = 3;

export interface ConnectOptions {
  readonly emit: Emit;
  readonly signal: AbortSignal;
  /** An open stream to the server, through a bastion. */
  readonly through?: Duplex | undefined;
  /** A sudo password, for endpoints without their own. */
  readonly sudoPassword?: () => Secret | undefined;
}

/**
 * Logs in, with the host key pinned.
 *
 * @throws SwarmupError SSH_UNREACHABLE, SSH_HOST_KEY_UNKNOWN, SSH_HOST_KEY_CHANGED or SSH_AUTH_FAILED
 */
export async function openConnection(
  name: string,
  endpoint: SshEndpoint,
  { signal, through }: Pick<ConnectOptions, 'signal' | 'through'>,
): Promise<NodeSSH> {
  if (signal.aborted) throw interrupted(signal.reason);
  const ssh = new NodeSSH();
  const [type = '', key = ''] = endpoint.hostKey.split(' ');
  const pinned = Buffer.from(key, 'base64');
  const credentials = await credentialsOf(endpoint);
  let offered: Buffer | undefined;
  try {
    const connecting = ssh.connect({
      host: endpoint.host,
      port: endpoint.port,
      ...(through ? { sock: through } : {}),
      username: endpoint.user,
      authHandler: [...credentials.methods],
      readyTimeout: READY_TIMEOUT_MS,
      keepaliveInterval: KEEPALIVE_MS,
      keepaliveCountMax: KEEPALIVE_MISSES,
      algorithms: { serverHostKey: signaturesOf(type), compress: ['none'] },
      hostVerifier: (key: Buffer) => {
        offered = key;
        return pinned.length > 0 && key.equals(pinned);
      },
    });
    // Destroying a connection in progress emits no event; destroying one that hasn't begun emits it only later.
    await unlessAborted(connecting, signal, () => {
      ssh.dispose();
      connecting.then(
        () => ssh.dispose(),
        () => undefined,
      );
    });
    // Requests are small, and Nagle's algorithm would hold packets back for an acknowledgement, which takes the other
    // side 40 ms.
    ssh.connection?.setNoDelay(true);
    return ssh;
  } catch (cause) {
    if (signal.aborted) throw interrupted(cause);
    throw connectError(name, endpoint, { cause, offered, credentials });
  }
}

/**
 * The host key that a server presents, without logging in.
 *
 * @returns `type base64`
 * @throws SwarmupError SSH_UNREACHABLE
 */
export async function scanHostKey(
  name: string,
  endpoint: SshEndpoint,
  { signal, through }: Pick<ConnectOptions, 'signal' | 'through'>,
): Promise<string> {
  const ssh = new NodeSSH();
  let offered: Buffer | undefined;
  const connecting = ssh.connect({
    host: endpoint.host,
    port: endpoint.port,
    ...(through ? { sock: through } : {}),
    username: endpoint.user,
    authHandler: [],
    readyTimeout: READY_TIMEOUT_MS,
    algorithms: { serverHostKey: signaturesOf('') },
    hostVerifier: (key: Buffer) => {
      offered = key;
      return false;
    },
  });
  try {
    await unlessAborted(connecting, signal, () => ssh.dispose());
  } catch (cause) {
    if (signal.aborted) throw interrupted(cause);
    if (!offered) throw connectError(name, endpoint, { cause, offered });
  } finally {
    ssh.dispose();
  }
  const key = offered ?? Buffer.alloc(0);
  // The key begins with its type, as SSH's `string`. Source: RFC 4253, section 6.6.
  return `${key.subarray(4, 4 + key.readUInt32BE(0)).toString()} ${key.toString('base64')}`;
}
