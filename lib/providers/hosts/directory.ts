import { appendFile, mkdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { SwarmupError } from '../../util/errors.ts';
import { clientConfig, type ClientConfig, type ClientOptions } from '../../remote/client-config.ts';
import type { ServerName } from '../../remote/server-name.ts';
import { formatJumps } from '../../remote/jumps.ts';
import { lookUp, knownHostsName, trustIn, type KnownKey, type Trust } from '../../remote/known-hosts.ts';
import { bestKey } from '../../remote/key-types.ts';
import { omitUndefined } from '../../util/omit-undefined.ts';
import { keyOnly } from '../../remote/openssh.ts';
import { Secret } from '../../util/secret.ts';
import { SingleFlight } from '../../async/single-flight.ts';
import type { ProviderOptions, UnknownHost } from '../../contracts/provider.ts';
import type { SshEndpoint } from '../../contracts/endpoint.ts';
import type { SshDefaults } from './config.ts';
import { isVerifiedByOpenSsh, routeTo } from './route.ts';
import type { ExistingHost, NamedHost, SshAccess } from './ssh-access.ts';

/**
 * SSH access to existing machines in the same way as `hosts`: OpenSSH's configuration, agent and known_hosts files,
 * bastions, sudo, and the host keys accepted for this cluster. For providers that only find machines.
 */
export function sshAccess(options: ProviderOptions, defaults: SshDefaults): SshAccess {
  return new Directory(options, defaults);
}

/** How to log in to a server, and how to look up its host key. */
interface Door {
  readonly endpoint: SshEndpoint;
  readonly config: ClientConfig;
  /** Its name in known_hosts. */
  readonly known: string;
  readonly via: Door | undefined;
  /** The host keys that are trusted if the server presents them, though they are known for its port 22 only. */
  readonly withoutPort: readonly string[];
}

/** How to reach each host: the cluster file takes precedence over OpenSSH's configuration; with the known host keys. */
export class Directory implements SshAccess {
  readonly #options: ProviderOptions;
  readonly #config: SshDefaults;
  readonly #configs = new SingleFlight<ClientConfig>();
  readonly #defaults: ClientOptions['defaults'] = new SingleFlight();
  /** The file of host keys accepted through swarmup; OpenSSH's own files take precedence. */
  readonly #accepted: string;

  constructor(options: ProviderOptions, config: SshDefaults) {
    this.#options = options;
    this.#config = config;
    this.#accepted = join(options.cluster.stateDir, 'ssh', 'accepted_hosts');
  }

  async endpointOf(node: string, host: ExistingHost): Promise<SshEndpoint> {
    const { endpoint } = await this.#nodesDoor(node, host);
    const password = host.sudoPassword ?? this.#sudoPassword();
    return password && endpoint.user !== 'root' ? { ...endpoint, sudoPassword: password } : endpoint;
  }

  async unknownHosts(hosts: readonly NamedHost[]): Promise<UnknownHost[]> {
    const doors = await Promise.all(hosts.map(({ name, host }) => this.#nodesDoor(name, host)));
    const servers = new Map<string, UnknownHost>();
    doors.forEach((door, i) => {
      for (const one of alongTheWay(door)) {
        if (one.endpoint.hostKey !== '' || isVerifiedByOpenSsh(one.endpoint.openssh)) continue;
        const key = `${one.known} ${one.via?.known ?? ''}`;
        const names = [...(servers.get(key)?.names ?? []), hosts[i]?.name ?? ''];
        const { endpoint, config } = one;
        servers.set(key, {
          names,
          endpoint,
          unasked: config.acceptNew,
          refused: endpoint.settings?.hostKeyChecking === 'yes',
          ...(one.withoutPort.length > 0 ? { trusts: (hostKey) => one.withoutPort.includes(hostKey) } : {}),
          accept: (hostKey) => this.#accept(one, hostKey),
        });
      }
    });
    return [...servers.values()];
  }

  #sudoPassword(): Secret | undefined {
    const text = this.#config.sudoPassword ?? this.#options.env['SWARMUP_SUDO_PASSWORD'];
    return text ? new Secret(text) : undefined;
  }

  async #nodesDoor(node: string, host: ExistingHost): Promise<Door> {
    const defaults = { ...this.#config, identityFile: this.#path(this.#config.identityFile) };
    const { address, hostKey } = host;
    const { user, port, bastion, identityFile } = { ...defaults, ...omitUndefined(host) };
    const door = await this.#door(node, { user, port, bastion, identityFile, host: address });
    // A key that the user revoked is never trusted, wherever it comes from.
    if (hostKey === undefined || (await revocation(door, hostKey))) return door;
    const { knownFrom: _elsewhere, ...endpoint } = door.endpoint;
    return { ...door, endpoint: { ...endpoint, hostKey: keyOnly(hostKey) } };
  }

  #path(path: string | undefined): string | undefined {
    return path === undefined ? undefined : resolve(dirname(this.#options.cluster.file), path);
  }

  /** @param way the servers that are reached through this one, the last first */
  async #door(
    node: string,
    server: ServerName,
    further: readonly ServerName[] = [],
    way: readonly string[] = [],
  ): Promise<Door> {
    const key = JSON.stringify([server, further]);
    if (way.includes(key)) throw inCircles(node, server.host);
    const config = await this.#configOf(server);
    // `Host *` with a ProxyJump matches the bastion itself too, for which OpenSSH would start itself without end.
    const jumps = [...further, ...config.jumps].filter(({ host }) => host !== server.host && host !== config.host);
    const last = jumps.at(-1);
    // A bastion's own configuration decides how it is reached, unless other bastions come before it.
    const bastion = jumps.length > 1 ? 'none' : undefined;
    const via = last && (await this.#door(node, { bastion, ...last }, jumps.slice(0, -1), [...way, key]));
    const known = knownHostsName(config.hostKeyAlias ?? config.host, config.hostKeyAlias ? 22 : config.port);
    const plain = config.hostKeyAlias === undefined && config.port !== 22 ? config.host : undefined;
    const trust = await trustIn([...config.knownHostsFiles, this.#accepted], known, plain);
    const chain = further.length === 0 ? server : { ...server, bastion: formatJumps(jumps) };
    const openssh = routeTo(config, trust, {
      server: chain,
      configFile: this.#path(this.#config.sshConfig),
      accepted: this.#accepted,
    });
    const endpoint = this.#endpoint({ ...config, openssh }, trust, via);
    return { config, known, via, endpoint, withoutPort: trust.withoutPort.map(textOf) };
  }

  /** Read once from OpenSSH per server, even if many nodes are behind one bastion. */
  #configOf(server: ServerName): Promise<ClientConfig> {
    const { local, env } = this.#options;
    const configFile = this.#path(this.#config.sshConfig);
    return this.#configs.run(JSON.stringify(server), () =>
      clientConfig(server, { local, env, configFile, defaults: this.#defaults }),
    );
  }

  #endpoint(config: ClientConfig, trust: Trust, via: Door | undefined): SshEndpoint {
    const { host, port, user, identityFiles, agent, settings, openssh } = config;
    const { keys } = trust;
    const key = bestKey(keys);
    return {
      host,
      port,
      user,
      identityFiles,
      hostKey: key ? textOf(key) : '',
      ...(keys.length > 1 ? { hostKeys: keys.map(textOf) } : {}),
      ...(key ? { knownFrom: { file: key.file, line: key.line } } : {}),
      ...(agent === undefined ? {} : { agent }),
      ...(via ? { via: via.endpoint } : {}),
      ...(Object.keys(settings).length > 0 ? { settings } : {}),
      ...(openssh ? { openssh } : {}),
    };
  }

  async #accept(door: Door, hostKey: string): Promise<void> {
    const { known } = door;
    const revoked = await revocation(door, hostKey);
    if (revoked) {
      throw new SwarmupError('SSH_HOST_KEY_CHANGED', `the server ${known} shows a host key that was revoked`, {
        fix: `Line ${revoked.line} of ${revoked.file} revokes it: someone else may have that key. Give the server a new one.`,
      });
    }
    await mkdir(dirname(this.#accepted), { recursive: true, mode: 0o700 });
    await appendFile(this.#accepted, `${known} ${hostKey}\n`, { mode: 0o600 });
  }
}

/** The line of the user's known_hosts files that revokes a server's key. */
async function revocation({ config, known }: Door, hostKey: string): Promise<KnownKey | undefined> {
  const lines = await lookUp(config.knownHostsFiles, known);
  return lines.find((line) => line.revoked && keyOnly(hostKey).endsWith(` ${line.key}`));
}

function textOf({ type, key }: KnownKey): string {
  return `${type} ${key}`;
}

function alongTheWay(door: Door): Door[] {
  return door.via ? [...alongTheWay(door.via), door] : [door];
}

function inCircles(node: string, host: string): SwarmupError {
  return new SwarmupError('USAGE', `${node}: the chain of bastions leads back to ${host}`, {
    fix: 'Correct the ProxyJump lines of the OpenSSH configuration (ssh -G shows the settings of a host).',
  });
}
