import { KeyedMutex } from '../../async/keyed-mutex.ts';
import { publishedPorts, publishedUdpPorts } from '../../config/selections.ts';
import type { NodeSpec } from '../../config/model.ts';
import type { ProviderIo, ProviderOptions } from '../../contracts/provider.ts';
import { messageOf } from '../../util/errors.ts';
import type { QemuConfig } from './config.ts';
import type { Inventory } from './inventory.ts';
import { SSH_PORT, type Layout } from './layout.ts';
import { makeMachine, type Made } from './make.ts';
import { guestPort, type GuestPort } from './forwards.ts';
import { Ports } from './ports.ts';
import type { Prepared } from './prepare.ts';
import { startQemu } from './process.ts';
import { writeRecord, type MachineRecord } from './record.ts';
import type { Hub } from './segment/hub.ts';
import { joinSegment } from './segment/join.ts';
import { segmentFor } from './segment/kind.ts';
import { becomeItself } from './state/become.ts';
import { States } from './state/states.ts';
import type { SavedState } from './state/store.ts';

/** Addresses and ports are allocated one at a time, across all providers of a cluster. */
const mutex = new KeyedMutex();

export interface StarterParts {
  readonly options: ProviderOptions;
  readonly config: QemuConfig;
  readonly layout: Layout;
  readonly inventory: Inventory;
  readonly hub: Hub;
  /** Removes what is left of an earlier machine. */
  readonly destroy: (name: string, io: ProviderIo) => Promise<void>;
}

/** Makes machines run: new ones from a saved state or from their disk, others from their disk. */
export class Starter {
  readonly #parts: StarterParts;
  readonly #ports: Ports;
  readonly #states: States;

  constructor(parts: StarterParts) {
    this.#parts = parts;
    this.#ports = new Ports(parts.layout, parts.inventory);
    this.#states = new States(parts.options, parts.config);
  }

  /** The guest ports that machines have to be reached at. */
  wantedPorts(): readonly GuestPort[] {
    const { cluster } = this.#parts.options;
    const udp = publishedUdpPorts(cluster).map((port) => guestPort(port, 'udp'));
    return [...[SSH_PORT, ...publishedPorts(cluster)].map((port) => guestPort(port, 'tcp')), ...udp];
  }

  /** A machine that exists: started if it doesn't run, connected to the others, with every port open. */
  async run(record: MachineRecord, prepared: Prepared, io: ProviderIo): Promise<MachineRecord> {
    const { inventory, layout } = this.#parts;
    const running = (await inventory.running()).has(record.name);
    if (!running) return this.#start(record, prepared, io);
    await joinSegment({ ...this.#parts, platform: prepared.tools.platform, signal: io.signal }, record.name);
    return mutex.take(layout.realm, () => this.#ports.open(record, this.wantedPorts()));
  }

  /** A new machine: restored from a saved state where that is wanted and works, else booted. */
  async create(node: NodeSpec, prepared: Prepared, io: ProviderIo): Promise<MachineRecord> {
    const state = await this.#states.stateFor(prepared, io);
    const made = await this.#make(node, prepared, state, io);
    if (!state) return this.#start(made.record, prepared, io);
    try {
      return await this.#restore(made, prepared, state, io);
    } catch (error) {
      if (io.signal.aborted || this.#parts.config.start === 'restore') throw error;
      await this.#states.discard(state, messageOf(error), io);
      const again = await this.#make(node, prepared, undefined, io);
      return this.#start(again.record, prepared, io);
    }
  }

  async #restore(made: Made, prepared: Prepared, state: SavedState, io: ProviderIo): Promise<MachineRecord> {
    const { options, layout } = this.#parts;
    const { guest } = made;
    const started = await this.#start(made.record, prepared, io, state);
    await becomeItself({ layout, guest, image: prepared.image, state, clock: options.clock, signal: io.signal });
    const { restoring: _done, ...record } = started;
    await writeRecord(layout, record);
    return record;
  }

  async #make(node: NodeSpec, prepared: Prepared, state: SavedState | undefined, io: ProviderIo): Promise<Made> {
    // Remains of a killed run, and a process whose files are gone.
    await this.#parts.destroy(node.name, io);
    return makeMachine({ ...this.#parts, mutex }, node, prepared, state, io);
  }

  async #start(record: MachineRecord, prepared: Prepared, io: ProviderIo, state?: SavedState): Promise<MachineRecord> {
    const { options, layout, inventory } = this.#parts;
    const { tools, accelerator } = prepared;
    io.report(state ? 'restoring' : 'starting');
    const started = await mutex.take(layout.realm, async () => {
      const forwards = await this.#ports.choose(record, this.wantedPorts(), 'stopped');
      const running = [...(await inventory.processes()).values()];
      const segment = segmentFor(
        running.map((one) => one.segment),
        tools.versionLine,
      );
      const chosen = { ...record, accelerator, forwards, segment };
      await writeRecord(layout, chosen);
      return chosen;
    });
    const { clock } = options;
    const memory = state ? { memory: state.memory } : {};
    const { platform } = tools;
    const { signal } = io;
    await startQemu({ layout, record: started, platform, clock, signal, ...memory });
    await joinSegment({ ...this.#parts, platform, signal }, record.name);
    return started;
  }
}
