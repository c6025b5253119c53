import type { Machine, SshEndpoint } from '../providers/provider.ts';
import { quote } from './quote.ts';

/** The pinned host keys in known_hosts format. Source: sshd(8), SSH_KNOWN_HOSTS FILE FORMAT. */
export function knownHosts(machines: readonly Machine[]): string {
  const servers = machines.flatMap(({ ssh }) => (ssh.via ? [ssh.via, ssh] : [ssh]));
  const lines = servers.map(
    ({ host, port, hostKey }) => `${port === 22 ? host : `[${host}]:${port}`} ${keyOnly(hostKey)}\n`,
  );
  return [...new Set(lines)].join('');
}

/** The command that OpenSSH runs to get through a bastion; empty for none. Source: ssh_config(5), ProxyCommand. */
function proxyCommand({ via }: SshEndpoint, knownHostsFile: string): string {
  if (!via) return '';
  const settings = [`UserKnownHostsFile=${knownHostsFile}`, 'StrictHostKeyChecking=yes', 'IdentitiesOnly=yes'];
  const options = [...settings.flatMap((setting) => ['-o', setting]), '-i', via.identityFile, '-p', String(via.port)];
  // A percent sign is OpenSSH's own, but for the two that stand for the destination.
  return `${quote(['ssh', ...options]).replaceAll('%', '%%')} -W %h:%p ${quote([`${via.user}@${via.host}`])}`;
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
    ...(ssh.via ? [`ProxyCommand=${proxyCommand(ssh, knownHostsFile)}`] : []),
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
        ...(ssh.via ? [`  ProxyCommand ${proxyCommand(ssh, knownHostsFile)}`] : []),
        '',
      ].join('\n'),
    )
    .join('\n');
}
