import type { HostSpec, NodeSpec } from '../../config/model.ts';
import { SwarmupError } from '../../util/errors.ts';
import { ipv4Of } from '../../remote/sockets.ts';
import type { Change } from '../../contracts/change.ts';
import type { Endpoint } from '../../contracts/endpoint.ts';
import type { Machine, Provider, ProviderOptions, UnknownHost } from '../../contracts/provider.ts';
import type { HostsConfig } from './config.ts';
import { Directory } from './directory.ts';
import { HostRecords } from './record.ts';

/** Existing machines: they are only connected to, never created or destroyed. */
class HostsProvider implements Provider {
  readonly #nodes: readonly NodeSpec[];
  readonly #directory: Directory;
  readonly #records: HostRecords;

  constructor(options: ProviderOptions, config: HostsConfig) {
    this.#nodes = options.cluster.nodes;
    this.#directory = new Directory(options, config);
    this.#records = new HostRecords(options.cluster);
  }

  /** The hosts of the cluster file, and those of earlier runs that it no longer names. Makes no connections. */
  async list(_signal: AbortSignal, names?: readonly string[]): Promise<readonly Machine[]> {
    const hosts = await this.#hosts();
    const wanted = [...hosts].filter(([name]) => names?.includes(name) ?? true);
    return Promise.all(wanted.map(([name, host]) => this.#machine(name, host)));
  }

  plan(): readonly Change[] {
    return [];
  }

  async create(node: NodeSpec): Promise<Machine> {
    if (!node.host) throw new Error(`${node.name} has no address`);
    return this.#machine(node.name, node.host);
  }

  stop(name: string): Promise<void> {
    return Promise.reject(notOurs(name));
  }

  cutPower(name: string): Promise<void> {
    return Promise.reject(notOurs(name));
  }

  destroy(name: string): Promise<void> {
    return this.#records.forget(name);
  }

  destroyShared(): Promise<readonly string[]> {
    return Promise.resolve([]);
  }

  endpoint({ ssh }: Machine, port: number): Endpoint {
    return { host: ssh.host, port, ...(ssh.via ? { via: ssh.via } : {}) };
  }

  async unknownHosts(): Promise<readonly UnknownHost[]> {
    return this.#directory.unknownHosts([...(await this.#hosts())].map(([name, host]) => ({ name, host })));
  }

  async remember(): Promise<void> {
    for (const { name, host } of this.#nodes) if (host) await this.#records.write(name, host);
  }

  async #hosts(): Promise<Map<string, HostSpec>> {
    const hosts = new Map<string, HostSpec>();
    for (const { name, host } of this.#nodes) if (host) hosts.set(name, host);
    for (const name of await this.#records.names()) {
      const host = hosts.has(name) ? undefined : await this.#records.read(name);
      if (host) hosts.set(name, host);
    }
    return hosts;
  }

  async #machine(name: string, host: HostSpec): Promise<Machine> {
    const ssh = await this.#directory.endpointOf(name, host);
    const address = host.advertise ?? (await ipv4Of(ssh.host)) ?? '';
    return { name, state: 'running', address, ssh, external: true };
  }
}

function notOurs(name: string): SwarmupError {
  return new SwarmupError('USAGE', `${name} existed before swarmup, which never powers it off`, {
    fix: `Power it off by hand, after: swarmup drain ${name}`,
  });
}

export function createHostsProvider(config: HostsConfig, options: ProviderOptions): Promise<Provider> {
  return Promise.resolve(new HostsProvider(options, config));
}
