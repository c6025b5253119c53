import type { LocalCommands } from '../../contracts/local-commands.ts';
import type { SshEndpoint } from '../../contracts/endpoint.ts';
import type { Machine } from '../../contracts/provider.ts';
import { qmpSocketIn, segmentIn } from './arguments.ts';
import { SEGMENT, SSH_PORT, type Layout } from './layout.ts';
import { qemuProcesses } from './processes.ts';
import { readRecord, recordedNames, type MachineRecord } from './record.ts';
import type { Hub } from './segment/hub.ts';
import type { SegmentKind } from './segment/kind.ts';
import { checkedSocket } from './sockets.ts';

/** A machine of this provider, with its port forwards on loopback. */
export interface QemuMachine extends Machine {
  /** Guest port to loopback port. */
  readonly forwards: Readonly<Record<string, number>>;
}

/** A machine's process. Its arguments, not its record, say what it was started with. */
interface MachineProcess {
  readonly pid: number;
  readonly qmpSocket: string;
  readonly segment: SegmentKind;
  /** Where it listens for the hub, if it is of that kind. */
  readonly segmentSocket: string;
}

/** The machines: records on disk, and processes with the cluster's mark. */
export class Inventory {
  readonly #layout: Layout;
  readonly #local: LocalCommands;
  readonly #hub: Pick<Hub, 'connected'> | undefined;

  /** @param hub tells which machines are cut off from the others; without it, none is */
  constructor(layout: Layout, local: LocalCommands, hub?: Pick<Hub, 'connected'>) {
    this.#layout = layout;
    this.#local = local;
    this.#hub = hub;
  }

  async list(names?: readonly string[]): Promise<readonly QemuMachine[]> {
    const processes = await this.processes();
    const all = [...new Set([...(await recordedNames(this.#layout)), ...processes.keys()])];
    const wanted = all.filter((name) => names?.includes(name) ?? true);
    const onHub = wanted.filter((name) => processes.get(name)?.segment === 'hub');
    const connected = onHub.length > 0 ? await this.#hub?.connected() : undefined;
    const cutOff = new Set(connected && onHub.filter((name) => !connected.has(name)));
    const machines = await Promise.all(wanted.map((name) => this.#machine(name, processes.has(name), cutOff)));
    return machines.filter((machine) => machine !== undefined);
  }

  /** The process ID of each running machine of this cluster. */
  async running(): Promise<ReadonlyMap<string, number>> {
    return new Map([...(await this.processes())].map(([name, { pid }]) => [name, pid]));
  }

  /** The process of each running machine of this cluster, found by its mark. */
  async processes(): Promise<ReadonlyMap<string, MachineProcess>> {
    const layout = this.#layout;
    return new Map(
      (await qemuProcesses(this.#local)).flatMap(({ pid, argv }): [string, MachineProcess][] => {
        const node = layout.nodeOf(argv);
        if (node === undefined) return [];
        const { kind: segment, socket: segmentSocket = layout.segmentSocket(node) } = segmentIn(argv);
        return [[node, { pid, segment, segmentSocket, qmpSocket: qmpSocketIn(argv) ?? layout.qmpSocket(node) }]];
      }),
    );
  }

  /** The QMP socket of a machine. @throws SwarmupError PATH_UNSAFE when another user could have put it there */
  async qmpSocket(name: string): Promise<string> {
    return checkedSocket((await this.processes()).get(name)?.qmpSocket ?? this.#layout.qmpSocket(name));
  }

  /** The address for a position in the list of nodes, or the next free one. */
  async freeAddress(index: number, step: number): Promise<string> {
    const records = await Promise.all(
      (await recordedNames(this.#layout)).map((name) => readRecord(this.#layout, name)),
    );
    const taken = new Set(records.map((record) => record?.address));
    let last = SEGMENT.first + index;
    while (taken.has(`${SEGMENT.base}${last}`)) last += step;
    return `${SEGMENT.base}${last}`;
  }

  async #machine(name: string, running: boolean, cutOff: ReadonlySet<string>): Promise<QemuMachine | undefined> {
    const record = await readRecord(this.#layout, name);
    const usable = record && !record.restoring;
    if (!usable && !running) return undefined;
    return {
      name,
      state: usable ? (running ? 'running' : 'stopped') : 'lost',
      address: record?.address ?? '',
      forwards: record?.forwards ?? {},
      ssh: sshOf(this.#layout, record),
      ...(cutOff.has(name) ? { cutOff: true } : {}),
    };
  }
}

/** How to log in to a machine. Without a record nothing leads there. */
export function sshOf(layout: Layout, record: MachineRecord | undefined): SshEndpoint {
  return {
    host: '127.0.0.1',
    port: record?.forwards[String(SSH_PORT)] ?? 0,
    user: 'root',
    identityFiles: [layout.identityFile],
    hostKey: record?.hostKey ?? '',
  };
}

/** A machine's forwarded ports; none for a machine that isn't of this provider. */
export function forwardsOf(machine: Machine): Readonly<Record<string, number>> {
  return 'forwards' in machine && typeof machine.forwards === 'object' ? { ...machine.forwards } : {};
}
