import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { interrupted } from '../util/errors.ts';
import { ifThere } from '../util/files.ts';
import { removeOwn } from '../util/remove.ts';
import type { OpenSshRoute, SshEndpoint } from '../contracts/endpoint.ts';
import { lastWords } from './last-words.ts';
import { openSshFailed } from './openssh-errors.ts';
import { endWithProxy, ownSettings } from './openssh-transport.ts';

/**
 * The host key that a server presents to OpenSSH's client, which connects as its configuration says and writes the key to
 * an empty file; no key or password is offered to the server.
 *
 * @returns `type base64`
 * @throws SwarmupError SSH_UNREACHABLE
 */
export async function scanByOpenSsh(
  name: string,
  endpoint: SshEndpoint & { readonly openssh: OpenSshRoute },
  signal: AbortSignal,
): Promise<string> {
  const { openssh: route } = endpoint;
  const folder = await mkdtemp(join(tmpdir(), 'swarmup-scan-'));
  try {
    const file = join(folder, 'known_hosts');
    const settings = ownSettings(
      'ControlPath=none',
      'StrictHostKeyChecking=accept-new',
      `UserKnownHostsFile="${file}"`,
      'GlobalKnownHostsFile=none',
      'KnownHostsCommand=none',
      'NoHostAuthenticationForLocalhost=no',
      'PreferredAuthentications=none',
    );
    const child = spawn(route.program, [...settings, ...route.args, 'true'], {
      stdio: ['ignore', 'ignore', 'pipe'],
      detached: true,
    });
    const stop = () => endWithProxy(child);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    const words = lastWords(child.stderr);
    const failure = await once(child, 'close').then(
      () => '',
      (error: unknown) => String(error),
    );
    signal.removeEventListener('abort', stop);
    if (signal.aborted) throw interrupted(signal.reason);
    const [, type, key] = ((await ifThere(readFile(file, 'utf8'))) ?? '').trim().split(/\s+/);
    if (type === undefined || key === undefined)
      throw openSshFailed(name, endpoint, { errors: `${words()}${failure}` });
    return `${type} ${key}`;
  } finally {
    await removeOwn(folder);
  }
}
