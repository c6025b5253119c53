import { dirname, join } from 'node:path';
import type { NodeSpec } from '../../config/model.ts';
import { addressIn } from '../../util/ipv4.ts';
import { removeInside } from '../../util/remove.ts';
import { created, step, updated, type Change } from '../../contracts/change.ts';
import { KeyedMutex } from '../../async/keyed-mutex.ts';
import { waitUntil } from '../../async/wait-until.ts';
import { identityFileOf } from '../cluster-key.ts';
import { waitForSsh } from '../wait-for-ssh.ts';
import type { Endpoint } from '../../contracts/endpoint.ts';
import type { Machine, Provider, ProviderIo, ProviderOptions } from '../../contracts/provider.ts';
import { SharedWork } from '../shared-work.ts';
import type { VirtualboxConfig } from './config.ts';
import { ended, vanished } from './errors.ts';
import { Inventory, uuidOf } from './inventory.ts';
import { configure, makeMachine, seedFile } from './machine.ts';
import { Manage } from './manage.ts';
import { HostOnlyNetwork } from './network.ts';
import { prepare, type Prepared } from './prepare.ts';

/** Images are imported, networks created and machines cloned one at a time, across all providers of a cluster. */
const mutex = new KeyedMutex();

const POWER_OFF_MS = 120_000;
/** The lower addresses belong to this computer and VirtualBox's DHCP server. */
const FIRST_ADDRESS = 11;

/** Virtual machines of VirtualBox: linked clones of an image, each with NAT and a host-only network. */
class VirtualboxProvider implements Provider {
  readonly #options: ProviderOptions;
  readonly #config: VirtualboxConfig;
  readonly #manage: Manage;
  readonly #inventory: Inventory;
  readonly #network: HostOnlyNetwork;
  readonly #prepared = new SharedWork<Prepared>();

  constructor(options: ProviderOptions, config: VirtualboxConfig, manage: Manage) {
    this.#options = options;
    this.#config = config;
    this.#manage = manage;
    this.#inventory = new Inventory(manage, options.cluster.name, identityFileOf(options.cluster));
    this.#network = new HostOnlyNetwork(manage, config.network);
  }

  get #root(): string {
    return dirname(this.#options.cluster.stateDir);
  }

  get #folder(): string {
    return join(this.#options.cluster.stateDir, 'machines');
  }

  list(signal: AbortSignal, names?: readonly string[]): Promise<readonly Machine[]> {
    return this.#inventory.list(signal, names);
  }

  plan(node: NodeSpec, machine: Machine | undefined): readonly Change[] {
    const own = ['machines', node.name];
    if (!machine) return [created(own)];
    if (machine.state === 'lost') return [updated(own, 'lost', 'running', { reason: 'it was never finished' })];
    return machine.state === 'stopped' ? [step(own, 'start')] : [];
  }

