import { spawn } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SshEndpoint } from '../../lib/contracts/endpoint.ts';
import { generateKeyPair } from '../../lib/remote/keys.ts';
import { endProcess } from '../../lib/remote/processes.ts';
import { debianRoot, type RootContents } from './debian-root.ts';
import { freePort, untilItGreets } from './sshd.ts';

/** The password for sudo. It stands for a real one, and must not be visible anywhere. */
export const PASSWORD = 'correct-horse-battery';

/** Users other than root: `admin` needs a password for sudo, `free` needs none, `nobody1` may not use it. */
const USERS = ['admin', 'free', 'nobody1'] as const;

/** The packages and settings that let these users log in to a Debian. */
const GUEST: Required<RootContents> = {
  packages: ['openssh-server', 'sudo', 'procps'],
  files: {
    '/etc/sudoers.d/test': 'admin ALL=(ALL) ALL\nfree ALL=(ALL) NOPASSWD: ALL\n',
  },
  commands: [
    ['chmod', '0440', '/etc/sudoers.d/test'],
    // A hash that no password matches, which isn't a locked account.
    ...USERS.map((user) => ['useradd', '-m', '-p', '*', '-s', '/bin/sh', user]),
    ...['admin', 'nobody1'].map((user) => ['sh', '-c', `echo '${user}:${PASSWORD}' | chpasswd`]),
  ],
};

/** A Debian that these users can log in to, with additional packages. */
export function guestRoot(name: string, more: RootContents = { packages: [] }): Promise<string> {
  return debianRoot(name, {
    packages: [...GUEST.packages, ...more.packages],
    files: { ...GUEST.files, ...more.files },
    commands: [...GUEST.commands, ...(more.commands ?? [])],
  });
}

export interface GuestSshd {
  endpointOf(user: string): SshEndpoint;
  stop(): void;
}

/** An OpenSSH server in a separate Debian, with real users and a real sudo; on loopback. */
export async function startGuestSshd(ownRoot?: string): Promise<GuestSshd> {
  const root = ownRoot ?? (await guestRoot('guest'));
  const folder = join(root, 'run', `sshd-${process.pid}`);
  mkdirSync(folder, { recursive: true });
  mkdirSync(join(root, 'run/sshd'), { recursive: true, mode: 0o755 });
  const [host, client] = [generateKeyPair('host'), generateKeyPair('client')];
  const file = (name: string, text: string, mode = 0o600) => {
    writeFileSync(join(folder, name), text, { mode });
    return `/run/sshd-${process.pid}/${name}`;
  };
  const port = await freePort();
  const hostKey = file('host_key', host.privateKey);
  const authorized = file('authorized_keys', `${client.publicKey}\n`, 0o644);
  file('id', client.privateKey);
  const settings = [
    `ListenAddress=127.0.0.1:${port}`,
    `HostKey=${hostKey}`,
    `AuthorizedKeysFile=${authorized}`,
    'StrictModes=no',
    'UsePAM=no',
    // OpenSSH 10 would otherwise block this address after the intentional failures.
    'PerSourcePenalties=no',
    'PidFile=none',
  ];
  const argv = ['-D', '-e', '-f', '/dev/null', ...settings.flatMap((setting) => ['-o', setting])];
  // A separate PID namespace, as on a machine; everything in it ends with its first process.
  const server = spawn(
    'unshare',
    ['--fork', '--pid', '--kill-child', `--root=${root}`, '--mount-proc', '/usr/sbin/sshd', ...argv],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  await untilItGreets(server, port);
  return {
    endpointOf: (user) => ({
      host: '127.0.0.1',
      port,
      user,
      identityFiles: [join(folder, 'id')],
      hostKey: host.publicKey,
    }),
    stop: () => {
      endProcess(server.pid ?? 0, 'SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
