import { portIsFree } from '../../remote/sockets.ts';
import { readRecord, recordedNames, type MachineRecord } from './record.ts';
import type { Layout } from './layout.ts';

/** Loopback ports for the machines of a cluster. */
export class Ports {
  readonly #layout: Layout;
  /** Ports given to machines that haven't started yet. */
  readonly #reserved = new Map<number, string>();

  constructor(layout: Layout) {
    this.#layout = layout;
  }

  /** A loopback port for each guest port: the one it had if that is still free or its own, else a free one. */
  async choose(record: MachineRecord, guestPorts: readonly number[]): Promise<Record<string, number>> {
    const others = await this.#takenByOthers(record.name);
    const chosen: Record<string, number> = {};
    for (const guest of guestPorts) {
      const had = record.forwards[String(guest)];
      chosen[String(guest)] = had ?? (await this.#free(record.name, guest, others));
    }
    return chosen;
  }

  async #free(node: string, guest: number, others: ReadonlySet<number>): Promise<number> {
    let port = this.#layout.preferredPort(node, guest);
    for (;;) {
      if (!others.has(port) && !this.#reserved.has(port)) {
        this.#reserved.set(port, node);
        if (await portIsFree(port)) return port;
      }
      port = port >= 29_999 ? 20_000 : port + 1;
    }
  }

  async #takenByOthers(node: string): Promise<Set<number>> {
    const names = (await recordedNames(this.#layout)).filter((name) => name !== node);
    const records = await Promise.all(names.map((name) => readRecord(this.#layout, name)));
    return new Set(records.flatMap((record) => Object.values(record?.forwards ?? {})));
  }
}
