import type { Cluster, NodeSpec } from '../../config/model.ts';
import type { Taken } from '../../config/pools.ts';
import { adviceFor } from '../../util/nearest-name.ts';
import { SwarmupError } from '../../util/errors.ts';
import { created, removed, step, updated, waiting, type Change } from '../../contracts/change.ts';
import { clusterKey, identityFileOf } from '../cluster-key.ts';
import type { Endpoint } from '../../contracts/endpoint.ts';
import type { Machine, Price, Provider, ProviderIo, ProviderOptions, SharedThings } from '../../contracts/provider.ts';
import { SingleFlight } from '../../async/single-flight.ts';
import { openEc2, type Ec2Api } from './api.ts';
import type { AwsConfig } from './config.ts';
import { readHostKey } from './host-key.ts';
import { labelOf } from './image.ts';
import { PUBLICATIONS } from './image-names.ts';
import { asAws, Inventory, type AwsMachine } from './inventory.ts';
import { launch } from './launch.ts';
import { removeShared } from './leftovers.ts';
import { typeOf } from './placement.ts';
import { networksOf } from './networks.ts';
import { readPrices, type PriceOf } from './prices.ts';
import { openQuotas } from './quota.ts';
import { AwsShared } from './shared.ts';
import { findSubnets, survey, type Survey } from './survey.ts';
import { TAG } from './tags.ts';
import { Transitions } from './transitions.ts';

/**
 * Machines on AWS EC2. Everything known about them is in their tags: any computer with the same credentials finds them.
 */
class AwsProvider implements Provider {
  readonly #options: ProviderOptions;
  readonly #config: AwsConfig;
  readonly #api: Ec2Api;
  readonly #priceOf: PriceOf;
  readonly #inventory: Inventory;
  readonly #surveys = new SingleFlight<Survey>();
  readonly #shared: AwsShared;
  readonly #transitions: Transitions;
  readonly #identityFile: string;

