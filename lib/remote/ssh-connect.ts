import type { Duplex } from 'node:stream';
import { NodeSSH, type Config } from 'node-ssh';
import { unlessAborted } from '../async/abortable.ts';
import { hasCode, interrupted, messageOf } from '../util/errors.ts';
import type { Emit } from '../contracts/events.ts';
import type { OpenSshRoute, SshEndpoint } from '../contracts/endpoint.ts';
import type { Secret } from '../util/secret.ts';
import { credentialsOf, type Credentials } from './credentials.ts';
import { signaturesOf } from './key-types.ts';
import { Negotiation } from './negotiation.ts';
import { connectError } from './ssh-errors.ts';
import { Ssh2Transport, type Transport } from './transport.ts';

const READY_TIMEOUT_MS = 60_000;
const KEEPALIVE_MS = 10_000;
const KEEPALIVE_MISSES = 3;

export interface ConnectOptions {
  readonly emit: Emit;
  readonly signal: AbortSignal;
  /** Opens a stream to the server, through a bastion. */
  readonly through?: (() => Promise<Duplex>) | undefined;
  /** A sudo password, for endpoints without their own. */
  readonly sudoPassword?: () => Secret | undefined;
}

type Way = Pick<ConnectOptions, 'signal' | 'through'>;

/**
 * Logs in, with the host key pinned. Where only OpenSSH's own client can follow its configuration, or use the keys, or
 * agree with the server on algorithms, the connection is made by it.
 *
 * @throws SwarmupError SSH_UNREACHABLE, SSH_HOST_KEY_UNKNOWN, SSH_HOST_KEY_CHANGED or SSH_AUTH_FAILED
 */
export async function openConnection(name: string, endpoint: SshEndpoint, way: Way): Promise<Transport> {
  const { openssh } = endpoint;
  if (openssh && openssh.needs.length > 0) return byOpenSsh(name, { ...endpoint, openssh }, way);
  if (way.signal.aborted) throw interrupted(way.signal.reason);
  const credentials = await credentialsOf(endpoint);
  try {
    return await bySsh2(name, endpoint, credentials, way);
  } catch (error) {
    const mayHelp = hasCode(error, 'SSH_AUTH_FAILED')
      ? credentials.incomplete
      : hasCode(error, 'SSH_NO_COMMON_ALGORITHM');
    if (!openssh || !mayHelp) throw error;
    return byOpenSsh(name, { ...endpoint, openssh }, way).catch((cause: unknown) => {
      // Its error says more about the keys that swarmup tried.
      throw hasCode(cause, 'SSH_AUTH_FAILED') ? error : cause;
    });
  }
}

async function byOpenSsh(
  name: string,
  endpoint: SshEndpoint & { readonly openssh: OpenSshRoute },
  { signal }: Way,
): Promise<Transport> {
  const { OpenSshTransport } = await import('./openssh-transport.ts');
  return OpenSshTransport.connect(name, endpoint, signal);
}

async function bySsh2(name: string, endpoint: SshEndpoint, credentials: Credentials, way: Way): Promise<Transport> {
  const { signal } = way;
  const through = await way.through?.();
  const ssh = new NodeSSH();
  const trusted = endpoint.hostKeys ?? (endpoint.hostKey === '' ? [] : [endpoint.hostKey]);
  const pinned = trusted.map((key) => Buffer.from(key.split(' ')[1] ?? '', 'base64'));
  const negotiation = new Negotiation();
  let offered: Buffer | undefined;
  try {
    const connecting = ssh.connect({
      ...targetOf(endpoint, through),
      authHandler: [...credentials.methods],
      keepaliveInterval: KEEPALIVE_MS,
      keepaliveCountMax: KEEPALIVE_MISSES,
      algorithms: { serverHostKey: signaturesOf(trusted.map((key) => key.split(' ')[0] ?? '')), compress: ['none'] },
      debug: (line) => negotiation.note(line),
      hostVerifier: (key: Buffer) => {
        offered = key;
        return pinned.some((one) => one.length > 0 && key.equals(one));
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
    return new Ssh2Transport(ssh);
  } catch (cause) {
    if (signal.aborted) throw interrupted(cause);
    throw connectError(name, endpoint, { cause, offered, credentials, missing: negotiation.missing(messageOf(cause)) });
  }
}

function targetOf({ host, port, user, settings }: SshEndpoint, through: Duplex | undefined): Config {
  const { addressFamily, bindAddress, connectTimeoutMs } = settings ?? {};
  return {
    host,
    port,
    username: user,
    readyTimeout: connectTimeoutMs ?? READY_TIMEOUT_MS,
    ...(through ? { sock: through } : {}),
    ...(addressFamily === 'inet' ? { forceIPv4: true } : {}),
    ...(addressFamily === 'inet6' ? { forceIPv6: true } : {}),
    ...(bindAddress === undefined ? {} : { localAddress: bindAddress }),
  };
}

/**
 * The host key that a server presents, without logging in.
 *
 * @returns `type base64`
 * @throws SwarmupError SSH_UNREACHABLE
 */
export async function scanHostKey(name: string, endpoint: SshEndpoint, way: Way): Promise<string> {
  const { openssh } = endpoint;
  if (openssh && openssh.needs.length > 0) {
    const { scanByOpenSsh } = await import('./openssh-scan.ts');
    return scanByOpenSsh(name, { ...endpoint, openssh }, way.signal);
  }
  const { signal } = way;
  const through = await way.through?.();
  const ssh = new NodeSSH();
  const negotiation = new Negotiation();
  let offered: Buffer | undefined;
  const connecting = ssh.connect({
    ...targetOf(endpoint, through),
    authHandler: [],
    algorithms: { serverHostKey: signaturesOf([]) },
    debug: (line) => negotiation.note(line),
    hostVerifier: (key: Buffer) => {
      offered = key;
      return false;
    },
  });
  try {
    await unlessAborted(connecting, signal, () => ssh.dispose());
  } catch (cause) {
    if (signal.aborted) throw interrupted(cause);
    const missing = negotiation.missing(messageOf(cause));
    if (!offered) throw connectError(name, endpoint, { cause, offered, missing });
  } finally {
    ssh.dispose();
  }
  const key = offered ?? Buffer.alloc(0);
  // The key begins with its type, as SSH's `string`. Source: RFC 4253, section 6.6.
  return `${key.subarray(4, 4 + key.readUInt32BE(0)).toString()} ${key.toString('base64')}`;
}
