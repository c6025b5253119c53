import type { NodeSpec } from '../../config/model.ts';
import { SwarmupError } from '../../errors.ts';
import type { Change } from '../../task.ts';
import { waitUntil, type Probe } from '../../wait.ts';
import { clusterKey, identityFileOf } from '../cluster-key.ts';
import type { Endpoint, Machine, Price, Provider, ProviderIo, ProviderOptions, SharedThings } from '../provider.ts';
import { SingleFlight } from '../../single-flight.ts';
import { openEc2, type Ec2Api } from './api.ts';
import type { AwsConfig } from './config.ts';
import { isEc2 } from './errors.ts';
import { readHostKey } from './host-key.ts';
import { labelOf } from './image.ts';
import { PUBLICATIONS } from './image-names.ts';
import { asAws, Inventory, type AwsMachine } from './inventory.ts';
import { launch } from './launch.ts';
import { removeShared } from './leftovers.ts';
import { typeOf } from './placement.ts';
import { readPrices, type PriceOf } from './prices.ts';
import { AwsShared } from './shared.ts';
import { survey, type Survey } from './survey.ts';
import { TAG } from './tags.ts';

/** How long a machine may take from one state to the next, in milliseconds. */
const TRANSITION_MS = 600_000;
const POLL_MS = 1_000;

/** Machines on AWS EC2. All that is known of them is in their tags: any computer with the same credentials finds them. */
class AwsProvider implements Provider {
  readonly #options: ProviderOptions;
  readonly #config: AwsConfig;
  readonly #api: Ec2Api;
  readonly #priceOf: PriceOf;
  readonly #inventory: Inventory;
  readonly #surveys = new SingleFlight<Survey>();
  readonly #shared: AwsShared;
  readonly #identityFile: string;

  constructor(options: ProviderOptions, config: AwsConfig, { api, priceOf }: { api: Ec2Api; priceOf: PriceOf }) {
    this.#options = options;
    this.#priceOf = priceOf;
    this.#config = config;
    this.#api = api;
    this.#identityFile = identityFileOf(options.cluster);
    this.#inventory = new Inventory(api, options, config, this.#identityFile);
    this.#shared = new AwsShared({
      api,
      config,
      cluster: options.cluster,
      inventory: this.#inventory,
      identityFile: this.#identityFile,
      survey: (io) => this.#survey(io),
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
    if (!machine) return [{ action: 'create', summary: `machine ${node.name}: ${type}, ${image}` }];
    const { state, doubles, rented, image: was = image } = asAws(machine);
    const differs = [
      ...(rented.type === type ? [] : [`${rented.type} → ${type}`]),
      ...(was === image ? [] : [`${was} → ${image}`]),
    ];
    return [
      ...(state === 'stopped' ? [{ action: 'run' as const, summary: `start machine ${node.name}` }] : []),
      ...(state === 'starting' ? [{ action: 'run' as const, summary: `wait for machine ${node.name}` }] : []),
      ...doubles.map((id) => ({ action: 'remove' as const, summary: `second machine of ${node.name} (${id})` })),
      ...(differs.length > 0
        ? [{ action: 'update' as const, replace: true, summary: `machine ${node.name}: ${differs.join(', ')}` }]
        : []),
    ];
  }

  async create(node: NodeSpec, io: ProviderIo): Promise<Machine> {
    await clusterKey(this.#identityFile, this.#options.cluster.name);
    const [known] = await this.#inventory.list(io.signal, [node.name]);
    const launched = known ? undefined : await this.#launch(node, io);
    await this.#removeDoubles(node.name, io);
    const running = await this.#untilRunning(node.name, launched, io);
    return running.ssh.hostKey ? running : this.#learnHostKey(running, io);
  }

  async stop(name: string, io: ProviderIo): Promise<void> {
    await this.#stop(name, false, io);
  }

  async cutPower(name: string, io: ProviderIo): Promise<void> {
    await this.#stop(name, true, io);
  }

  async destroy(name: string, io: ProviderIo): Promise<void> {
    const [machine] = await this.#inventory.list(io.signal, [name]);
    if (!machine) return;
    io.report('terminating');
    await this.#terminate([machine.rented.id, ...machine.doubles], io);
    await this.#until(name, 'is gone', io, (found) =>
      found ? { seen: `terminating (${found.phase})` } : { done: undefined },
    );
  }

  destroyShared(io: ProviderIo): Promise<readonly string[]> {
    const { cluster, clock } = this.#options;
    return removeShared({ api: this.#api, inventory: this.#inventory, cluster, clock }, io);
  }

  endpoint({ ssh }: Machine, port: number): Endpoint {
    return { host: ssh.host, port };
  }

  price(node: NodeSpec): Price | undefined {
    return this.#priceOf(typeOf(this.#config, node));
  }

  #survey(io: ProviderIo): Promise<Survey> {
    const { image } = this.#config;
    const warning = typeof image === 'string' ? PUBLICATIONS[image].warning : undefined;
    if (warning) io.warn(warning);
    return this.#surveys.run('survey', () => {
      io.report('looking up subnets, instance types and images');
      return survey(this.#api, this.#options.cluster, this.#config, io.signal);
    });
  }

