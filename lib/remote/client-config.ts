import { isIP } from 'node:net';
import { join } from 'node:path';
import { SingleFlight } from '../async/single-flight.ts';
import { exists } from '../util/files.ts';
import type { OpenSshRoute, SshSettings } from '../contracts/endpoint.ts';
import type { LocalCommands } from '../contracts/local-commands.ts';
import { limitsOf, onlyOpenSsh, parseSettings, type Settings } from './client-settings.ts';
import { expandJump, expandPath, splitPaths, type TokenNames } from './client-tokens.ts';
import { jumpsOf } from './jumps.ts';
import { passwdEntry, passwdHome } from './passwd-home.ts';
import type { ServerName } from './server-name.ts';

/** OpenSSH's configuration for a server. */
export interface ClientConfig {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Files of keys that exist, in the configuration's order. */
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
  readonly settings: SshSettings;
  /** How OpenSSH's own client reaches the server; undefined without OpenSSH. */
  readonly openssh: OpenSshRoute | undefined;
}

export interface ClientOptions {
  readonly local: LocalCommands;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Keeps OpenSSH's defaults for further servers. */
  readonly defaults?: SingleFlight<Settings> | undefined;
  /** An ssh_config(5) file instead of the user's and the system's. */
  readonly configFile?: string | undefined;
  readonly signal?: AbortSignal;
}

/** Reads OpenSSH's configuration for a server, as OpenSSH itself does: `ssh -G`. Without OpenSSH, its defaults. */
export async function clientConfig(server: ServerName, options: ClientOptions): Promise<ClientConfig> {
  const program = await options.local.which('ssh');
  return program ? fromOpenSsh(program, server, options) : byDefault(server, options);
}

/** The arguments of ssh(1) that name a server, up to and including the destination. */
export function destinationOf(server: ServerName, configFile: string | undefined): string[] {
  return [
    ...(configFile === undefined ? [] : ['-F', configFile]),
    ...(server.port === undefined ? [] : ['-p', String(server.port)]),
    ...(server.user === undefined ? [] : ['-l', server.user]),
    ...(server.identityFile === undefined ? [] : ['-i', server.identityFile]),
    ...(server.bastion === undefined ? [] : ['-J', server.bastion]),
    '--',
    server.host,
  ];
}

async function fromOpenSsh(program: string, server: ServerName, options: ClientOptions): Promise<ClientConfig> {
  const { configFile, signal } = options;
  const args = destinationOf(server, configFile);
  const fix = `OpenSSH can't read its configuration${configFile === undefined ? '' : ` ${configFile}`}; correct the error that it reports.`;
  const read = async (words: readonly string[]) => {
    const { stdout } = await options.local.run([program, '-G', ...words], { ...(signal ? { signal } : {}), fix });
    return parseSettings(stdout);
  };
  const kept = options.defaults ?? new SingleFlight<Settings>();
  const [own, defaults] = await Promise.all([
    read(args),
    kept.run('', () => read(['-F', '/dev/null', '--', server.host])),
  ]);
  return configOf(own, server, { program, args, env: options.env, needs: onlyOpenSsh(own, defaults) });
}

/** The settings of `ssh -G` as a configuration. */
async function configOf(
  all: Settings,
  server: ServerName,
  { env, ...found }: Omit<OpenSshRoute, 'values'> & Pick<ClientOptions, 'env'>,
): Promise<ClientConfig> {
  const one = (key: string) => all.get(key)?.find((value) => value !== 'none');
  const names: TokenNames = {
    host: one('hostname') ?? server.host,
    port: Number(one('port') ?? 22),
    user: one('user') ?? passwdEntry()?.username ?? '',
    original: server.host,
    hostKeyAlias: one('hostkeyalias'),
  };
  const { host, port, user, hostKeyAlias } = names;
  const needs = new Set(found.needs);
  const path = (key: string) => (text: string) => {
    const expanded = expandPath(text, names, env);
    if (expanded === undefined) needs.add(key);
    return expanded;
  };
  const paths = (key: string) => splitPaths(one(key) ?? '', path(key));
  const files = (all.get('identityfile') ?? []).filter((file) => file !== 'none').map(path('identityfile'));
  const known = files.filter((file) => file !== undefined);
  const identityFiles = await existing(known);
  if ((await existing(known.map((file) => `${file}-cert`))).length > 0) needs.add('certificatefile');
  const jumps = one('proxyjump');
  const agent = agentOf(all.get('identityagent')?.[0], env, path('identityagent'));
  const knownHostsFiles = [...(await paths('userknownhostsfile')), ...(await paths('globalknownhostsfile'))];
  const settings = limitsOf(all);
  const family = FAMILIES[isIP(host)];
  // An address that isn't in the family that the configuration asks for.
  if (family !== undefined && (settings.addressFamily ?? family) !== family) needs.add('addressfamily');
  return {
    host,
    port,
    user,
    identityFiles,
    agent,
    knownHostsFiles,
    hostKeyAlias,
    acceptNew: one('stricthostkeychecking') === 'accept-new' || settings.hostKeyChecking === 'no',
    jumps: jumpsOf(jumps === undefined ? undefined : (expandJump(jumps, names) ?? jumps)),
    settings,
    openssh: {
      ...found,
      needs: [...needs],
      values: found.needs.flatMap((key) => (all.get(key) ?? []).map((value) => [key, value] as const)),
    },
  };
}

/** Of the results of `isIP`. */
const FAMILIES: Readonly<Record<number, string | undefined>> = { 4: 'inet', 6: 'inet6' };

/** Source: ssh_config(5), IdentityAgent. */
function agentOf(
  setting: string | undefined,
  env: ClientOptions['env'],
  path: (text: string) => string | undefined,
): string | undefined {
  if (setting === 'none') return undefined;
  const variable =
    setting === undefined || setting === 'SSH_AUTH_SOCK' ? 'SSH_AUTH_SOCK' : /^\$(\w+)$/.exec(setting)?.[1];
  return variable === undefined ? path(setting ?? '') : env[variable] || undefined;
}

async function existing(paths: readonly string[]): Promise<string[]> {
  const found = await Promise.all(paths.map(exists));
  // A public key alone names a key of the agent.
  const named = await Promise.all(paths.map((path) => exists(`${path}.pub`)));
  return [...new Set(paths.filter((_path, i) => found[i] || named[i]))];
}

const DEFAULT_KEYS = ['id_rsa', 'id_ecdsa', 'id_ed25519'] as const;

async function byDefault(server: ServerName, { env }: ClientOptions): Promise<ClientConfig> {
  const folder = join(passwdHome(), '.ssh');
  const keys = [
    ...(server.identityFile === undefined ? [] : [server.identityFile]),
    ...DEFAULT_KEYS.map((key) => join(folder, key)),
  ];
  return {
    host: server.host,
    port: server.port ?? 22,
    user: server.user ?? passwdEntry()?.username ?? '',
    identityFiles: await existing(keys),
    agent: env['SSH_AUTH_SOCK'] || undefined,
    knownHostsFiles: [join(folder, 'known_hosts'), '/etc/ssh/ssh_known_hosts'],
    hostKeyAlias: undefined,
    acceptNew: false,
    jumps: jumpsOf(server.bastion),
    settings: {},
    openssh: undefined,
  };
}
