import { dirname } from 'node:path';
import type { NodeSpec } from '../../config/model.ts';
import { SwarmupError } from '../../util/errors.ts';
import { cacheFolder } from '../../util/files.ts';
import { endProcess, untilEnded } from '../../remote/processes.ts';
import { qmp } from '../../remote/qmp.ts';
import { created, step, updated, type Change } from '../../contracts/change.ts';
import { removeInside } from '../../util/remove.ts';
import type { Endpoint } from '../../contracts/endpoint.ts';
import type { Machine, Provider, ProviderIo, ProviderOptions, Snapshots } from '../../contracts/provider.ts';
import type { QemuConfig } from './config.ts';
import { forwardsOf, Inventory } from './inventory.ts';
import { guestPort } from './forwards.ts';
import { untilAnswers } from './answering.ts';
import { Layout } from './layout.ts';
import { prepare, toolsOf, type Prepared } from './prepare.ts';
import { readRecord } from './record.ts';
import { QemuSnapshots } from './snapshot/snapshots.ts';
import { Hub } from './segment/hub.ts';
import { removeSocketFolders, removeSockets } from './sockets.ts';
import { Starter } from './start.ts';
import { SharedWork } from '../shared-work.ts';

const POWER_OFF_MS = 120_000;
const KILL_MS = 20_000;

/** Virtual machines on this computer. No root is needed: the network is QEMU's own, and all files are the user's. */
class QemuProvider implements Provider {
  readonly #options: ProviderOptions;
  readonly #config: QemuConfig;
  readonly #layout: Layout;
  readonly #hub: Hub;
  readonly #inventory: Inventory;
  readonly #prepared = new SharedWork<Prepared>();
  readonly #starter: Starter;
  readonly snapshots: Snapshots;

  constructor(options: ProviderOptions, config: QemuConfig) {
    this.#options = options;
    this.#config = config;
    const layout = new Layout(options.cluster, options.env);
    this.#layout = layout;
    this.#hub = new Hub({ layout, local: options.local, clock: options.clock });
    this.#inventory = new Inventory(layout, options.local, this.#hub);
    const destroy = (name: string, io: ProviderIo) => this.destroy(name, io);
    const parts = { options, layout, inventory: this.#inventory, hub: this.#hub };
    this.#starter = new Starter({ ...parts, config, destroy });
    this.snapshots = new QemuSnapshots({
      ...parts,
      tools: (io) => toolsOf(options, io),
      guestPorts: () => this.#starter.wantedPorts(),
      end: (name, io) => this.cutPower(name, io),
    });
  }

  list(_signal: AbortSignal, names?: readonly string[]): Promise<readonly Machine[]> {
    return this.#inventory.list(names);
  }

  plan(node: NodeSpec, machine: Machine | undefined): Change[] {
    const own = ['machines', node.name];
    if (!machine) return [created(own)];
    if (machine.state === 'lost') return [updated(own, 'lost', 'running', { reason: 'its files are gone' })];
    if (machine.state === 'stopped') return [step(own, 'start')];
    const cutOff = machine.cutOff ? [step([...own, 'segment'], 'connect')] : [];
    const missing = this.#starter.wantedPorts().filter((port) => forwardsOf(machine)[port] === undefined);
    return [...cutOff, ...missing.map((port) => updated([...own, 'ports', port], undefined, 'open'))];
  }

  async create(node: NodeSpec, io: ProviderIo): Promise<Machine> {
    const cache = cacheFolder(this.#options.env);
    const provider = (options: ProviderOptions, config: QemuConfig) => new QemuProvider(options, config);
    const preparation = { options: this.#options, config: this.#config, layout: this.#layout, cache, provider };
    const prepared = await this.#prepared.run(io, (shared) => prepare(preparation, shared));
    const known = await readRecord(this.#layout, node.name);
    const record =
      known && !known.restoring
        ? await this.#starter.run(known, prepared, io)
        : await this.#starter.create(node, prepared, io);
    const answering = { layout: this.#layout, inventory: this.#inventory, clock: this.#options.clock };
    await untilAnswers(answering, record, io);
    const [machine] = await this.#inventory.list([node.name]);
    if (machine) return machine;
    throw new SwarmupError('MACHINE_FAILED', `the files of ${node.name} disappeared while it started`, {
      fix: 'Check whether another run is working on this cluster, then run again.',
    });
  }

  async stop(name: string, io: ProviderIo): Promise<void> {
    const pid = (await this.#inventory.running()).get(name);
    if (pid === undefined) return;
    io.report('powering off');
    await qmp(await this.#inventory.qmpSocket(name), [{ execute: 'system_powerdown' }]);
    await this.#untilGone(name, pid, POWER_OFF_MS, io.signal);
  }

  async cutPower(name: string, io: ProviderIo): Promise<void> {
    const pid = (await this.#inventory.running()).get(name);
    if (pid === undefined) return;
    io.report('ending the machine');
    endProcess(pid, 'SIGKILL');
    await this.#untilGone(name, pid, KILL_MS, io.signal);
  }

  async destroy(name: string, io: ProviderIo): Promise<void> {
    // Its disk is removed next, so nothing has to be written back.
    await this.cutPower(name, io);
    await removeInside(this.#layout.root, this.#layout.dir(name));
    await removeSockets(this.#layout.socketsOf(name));
  }

  async destroyShared({ signal }: ProviderIo): Promise<readonly string[]> {
    await this.#hub.end(signal);
    await removeSocketFolders(this.#layout.socketFolders);
    await removeInside(this.#layout.root, dirname(this.#layout.identityFile));
    await removeInside(this.#layout.root, this.#layout.machines);
    return [...(await this.#inventory.running())].map(([name, pid]) => `the machine ${name} (process ${pid})`);
  }

  endpoint(machine: Machine, port: number, protocol: 'tcp' | 'udp' = 'tcp'): Endpoint {
    const guest = guestPort(port, protocol);
    const local = forwardsOf(machine)[guest];
    if (local !== undefined) return { host: '127.0.0.1', port: local };
    throw new SwarmupError('MACHINE_FAILED', `port ${guest} of ${machine.name} is not open on this computer`, {
      fix: "Run 'swarmup up': it opens the ports that services and stacks publish.",
    });
  }

  async #untilGone(name: string, pid: number, deadlineMs: number, signal: AbortSignal): Promise<void> {
    await untilEnded({ pid, what: `the machine ${name}`, deadlineMs, clock: this.#options.clock, signal });
    // The last machine to go needs no hub any more.
    await this.#hub.end(signal, async () => (await this.#inventory.running()).size > 0);
  }
}

export function createQemuProvider(config: QemuConfig, options: ProviderOptions): Promise<Provider> {
  return Promise.resolve(new QemuProvider(options, config));
}
