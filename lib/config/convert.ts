import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { omitUndefined } from '../util/omit-undefined.ts';
import { Secret } from '../util/secret.ts';
import type { Diagnostic } from './diagnostics.ts';
import type { ParseOptions } from './parse-options.ts';
import type { Locator, Path } from './locate.ts';
import type { Cluster, NodeSpec, ProviderSection } from './model.ts';
import { convertNetworks } from './convert-networks.ts';
import { convertObjects, convertService } from './convert-services.ts';
import { convertPortainer, convertStacks } from './convert-stacks.ts';
import { convertSwarm } from './convert-swarm.ts';
import { withDependencies } from './dependencies.ts';
import { expectedOneOf } from '../util/nearest-name.ts';
import { noNameTwice, noPortOfSwarm, noPortTwice } from './published.ts';
import type { Reporter } from './reporter.ts';
import { HOST_KEYS, type ClusterFile } from './schema.ts';

type FileNode = Extract<ClusterFile['nodes'], readonly unknown[]>[number];

/** Turns a cluster file of the right shape into a Cluster, collecting contradictions. */
export class Conversion implements Reporter {
  readonly mistakes: Diagnostic[] = [];
  readonly #options: ParseOptions;
  readonly #locator: Locator;

  constructor(options: ParseOptions, locator: Locator) {
    this.#options = options;
    this.#locator = locator;
  }

  async run(file: ClusterFile, provider: ProviderSection): Promise<Cluster> {
    const stacks = convertStacks(file, this);
    const networks = convertNetworks(file, this);
    const objects = await convertObjects(file, this);
    const services = await Promise.all(
      Object.entries(file.services).map(([name, service]) =>
        convertService(name, service, { networks, objects }, this),
      ),
    );
    noNameTwice(services, stacks, this);
    noPortTwice(services, stacks, this);
    noPortOfSwarm(services, stacks, { swarm: file.swarm, reporter: this });
    const ordered = withDependencies(file, { services, stacks }, this);
    if (file.docker.source === 'official' && file.docker.repository === undefined) {
      this.wrong(
        ['docker', 'source'],
        'docker.source is official, and docker.repository is not set',
        "expected the address of Docker's package repository (docs.docker.com/engine/install names it)",
      );
    }
    const nodes = this.#nodes(file.nodes, provider);
    const portainer = convertPortainer(file, stacks, nodes, this);
    return {
      name: file.name,
      file: this.#options.file,
      stateDir: join(this.#options.stateRoot, file.name),
      provider,
      nodes,
      docker: omitUndefined(file.docker),
      swarm: await convertSwarm(file.swarm, this),
      images: {
        load: file.images.load.map((path, i) => this.file(path, ['images', 'load', i])),
        early: file.images.early,
        whenUnreachable: file.images.whenUnreachable,
        registryAuth: file.images.registryAuth,
      },
      networks,
      objects,
      ...ordered,
      protect: file.protect,
      runs: file.runs,
      ...(file.taskfile === undefined ? {} : { taskfile: this.file(file.taskfile, ['taskfile']) }),
      ...(portainer ? { portainer } : {}),
      placeOf: (path) => {
        const { file: shown, line, column } = this.#locator.at(path, '');
        return `${shown}:${line}:${column}`;
      },
    };
  }

  get env(): ParseOptions['env'] {
    return this.#options.env;
  }

  add(mistakes: readonly Diagnostic[]): void {
    this.mistakes.push(...mistakes);
  }

  wrong(place: Path, message: string, hint?: string): void {
    this.mistakes.push(this.#locator.at(place, message, hint));
  }

  file(path: string, place: Path): string {
    const absolute = resolve(dirname(this.#options.file), path);
    if (!existsSync(absolute))
      this.wrong(place, `${path} does not exist`, 'expected a path relative to the cluster file');
    return absolute;
  }

  #nodes(nodes: ClusterFile['nodes'], provider: ProviderSection): NodeSpec[] {
    if (!Array.isArray(nodes)) {
      this.#countsAreEnough(provider);
      return [...numbered('manager', nodes.managers), ...numbered('worker', nodes.workers)];
    }
    const seen = new Set<string>();
    nodes.forEach((node, i) => {
      if (seen.has(node.name))
        this.wrong(['nodes', i, 'name'], `two nodes are named ${node.name}`, 'expected every name once');
      seen.add(node.name);
    });
    if (!nodes.some((node) => node.role === 'manager'))
      this.wrong(['nodes'], 'no node is a manager', 'expected at least one node with role: manager');
    const managersFirst = [...nodes.filter((n) => n.role === 'manager'), ...nodes.filter((n) => n.role === 'worker')];
    return managersFirst.map((node) => this.#node(node, nodes.indexOf(node), provider));
  }

  #countsAreEnough({ addresses, parts }: ProviderSection): void {
    if (parts)
      this.wrong(
        ['nodes'],
        'there are several providers',
        'expected a list of nodes, each with name, role and provider',
      );
    else if (addresses === 'required')
      this.wrong(
        ['nodes'],
        'these machines exist already',
        'expected a list of nodes, each with name, role and address',
      );
  }

  #node(node: FileNode, i: number, provider: ProviderSection): NodeSpec {
    const { parts } = provider;
    const { address, port, user, identityFile, bastion, advertise, sudoPassword, ...rest } = node;
    if (parts && (rest.provider === undefined || !Object.hasOwn(parts, rest.provider)))
      this.wrong(
        ['nodes', i, 'provider'],
        rest.provider === undefined
          ? `${rest.name} has no provider, and there are several`
          : `${rest.name}'s provider '${rest.provider}' is not among providers`,
        expectedOneOf(rest.provider ?? '', Object.keys(parts)),
      );
    if (!parts && rest.provider !== undefined)
      this.wrong(
        ['nodes', i, 'provider'],
        'there is only one provider',
        'expected no provider here, or several under providers',
      );
    const own = parts ? parts[rest.provider ?? ''] : provider;
    if (own?.addresses === 'refused') {
      for (const key of HOST_KEYS)
        if (node[key] !== undefined)
          this.wrong(
            ['nodes', i, key],
            `${key} is for machines that exist already`,
            `expected type: hosts, not ${own.type}`,
          );
    } else if (own?.addresses === 'required' && address === undefined)
      this.wrong(
        ['nodes', i],
        `${rest.name} has no address`,
        'expected address: its host name or address, or a Host alias of ~/.ssh/config',
      );
    if (address === undefined) return omitUndefined(rest);
    const key = identityFile === undefined ? undefined : this.file(identityFile, ['nodes', i, 'identityFile']);
    const password = sudoPassword === undefined ? undefined : new Secret(sudoPassword);
    const host = omitUndefined({ address, port, user, identityFile: key, bastion, advertise, sudoPassword: password });
    return { ...omitUndefined(rest), host };
  }
}

function numbered(role: NodeSpec['role'], count: number): NodeSpec[] {
  return Array.from({ length: count }, (_, i) => ({
    name: `${role}${i + 1}`,
    role,
    labels: {},
    availability: 'active',
  }));
}