  async #launch(node: NodeSpec, io: ProviderIo): Promise<string | undefined> {
    const { cluster, clock } = this.#options;
    const [ground, group] = await Promise.all([this.#survey(io), this.#shared.group(io.signal)]);
    const choice = ground.choose(node);
    const tools = { api: this.#api, inventory: this.#inventory, clock };
    return launch({ cluster, config: this.#config, node, choice, group }, tools, io);
  }

  /** Two runs that didn't see each other may each have made one: the older stays. */
  async #removeDoubles(name: string, io: ProviderIo): Promise<void> {
    const [machine] = await this.#inventory.list(io.signal, [name]);
    if (!machine || machine.doubles.length === 0) return;
    io.warn(`${name} has a second machine (${machine.doubles.join(', ')}), which is taken away`);
    await this.#terminate(machine.doubles, io);
  }

  async #untilRunning(name: string, launched: string | undefined, io: ProviderIo): Promise<AwsMachine> {
    let asked = false;
    return this.#until(name, 'runs and has an address', io, async (machine) => {
      if (!machine) {
        const reason = launched && (await this.#inventory.endOf(launched, io.signal));
        if (reason === undefined) return { seen: 'not shown by EC2 yet' };
        throw ended(name, reason);
      }
      if (machine.phase === 'running' && machine.ssh.host && machine.address) return { done: machine };
      if (machine.phase === 'stopped' && !asked) {
        asked = true;
        io.report('starting');
        await this.#start(machine, io);
      }
      return { seen: machine.phase === 'running' ? 'no address yet' : machine.phase };
    });
  }

  async #start({ rented }: AwsMachine, io: ProviderIo): Promise<void> {
    await this.#api.StartInstances({ InstanceIds: [rented.id] }, io.signal);
    this.#inventory.changed();
  }

  async #learnHostKey(machine: AwsMachine, io: ProviderIo): Promise<AwsMachine> {
    const { name, rented } = machine;
    const key = await readHostKey(this.#api, machine, this.#options.clock, io);
    await this.#api.CreateTags({ Resources: [rented.id], Tags: [{ Key: TAG.hostKey, Value: key }] }, io.signal);
    this.#inventory.changed();
    return this.#until(name, 'carries its host key', io, (found) =>
      found?.state === 'running' ? { done: found } : { seen: 'its tag is not shown yet' },
    );
  }

  async #stop(name: string, force: boolean, io: ProviderIo): Promise<void> {
    const [machine] = await this.#inventory.list(io.signal, [name]);
    if (!machine || machine.phase === 'stopped') return;
    if (machine.spot) {
      throw new SwarmupError('CLOUD_INVALID', `${name} is a one-time spot instance, which EC2 can't stop`, {
        fix: "'swarmup down' takes it away; with provider.spot: none its successor can be stopped.",
      });
    }
    if (machine.phase !== 'stopping') {
      io.report(force ? 'cutting its power' : 'powering off');
      const how = force ? { Force: true, SkipOsShutdown: true } : {};
      await this.#api.StopInstances({ InstanceIds: [machine.rented.id], ...how }, io.signal);
      this.#inventory.changed();
    }
    await this.#until(name, 'is off', io, (found) =>
      !found || found.phase === 'stopped' ? { done: undefined } : { seen: found.phase },
    );
  }

  async #terminate(ids: readonly string[], io: ProviderIo): Promise<void> {
    try {
      await this.#api.TerminateInstances({ InstanceIds: [...ids] }, io.signal);
    } catch (error) {
      // Listed a moment ago and gone since: that is what was wanted.
      if (!isEc2(error, 'InvalidInstanceID.NotFound')) throw error;
    }
    this.#inventory.changed();
  }

  /** Waits for a state of a machine; all who wait share EC2's answers. */
  #until<T>(
    name: string,
    what: string,
    io: ProviderIo,
    judge: (machine: AwsMachine | undefined) => Probe<T> | Promise<Probe<T>>,
  ): Promise<T> {
    return waitUntil({
      until: `${name} ${what}`,
      probe: async () => judge((await this.#inventory.list(io.signal, [name]))[0]),
      deadlineMs: TRANSITION_MS,
      intervalMs: POLL_MS,
      signal: io.signal,
      clock: this.#options.clock,
      fix: 'Look at it in the EC2 console, then run again: what is there is kept.',
      onSeen: (seen) => io.report(seen),
    });
  }
}

function ended(name: string, reason: string): SwarmupError {
  return new SwarmupError('MACHINE_FAILED', `EC2 terminated ${name}'s new machine: ${reason}`, {
    fix: 'Correct what EC2 names (a key for encryption, a limit on volumes, the image), then run again.',
  });
}

export async function createAwsProvider(options: ProviderOptions): Promise<Provider> {
  // eslint-disable-next-line typescript/no-unsafe-type-assertion -- validated by awsConfig when the file was read
  const config = options.cluster.provider.config as AwsConfig;
  const [api, priceOf] = await Promise.all([openEc2(config), readPrices(config.prices, options.cluster)]);
  return new AwsProvider(options, config, { api, priceOf });
}
