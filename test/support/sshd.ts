import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import type { SshEndpoint } from '../../lib/contracts/endpoint.ts';
import { generateKeyPair } from '../../lib/remote/keys.ts';
import { needPackages } from './packages.ts';
import { endProcess } from '../../lib/remote/processes.ts';
import { portIsFree, readBanner } from '../../lib/remote/sockets.ts';

/** A real OpenSSH server on loopback, with its own keys, for this user. */
export interface TestSshd {
  readonly endpoint: SshEndpoint;
  readonly folder: string;
  /** What it logged so far. */
  log(): string;
  /** The number of connected clients: sshd has a process for each. */
  connections(): number;
  /** Ends the server and every connection to it. */
  stop(): void;
}

const SSHD = '/usr/sbin/sshd';

/** @param settings additional lines of its configuration */
export async function startSshd(...settings: readonly string[]): Promise<TestSshd> {
  needPackages('openssh-server');
  const folder = mkdtempSync(join(tmpdir(), 'swarmup-sshd-'));
  const host = generateKeyPair('host');
  const client = generateKeyPair('client');
  const file = (name: string, text: string, mode = 0o600) => {
    writeFileSync(join(folder, name), text, { mode });
    return join(folder, name);
  };
  file('host_key', host.privateKey);
  const identityFile = file('id', client.privateKey);
  file('authorized_keys', `${client.publicKey}\n`);
  if (userInfo().uid === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  const port = await freePort();
  file(
    'sshd_config',
    [
      `Port ${port}`,
      'ListenAddress 127.0.0.1',
      `HostKey ${folder}/host_key`,
      `AuthorizedKeysFile ${folder}/authorized_keys`,
      'PermitRootLogin prohibit-password',
      'PasswordAuthentication no',
      'StrictModes no',
      'UsePAM no',
      `PidFile ${folder}/pid`,
      // Without the start files of this user, which may be slow.
      ...(settings.some((line) => line.startsWith('SetEnv')) ? [] : [`SetEnv HOME=${folder}`]),
      ...settings,
    ].join('\n'),
  );
  const server: ChildProcess = spawn(SSHD, ['-D', '-e', '-f', join(folder, 'sshd_config')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let log = '';
  server.stderr?.on('data', (chunk: Buffer) => (log += chunk.toString()));
  await untilItGreets(server, port);
  return {
    log: () => log,
    folder,
    endpoint: {
      host: '127.0.0.1',
      port,
      user: userInfo().username,
      identityFiles: [identityFile],
      hostKey: host.publicKey,
      engineSocket: join(folder, 'docker.sock'),
    },
    connections: () => childrenOf(server.pid ?? 0).length,
    stop: () => {
      // The server's children serve the connections; each must be ended by its process id.
      for (const pid of childrenOf(server.pid ?? 0)) endProcess(pid, 'SIGKILL');
      server.kill('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export async function freePort(): Promise<number> {
  // Test files that run at the same time each begin elsewhere.
  let port = 23_000 + 200 * Number(process.env['VITEST_POOL_ID'] ?? 0);
  while (!(await portIsFree(port))) port++;
  return port;
}

/** Waits until an SSH server answers on a loopback port. */
export async function untilItGreets(server: ChildProcess, port: number): Promise<void> {
  let log = '';
  server.stderr?.on('data', (chunk: Buffer) => (log += chunk.toString()));
  const signal = AbortSignal.timeout(20_000);
  for (;;) {
    if (signal.aborted || server.exitCode !== null) throw new Error(`sshd did not start: ${log}`);
    if ('banner' in (await readBanner('127.0.0.1', port, 2_000, signal))) break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** The direct children of a process. */
function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
      .split(' ')
      .map(Number)
      .filter((child) => child > 0);
  } catch {
    // The process has ended, with its children.
    return [];
  }
}
