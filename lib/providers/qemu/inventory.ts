import { ownProcesses } from '../../remote/processes.ts';
import type { LocalCommands } from '../../contracts/local-commands.ts';
import type { SshEndpoint } from '../../contracts/endpoint.ts';
import type { Machine } from '../../contracts/provider.ts';
import { SEGMENT, SSH_PORT, type Layout } from './layout.ts';
import { readRecord, recordedNames, type MachineRecord } from './record.ts';

/** The names of QEMU's system emulators: qemu-system-x86_64, and .qemu-system-x86_64-wrapped if a script starts it. */
const QEMU = /^\.?qemu-system-/;

/** A machine of this provider, with its port forwards on loopback. */
export interface QemuMachine extends Machine {
  /** Guest port to loopback port. */
  readonly forwards: Readonly<Record<string, number>>;
}

/** The machines: records on disk, and processes with the cluster's mark. */
export class Inventory {
  readonly #layout: Layout;
  readonly #local: LocalCommands;

  constructor(layout: Layout, local: LocalCommands) {
    this.#layout = layout;
    this.#local = local;
  }

  async list(names?: readonly string[]): Promise<readonly QemuMachine[]> {
    const running = await this.running();
    const all = [...new Set([...(await recordedNames(this.#layout)), ...running.keys()])];
    const wanted = all.filter((name) => names?.includes(name) ?? true);
    const machines = await Promise.all(wanted.map((name) => this.#machine(name, running.has(name))));
    return machines.filter((machine) => machine !== undefined);
  }

  /** The process of each running machine of this cluster, found by its mark. */
  async running(): Promise<ReadonlyMap<string, number>> {
    const processes = await ownProcesses(QEMU, this.#local);
    return new Map(
      processes.flatMap(({ pid, argv }) => {
        const node = this.#layout.nodeOf(argv);
        return node === undefined ? [] : [[node, pid] as const];
      }),
    );
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

  async #machine(name: string, running: boolean): Promise<QemuMachine | undefined> {
    const record = await readRecord(this.#layout, name);
    const usable = record && !record.restoring;
    if (!usable && !running) return undefined;
    return {
      name,
      state: usable ? (running ? 'running' : 'stopped') : 'lost',
      address: record?.address ?? '',
      forwards: record?.forwards ?? {},
      ssh: sshOf(this.#layout, record),
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