  constructor(options: ProviderOptions, config: AwsConfig, { api, priceOf }: { api: Ec2Api; priceOf: PriceOf }) {
    this.#options = options;
    this.#priceOf = priceOf;
    this.#config = config;
    this.#api = api;
    this.#identityFile = identityFileOf(options.cluster);
    this.#inventory = new Inventory(api, options, config, this.#identityFile);
    this.#transitions = new Transitions(api, this.#inventory, options.clock);
    this.#shared = new AwsShared({
      api,
      config,
      cluster: options.cluster,
      inventory: this.#inventory,
      identityFile: this.#identityFile,
      survey: (io) => this.#survey(io),
      quotas: () => openQuotas(config),
    });
  }

  get shared(): SharedThings {
    return this.#shared;
  }

  list(signal: AbortSignal, names?: readonly string[]): Promise<readonly Machine[]> {
    return this.#inventory.list(signal, names);
  }

  plan(node: NodeSpec, machine: Machine | undefined): Change[] {
    const type = typeOf(this.#config, node);
    const image = labelOf(this.#config);
    const own = ['machines', node.name];
    if (!machine) return [created(own, { type, image })];
    const { state, doubles, rented, image: was = image } = asAws(machine);
    const differs = { type: rented.type !== type, image: was !== image };
    const only = (values: { readonly type: string; readonly image: string }) => ({
      ...(differs.type ? { type: values.type } : {}),
      ...(differs.image ? { image: values.image } : {}),
    });
    return [
      ...(state === 'stopped' ? [step(own, 'start')] : []),
      ...(state === 'starting' ? [waiting(own, { from: state, to: 'running' })] : []),
      ...doubles.map((id) => removed([...own, 'instances', id])),
      ...(differs.type || differs.image
        ? [updated(own, only({ type: rented.type, image: was }), only({ type, image }), { replace: true })]
        : []),
    ];
  }

  async create(node: NodeSpec, io: ProviderIo): Promise<Machine> {
    await clusterKey(this.#identityFile, this.#options.cluster.name);
    const [known] = await this.#inventory.list(io.signal, [node.name]);
    const launched = known ? undefined : await this.#launch(node, io);
    await this.#removeDoubles(node.name, io);
    const running = await this.#transitions.running(node.name, launched, io);
    return running.ssh.hostKey ? running : this.#learnHostKey(running, io);
  }

  async stop(name: string, io: ProviderIo): Promise<void> {
    await this.#transitions.stop(name, false, io);
  }

  async cutPower(name: string, io: ProviderIo): Promise<void> {
    await this.#transitions.stop(name, true, io);
  }

  async destroy(name: string, io: ProviderIo): Promise<void> {
    const [machine] = await this.#inventory.list(io.signal, [name]);
    if (!machine) return;
    io.report('terminating');
    await this.#transitions.terminate([machine.rented.id, ...machine.doubles], io);
    await this.#transitions.until(name, 'is gone', io, (found) =>
      found ? { seen: `terminating (${found.phase})` } : { done: undefined },
    );
  }

  destroyShared(io: ProviderIo): Promise<readonly string[]> {
    const { cluster, clock } = this.#options;
    return removeShared({ api: this.#api, inventory: this.#inventory, cluster, clock }, io);
  }

  endpoint({ ssh }: Machine, port: number): Endpoint {
    return { host: ssh.host, port, ...(ssh.via ? { via: ssh.via } : {}) };
  }

  async networks(signal: AbortSignal): Promise<readonly Taken[]> {
    return networksOf(this.#api, await findSubnets(this.#api, this.#config, signal), signal);
  }

  price(node: NodeSpec): Price | undefined {
    return this.#priceOf(typeOf(this.#config, node));
  }

  #survey(io: ProviderIo): Promise<Survey> {
    const { image } = this.#config;
    const warning = typeof image === 'string' ? PUBLICATIONS[image].warning : undefined;
    if (warning) io.warn(warning);
    return this.#surveys.share('survey', io.signal, (shared) => {
      io.report('looking up subnets, instance types and images');
      return survey(this.#api, this.#options.cluster, this.#config, shared);
    });
  }

  async #launch(node: NodeSpec, io: ProviderIo): Promise<string | undefined> {
    const { cluster, clock } = this.#options;
    const [ground, group] = await Promise.all([this.#survey(io), this.#shared.groupId(io.signal)]);
    const choice = ground.choose(node);
    const tools = { api: this.#api, inventory: this.#inventory, clock };
    return launch({ cluster, config: this.#config, node, choice, group }, tools, io);
  }

  /** Concurrent runs may each have created a machine: the older one is kept. */
  async #removeDoubles(name: string, io: ProviderIo): Promise<void> {
    const [machine] = await this.#inventory.list(io.signal, [name]);
    if (!machine || machine.doubles.length === 0) return;
    io.warn(`${name} has a second machine (${machine.doubles.join(', ')}), which is being removed`);
    await this.#transitions.terminate(machine.doubles, io);
  }

  async #learnHostKey(machine: AwsMachine, io: ProviderIo): Promise<AwsMachine> {
    const { name, rented } = machine;
    const key = await readHostKey(this.#api, machine, this.#options.clock, io);
    await this.#api.CreateTags({ Resources: [rented.id], Tags: [{ Key: TAG.hostKey, Value: key }] }, io.signal);
    this.#inventory.changed();
    return this.#transitions.until(name, 'carries its host key', io, (found) =>
      found?.state === 'running' ? { done: found } : { seen: 'its tag is not shown yet' },
    );
  }
}

/** @throws SwarmupError CONFIG_INVALID */
function checkNodeNames({ instanceType }: AwsConfig, { nodes }: Pick<Cluster, 'nodes'>): void {
  if (typeof instanceType === 'string') return;
  const names = nodes.map((node) => node.name);
  const unknown = Object.keys(instanceType.nodes).find((name) => !names.includes(name));
  if (unknown === undefined) return;
  throw new SwarmupError(
    'CONFIG_INVALID',
    `provider.instanceType.nodes names '${unknown}', which is not a node of the cluster`,
    {
      fix: adviceFor(unknown, names),
    },
  );
}

export async function createAwsProvider(config: AwsConfig, options: ProviderOptions): Promise<Provider> {
  checkNodeNames(config, options.cluster);
  const [api, priceOf] = await Promise.all([openEc2(config), readPrices(config.prices, options.cluster)]);
  return new AwsProvider(options, config, { api, priceOf });
}