  async create(node: NodeSpec, io: ProviderIo): Promise<Machine> {
    const prepared = await this.#prepared.run(io, (shared) => this.#prepare(shared));
    const known = await this.#find(node.name, io.signal);
    if (known?.state === 'lost') await this.destroy(node.name, io);
    if (!known || known.state === 'lost') await this.#make(node, prepared, io);
    const machine = await this.#find(node.name, io.signal);
    if (!machine) throw vanished(node.name);
    if (machine.state === 'stopped') await this.#start(machine, prepared, io);
    await waitForSsh(
      {
        name: node.name,
        host: machine.address,
        port: 22,
        intervalMs: 500,
        clock: this.#options.clock,
        fix: `Check its screen in VirtualBox, in the group swarmup/${this.#options.cluster.name}.`,
        runs: async () => (await this.#find(node.name, io.signal))?.state === 'running',
        ended: () => ended(node.name),
      },
      io,
    );
    return (await this.#find(node.name, io.signal)) ?? machine;
  }

  async stop(name: string, io: ProviderIo): Promise<void> {
    const machine = await this.#find(name, io.signal);
    if (machine?.state !== 'running') return;
    io.report('powering off');
    await this.#run(`power ${name} off`, ['controlvm', uuidOf(machine) ?? name, 'acpipowerbutton'], io.signal);
    await this.#untilOff(name, io.signal);
  }

  async cutPower(name: string, io: ProviderIo): Promise<void> {
    const machine = await this.#find(name, io.signal);
    const uuid = uuidOf(machine);
    if (uuid === undefined || machine?.state === 'stopped') return;
    io.report('ending the machine');
    if (machine?.state === 'running')
      await this.#run(`cut ${name}'s power`, ['controlvm', uuid, 'poweroff'], io.signal);
    await this.#untilOff(name, io.signal);
  }

  async destroy(name: string, io: ProviderIo): Promise<void> {
    await this.cutPower(name, io);
    const uuid = uuidOf(await this.#find(name, io.signal));
    if (uuid !== undefined) await this.#run(`remove ${name}`, ['unregistervm', uuid, '--delete'], io.signal);
    await removeInside(this.#root, seedFile(this.#folder, name));
  }

  async destroyShared(io: ProviderIo): Promise<readonly string[]> {
    const others = await this.#inventory.addresses(io.signal);
    // Machines of other clusters may be in the same network.
    if (others.size === 0) await this.#network.remove(io.signal);
    await removeInside(this.#root, this.#folder);
    const left = await this.#inventory.list(io.signal);
    return left.map(({ name }) => `the machine ${name}`);
  }

  endpoint({ address }: Machine, port: number): Endpoint {
    return { host: address, port };
  }

  #prepare(io: ProviderIo): Promise<Prepared> {
    const [options, config, manage, network] = [this.#options, this.#config, this.#manage, this.#network];
    return mutex.take('prepare', () => prepare({ options, config, manage, network }, io));
  }

  async #make(node: NodeSpec, prepared: Prepared, io: ProviderIo): Promise<void> {
    const { cluster } = this.#options;
    const index = cluster.nodes.findIndex(({ name }) => name === node.name);
    io.report('cloning');
    // One at a time: cloning locks the image's machine, and an address must be noted before the next is chosen.
    await mutex.take('make', async () => {
      const taken = await this.#inventory.addresses(io.signal);
      let number = FIRST_ADDRESS + index;
      while (taken.has(addressIn(this.#config.network, number))) number += cluster.nodes.length;
      const address = addressIn(this.#config.network, number);
      const making = {
        cluster: cluster.name,
        node: node.name,
        config: this.#config,
        root: this.#root,
        folder: this.#folder,
        address,
      };
      await makeMachine(this.#manage, { ...making, ...prepared }, io.signal);
    });
  }

  async #start(machine: Machine, { hostOnly }: Prepared, io: ProviderIo): Promise<void> {
    io.report('starting');
    const { name } = machine;
    // The cluster file may have changed since, and the interface may have been recreated.
    await configure(
      this.#manage,
      { cluster: this.#options.cluster.name, node: name, config: this.#config, hostOnly },
      io.signal,
    );
    await this.#run(`start ${name}`, ['startvm', uuidOf(machine) ?? name, '--type=headless'], io.signal);
  }

  async #find(name: string, signal: AbortSignal): Promise<Machine | undefined> {
    return (await this.list(signal, [name]))[0];
  }

  async #untilOff(name: string, signal: AbortSignal): Promise<void> {
    await waitUntil({
      until: `${name} is off`,
      probe: async () => {
        const state = (await this.#find(name, signal))?.state;
        return state === 'running' ? { seen: 'it still runs' } : { done: undefined };
      },
      deadlineMs: POWER_OFF_MS,
      intervalMs: 500,
      signal,
      clock: this.#options.clock,
      fix: `End it in VirtualBox, or: VBoxManage controlvm swarmup-${this.#options.cluster.name}-${name} poweroff`,
    });
  }

  #run(what: string, argv: readonly string[], signal: AbortSignal): Promise<string> {
    return this.#manage.run(what, argv, signal);
  }
}

export async function createVirtualboxProvider(config: VirtualboxConfig, options: ProviderOptions): Promise<Provider> {
  const manage = await Manage.find(options.local, config.vboxManage, new AbortController().signal);
  return new VirtualboxProvider(options, config, manage);
}
