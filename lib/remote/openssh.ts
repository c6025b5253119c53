import type { Machine } from '../providers/provider.ts';

/** The pinned host keys in known_hosts format. Source: sshd(8), SSH_KNOWN_HOSTS FILE FORMAT. */
export function knownHosts(machines: readonly Machine[]): string {
  return machines
    .map(({ ssh }) => `${ssh.port === 22 ? ssh.host : `[${ssh.host}]:${ssh.port}`} ${keyOnly(ssh.hostKey)}\n`)
    .join('');
}

function keyOnly(hostKey: string): string {
  return hostKey.split(' ').slice(0, 2).join(' ');
}

/** The arguments of ssh(1) up to and with the destination. */
export function sshArguments({ ssh }: Machine, knownHostsFile: string): string[] {
  const settings = [
    `UserKnownHostsFile=${knownHostsFile}`,
    'StrictHostKeyChecking=yes',
    'IdentitiesOnly=yes',
    'LogLevel=ERROR',
  ];
  return [
    ...settings.flatMap((setting) => ['-o', setting]),
    '-i',
    ssh.identityFile,
    '-p',
    String(ssh.port),
    `${ssh.user}@${ssh.host}`,
  ];
}

/** ssh_config(5) with one Host a machine. */
export function sshConfigText(machines: readonly Machine[], knownHostsFile: string): string {
  return machines
    .map(({ name, ssh }) =>
      [
        `Host ${name}`,
        `  HostName ${ssh.host}`,
        `  Port ${ssh.port}`,
        `  User ${ssh.user}`,
        `  IdentityFile "${ssh.identityFile}"`,
        '  IdentitiesOnly yes',
        `  UserKnownHostsFile "${knownHostsFile}"`,
        '  StrictHostKeyChecking yes',
        '',
      ].join('\n'),
    )
    .join('\n');
}
