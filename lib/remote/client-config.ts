import { homedir } from 'node:os';
import { join } from 'node:path';
import { exists } from '../util/files.ts';
import type { LocalCommands } from '../contracts/local-commands.ts';
import { userName } from '../util/user.ts';

/** A server as a user names it; what is left out comes from the user's OpenSSH configuration. */
export interface ServerName {
  /** A host name, an address, or a Host alias of the configuration. */
  readonly host: string;
  readonly port?: number | undefined;
  readonly user?: string | undefined;
  /** Path of a private key, tried before those of the configuration. */
  readonly identityFile?: string | undefined;
  /** `[user@]host[:port]`, several separated by commas; `none` for no bastion. */
  readonly bastion?: string | undefined;
}

/** OpenSSH's configuration for a server. */
export interface ClientConfig {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Private keys that exist, in the order they are tried. */
  readonly identityFiles: readonly string[];
  /** The agent's socket. */
  readonly agent: string | undefined;
  readonly knownHostsFiles: readonly string[];
  /** The server's name in known_hosts, if it differs from the host name. */
  readonly hostKeyAlias: string | undefined;
  /** Whether unknown host keys are accepted without asking: StrictHostKeyChecking accept-new or no. */
  readonly acceptNew: boolean;
  /** The bastions, nearest to this computer first. */
  readonly jumps: readonly ServerName[];
  readonly proxyCommand: string | undefined;
}

export interface ClientOptions {
  readonly local: LocalCommands;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** An ssh_config(5) file instead of the user's and the system's. */
  readonly configFile?: string | undefined;
  readonly signal?: AbortSignal;
}

/** Reads OpenSSH's configuration for a server, as OpenSSH itself does: `ssh -G`. Without OpenSSH, its defaults. */
export async function clientConfig(server: ServerName, options: ClientOptions): Promise<ClientConfig> {
  const ssh = await options.local.which('ssh');
  return ssh ? fromOpenSsh(ssh, server, options) : byDefault(server, options);
}

async function fromOpenSsh(ssh: string, server: ServerName, options: ClientOptions): Promise<ClientConfig> {
  const { configFile, signal } = options;
  const argv = [
    ssh,
    '-G',
    ...(configFile === undefined ? [] : ['-F', configFile]),
    ...(server.port === undefined ? [] : ['-p', String(server.port)]),
    ...(server.user === undefined ? [] : ['-l', server.user]),
    ...(server.identityFile === undefined ? [] : ['-i', server.identityFile]),
    ...(server.bastion === undefined ? [] : ['-J', server.bastion]),
    '--',
    server.host,
  ];
  const { stdout } = await options.local.run(argv, {
    ...(signal ? { signal } : {}),
    fix: `OpenSSH can't read its configuration${configFile === undefined ? '' : ` ${configFile}`}; correct the error that it reports.`,
  });
  return parseClientConfig(stdout, server, options.env);
}

/** Reads the output of `ssh -G`. */
async function parseClientConfig(output: string, server: ServerName, env: ClientOptions['env']): Promise<ClientConfig> {
  const settings = new Map<string, string[]>();
  for (const line of output.split('\n')) {
    const [, key = '', value = ''] = /^(\S+) (.*)$/.exec(line) ?? [];
    settings.set(key, [...(settings.get(key) ?? []), value]);
  }
  const one = (key: string) => settings.get(key)?.find((value) => value !== 'none');
  const host = one('hostname') ?? server.host;
  const port = Number(one('port') ?? 22);
  const user = one('user') ?? userName();
  const path = (text: string) => expand(text, { host, port: String(port), user, original: server.host });
  const paths = (key: string) =>
    (one(key) ?? '')
      .split(' ')
      .filter((word) => word !== '')
      .map(path);
  return {
    host,
    port,
    user,
    identityFiles: await existing((settings.get('identityfile') ?? []).map(path)),
    agent: agentOf(settings.get('identityagent')?.[0], env, path),
    knownHostsFiles: [...paths('userknownhostsfile'), ...paths('globalknownhostsfile')],
    hostKeyAlias: one('hostkeyalias'),
    acceptNew: ['accept-new', 'no', 'off', 'false'].includes(one('stricthostkeychecking') ?? ''),
    jumps: jumpsOf(one('proxyjump')),
    proxyCommand: one('proxycommand'),
  };
}

/** Source: ssh_config(5), IdentityAgent. */
function agentOf(
  setting: string | undefined,
  env: ClientOptions['env'],
  path: (text: string) => string,
): string | undefined {
  if (setting === 'none') return undefined;
  const variable =
    setting === undefined || setting === 'SSH_AUTH_SOCK' ? 'SSH_AUTH_SOCK' : /^\$(\w+)$/.exec(setting)?.[1];
  return variable === undefined ? path(setting ?? '') : env[variable] || undefined;
}

/** Source: ssh_config(5), ProxyJump: `[user@]host[:port]` or an ssh URI, several separated by commas. */
function jumpsOf(proxyJump: string | undefined): ServerName[] {
  return (proxyJump ?? '').split(',').flatMap((jump) => {
    const match = /^(?:ssh:\/\/)?(?:([^@]+)@)?(\[[^\]]+\]|[^:/]+)(?::(\d+))?\/?$/.exec(jump.trim());
    if (!match?.[2]) return [];
    const [, user, host, port] = match;
    return [{ host: host.replace(/^\[|\]$/g, ''), user, port: port === undefined ? undefined : Number(port) }];
  });
}

/** Replaces the tokens of ssh_config(5) that its paths may contain. */
function expand(text: string, names: { host: string; port: string; user: string; original: string }): string {
  const tokens: Readonly<Record<string, string>> = {
    '%%': '%',
    '%d': homedir(),
    '%h': names.host,
    '%n': names.original,
    '%p': names.port,
    '%r': names.user,
    '%u': userName(),
  };
  return text.replace(/^~(?=\/)/, homedir()).replace(/%./g, (token) => tokens[token] ?? token);
}

async function existing(paths: readonly string[]): Promise<string[]> {
  const there = await Promise.all(paths.map(exists));
  return [...new Set(paths.filter((_path, i) => there[i]))];
}

const DEFAULT_KEYS = ['id_rsa', 'id_ecdsa', 'id_ed25519'] as const;

async function byDefault(server: ServerName, { env }: ClientOptions): Promise<ClientConfig> {
  const folder = join(homedir(), '.ssh');
  const keys = [
    ...(server.identityFile === undefined ? [] : [server.identityFile]),
    ...DEFAULT_KEYS.map((key) => join(folder, key)),
  ];
  return {
    host: server.host,
    port: server.port ?? 22,
    user: server.user ?? userName(),
    identityFiles: await existing(keys),
    agent: env['SSH_AUTH_SOCK'] || undefined,
    knownHostsFiles: [join(folder, 'known_hosts'), '/etc/ssh/ssh_known_hosts'],
    hostKeyAlias: undefined,
    acceptNew: false,
    jumps: jumpsOf(server.bastion === 'none' ? undefined : server.bastion),
    proxyCommand: undefined,
  };
}
