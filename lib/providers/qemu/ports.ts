import { monitor, qmp } from '../../remote/qmp.ts';
import { portIsFree, udpPortIsFree } from '../../remote/sockets.ts';
import { SwarmupError } from '../../util/errors.ts';
import { hostForward, protocolOf, type GuestPort } from './forwards.ts';
import type { Inventory } from './inventory.ts';
import type { Layout } from './layout.ts';
import { readRecord, recordedNames, writeRecord, type MachineRecord } from './record.ts';

const FIRST = 20_000;
const LAST = 29_999;

/** Loopback ports for the machines of a cluster. */
export class Ports {
  readonly #layout: Layout;
  readonly #inventory: Pick<Inventory, 'qmpSocket'> | undefined;

  /** @param inventory finds the machines that run; only `open` needs it */
  constructor(layout: Layout, inventory?: Pick<Inventory, 'qmpSocket'>) {
    this.#layout = layout;
    this.#inventory = inventory;
  }

  /**
   * A loopback port for each guest port: the previous one, else a free one. A powered-off machine doesn't hold its
   * ports, so another program may have taken one; then it gets another. The choice must be in the machine's record
   * before ports are chosen for the next machine.
   */
  async choose(
    record: MachineRecord,
    guestPorts: readonly GuestPort[],
    state: 'running' | 'stopped',
  ): Promise<Record<string, number>> {
    const others = await this.#takenByOthers(record.name);
    const chosen: Record<string, number> = {};
    for (const guest of guestPorts) {
      const had = record.forwards[guest];
      const protocol = protocolOf(guest);
      const keep = had !== undefined && (state === 'running' || (await isFree(had, protocol)));
      const port = keep ? had : await free(this.#layout.preferredPort(record.name, guest), protocol, others);
      others.add(port);
      chosen[guest] = port;
    }
    return chosen;
  }

  /** Opens the guest ports that a running machine lacks. @throws SwarmupError MACHINE_FAILED */
  async open(record: MachineRecord, guestPorts: readonly GuestPort[]): Promise<MachineRecord> {
    const forwards = await this.choose(record, guestPorts, 'running');
    const added = Object.entries(forwards).filter(([guest]) => record.forwards[guest] === undefined);
    if (added.length === 0) return record;
    const commands = added.map(([guest, local]) => monitor(`hostfwd_add uplink ${hostForward(guest, local)}`));
    const socket = (await this.#inventory?.qmpSocket(record.name)) ?? this.#layout.qmpSocket(record.name);
    const answers = await qmp(socket, commands);
    const problem = answers.map(String).find((answer) => answer.trim() !== '');
    if (problem !== undefined) {
      throw new SwarmupError('MACHINE_FAILED', `${record.name}: QEMU can't open a port: ${problem.trim()}`, {
        fix: 'Run again: it chooses another free port.',
      });
    }
    const opened = { ...record, forwards: { ...record.forwards, ...forwards } };
    await writeRecord(this.#layout, opened);
    return opened;
  }

  async #takenByOthers(node: string): Promise<Set<number>> {
    const names = (await recordedNames(this.#layout)).filter((name) => name !== node);
    const records = await Promise.all(names.map((name) => readRecord(this.#layout, name)));
    return new Set(records.flatMap((record) => Object.values(record?.forwards ?? {})));
  }
}

const isFree = (port: number, protocol: 'tcp' | 'udp'): Promise<boolean> =>
  protocol === 'udp' ? udpPortIsFree(port) : portIsFree(port);

async function free(preferred: number, protocol: 'tcp' | 'udp', taken: ReadonlySet<number>): Promise<number> {
  let port = preferred;
  while (taken.has(port) || !(await isFree(port, protocol))) port = port >= LAST ? FIRST : port + 1;
  return port;
}
