import type { Machine } from '../contracts/provider.ts';
import type { SshEndpoint } from '../contracts/endpoint.ts';
import { knownHostsName } from './known-hosts.ts';
import { quote } from '../util/shell-quote.ts';

/** The pinned host keys in known_hosts format. Source: sshd(8), SSH_KNOWN_HOSTS FILE FORMAT. */
export function knownHosts(machines: readonly Machine[]): string {
  const servers = machines.flatMap(({ ssh }) => withBastions(ssh));
  const lines = servers.flatMap(({ host, port, hostKey, hostKeys }) =>
    (hostKeys ?? [hostKey])
      .map(keyOnly)
      .flatMap((key) => (key === '' ? [] : [`${knownHostsName(host, port)} ${key}\n`])),
  );
  return [...new Set(lines)].join('');
}

/** The bastions on the way to a server, nearest to this computer first, and the server itself. */
function withBastions(ssh: SshEndpoint): SshEndpoint[] {
  return ssh.via ? [...withBastions(ssh.via), ssh] : [ssh];
}

/** The settings of `ssh -G` that are one path each, which it prints without quotes. */
const PATHS: readonly string[] = ['certificatefile', 'revokedhostkeys', 'securitykeyprovider', 'pkcs11provider'];

/** OpenSSH's settings for a server: its credentials and its expected host key. Source: ssh_config(5). */
function settingsOf(
  { agent, identityFiles, settings, openssh }: SshEndpoint,
  knownHostsFile: string,
): [string, string][] {
  return [
    ['UserKnownHostsFile', quotedPath(knownHostsFile)],
    ['StrictHostKeyChecking', 'yes'],
    ...identityFiles.map((file): [string, string] => ['IdentityFile', quotedPath(file)]),
    ...(openssh?.values ?? [])
      .filter(([key]) => key !== 'proxycommand')
      .map(([key, value]): [string, string] => [key, PATHS.includes(key) ? `"${value}"` : value]),
    ...(agent === undefined ? [] : [['IdentityAgent', quotedPath(agent)] as [string, string]]),
    ...(agent === undefined || settings?.identitiesOnly === true
      ? [['IdentitiesOnly', 'yes'] as [string, string]]
      : []),
  ];
}

/** The command that OpenSSH runs to get through a bastion; undefined for none. Source: ssh_config(5), ProxyCommand. */
function proxyCommand({ via, openssh }: SshEndpoint, knownHostsFile: string): string | undefined {
  if (!via) return openssh?.values.find(([key]) => key === 'proxycommand')?.[1];
  const argv = ['ssh', ...options(via, knownHostsFile), '-p', String(via.port)];
  // Percent signs are escaped, except in the two tokens for the destination.
  return `${quote(argv).replaceAll('%', '%%')} -W %h:%p ${quote([`${via.user}@${via.host}`])}`;
}

/** The settings as arguments, including the bastions. */
function options(ssh: SshEndpoint, knownHostsFile: string): string[] {
  const through = proxyCommand(ssh, knownHostsFile);
  const settings = [
    ...settingsOf(ssh, knownHostsFile),
    ...(through === undefined ? [] : [['ProxyCommand', through] as const]),
  ];
  return settings.flatMap(([key, value]) => ['-o', `${key}=${value}`]);
}

/** A path as ssh_config(5) takes it, which expands tokens in it: percent signs are escaped. */
function quotedPath(path: string): string {
  return `"${path.replaceAll('%', '%%').replace(/["\\]/g, '\\$&')}"`;
}

/**
 * A public key without its comment; empty if the text is none. It may come from a tag, and a line break in it would make
 * a second line in known_hosts.
 */
export function keyOnly(hostKey: string): string {
  const [, type, key] = /^([\w@.-]+) +([A-Za-z0-9+/]+=*)(?: |\s*$)/.exec(hostKey) ?? [];
  return type === undefined || key === undefined ? '' : `${type} ${key}`;
}

/** The arguments of ssh(1) up to and including the destination. */
export function sshArguments({ ssh }: Machine, knownHostsFile: string): string[] {
  // Only the user's own configuration has everything that the connection needs.
  if (ssh.openssh && ssh.openssh.needs.length > 0) return ['-o', 'LogLevel=ERROR', ...ssh.openssh.args];
  return [...options(ssh, knownHostsFile), '-o', 'LogLevel=ERROR', '-p', String(ssh.port), `${ssh.user}@${ssh.host}`];
}

/** The text of an ssh_config(5) with one Host per machine. */
export function sshConfigText(machines: readonly Machine[], knownHostsFile: string): string {
  return machines
    .map(({ name, ssh }) => {
      const through = proxyCommand(ssh, knownHostsFile);
      return [
        `Host ${name}`,
        `  HostName ${ssh.host}`,
        `  Port ${ssh.port}`,
        `  User ${ssh.user}`,
        ...settingsOf(ssh, knownHostsFile).map(([key, value]) => `  ${key} ${value}`),
        ...(through === undefined ? [] : [`  ProxyCommand ${through}`]),
        '',
      ].join('\n');
    })
    .join('\n');
}
