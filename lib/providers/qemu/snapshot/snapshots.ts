import { lstat } from 'node:fs/promises';
import type { ProviderIo, ProviderOptions, Snapshot, SnapshotRequest, Snapshots } from '../../../contracts/provider.ts';
import { SwarmupError } from '../../../util/errors.ts';
import { cacheFolder, exists } from '../../../util/files.ts';
import { stepsInside } from '../../../util/inside.ts';
import { bytesOf } from '../../cache.ts';
import { addUser } from '../../users.ts';
import type { Inventory } from '../inventory.ts';
import type { Layout } from '../layout.ts';
import type { QemuTools } from '../packages.ts';
import type { GuestPort } from '../forwards.ts';
import { Ports } from '../ports.ts';
import { readRecord, type MachineRecord } from '../record.ts';
import type { Hub } from '../segment/hub.ts';
import { newestSegment } from '../segment/kind.ts';
import { makeSocketFolder } from '../sockets.ts';
import { connectAndSetClocks } from './clocks.ts';
import { unusable } from './fit.ts';
import { inspect, type Inspection } from './inspect.ts';
import { isPaused, resumeAll } from './pause.ts';
import { restoreMachines, rollBack } from './restore.ts';
import { saveMachines } from './save.ts';
import { savedFiles, SnapshotStore, type StoredSnapshot } from './store.ts';

export interface SnapshotParts {
  readonly options: ProviderOptions;
  readonly layout: Layout;
  readonly inventory: Inventory;
  readonly hub: Hub;
  readonly tools: (io: ProviderIo) => Promise<QemuTools>;
  /** The guest ports that clients need. */
  readonly guestPorts: () => readonly GuestPort[];
  /** Ends a machine at once. */
  readonly end: (name: string, io: ProviderIo) => Promise<void>;
}

/** Snapshots of QEMU machines, in the cluster's state folder: the memory of its nodes contains the swarm's keys. */
export class QemuSnapshots implements Snapshots {
  readonly #parts: SnapshotParts;
  readonly #store: SnapshotStore;

  constructor(parts: SnapshotParts) {
    this.#parts = parts;
    this.#store = new SnapshotStore(parts.layout);
  }

  async names(): Promise<readonly string[]> {
    return (await this.#store.all()).map(({ name }) => name);
  }

  async list(nodes: readonly string[], io: ProviderIo): Promise<readonly Snapshot[]> {
    const stored = await this.#store.all();
    if (stored.length === 0) return [];
    const tools = await this.#parts.tools(io);
    const all = await Promise.all(stored.map(async (one) => described(one, await this.#inspect(one, nodes, tools))));
    return all.toSorted((a, b) => a.takenAt.localeCompare(b.takenAt));
  }

  async save(request: SnapshotRequest, io: ProviderIo): Promise<number> {
    const { layout, inventory, options } = this.#parts;
    const store = this.#store;
    const folder = store.folder(request.name);
    await this.repair(io);
    const records = await this.#runningRecords(request.nodes);
    const tools = await this.#parts.tools(io);
    await store.begin(store.saving);
    try {
      const saving = { layout, inventory, store, tools, clock: options.clock, records };
      const { manifest, pausedMs } = await saveMachines(saving, request, io);
      for (const record of records) await this.#noteUse(record, savedFiles(folder, record.name).record);
      await store.publish(request.name, manifest);
      return pausedMs;
    } catch (error) {
      await this.#endSaving();
      throw error;
    }
  }

  async restore(name: string, nodes: readonly string[], io: ProviderIo): Promise<void> {
    const { layout, inventory, hub, options, guestPorts } = this.#parts;
    const store = this.#store;
    await this.repair(io);
    const tools = await this.#parts.tools(io);
    const { records, misfit } = await this.#inspect(await store.find(name), nodes, tools);
    if (misfit) throw unusable(name, misfit);
    await makeSocketFolder(layout.socketFolders);
    const restoring = {
      layout,
      inventory,
      hub,
      store,
      platform: tools.platform,
      segment: newestSegment(tools.versionLine),
      ports: new Ports(layout),
      clock: options.clock,
      records,
      guestPorts: guestPorts(),
      end: (node: string) => this.#end(node, io),
    };
    await restoreMachines(restoring, name, io);
    for (const record of records) await this.#noteUse(record, layout.record(record.name));
  }

  async remove(name: string): Promise<void> {
    await this.#store.discard((await this.#store.find(name)).folder);
  }

  async repair(io: ProviderIo): Promise<void> {
    const { layout } = this.#parts;
    const store = this.#store;
    if (!(await store.exists())) return;
    if (await exists(store.saving)) {
      const resumed = await this.#endSaving();
      if (resumed.length > 0) await this.#afterPause(resumed, io);
    }
    if (await exists(store.restoring)) {
      await rollBack({ layout, store, end: (name) => this.#end(name, io) });
      io.warn('a run was killed while it restored a snapshot: the machines are as they were before, powered off');
    }
    await store.tidy();
  }

  /** Also after an interrupt: what is replaced must have ended before its folder is. */
  #end(name: string, { warn }: ProviderIo): Promise<void> {
    const { signal } = new AbortController();
    return this.#parts.end(name, { signal, warn, report: () => undefined });
  }

  async #afterPause(records: readonly MachineRecord[], io: ProviderIo): Promise<void> {
    const { layout, options } = this.#parts;
    const names = records
      .map(({ name }) => name)
      .toSorted()
      .join(', ');
    io.warn(`a run was killed while it saved a snapshot, and left machines paused: ${names} run again`);
    await connectAndSetClocks({ layout, signal: io.signal }, records, options.clock);
  }

  /** Lets machines run that are paused because they were being saved, and removes what was saved. @returns the machines */
  async #endSaving(): Promise<readonly MachineRecord[]> {
    const { layout, inventory, options } = this.#parts;
    const paused: MachineRecord[] = [];
    for (const name of (await inventory.running()).keys()) {
      const record = await readRecord(layout, name);
      // Without an identity of its own it must not run; it is recreated.
      if (record && !record.restoring && (await isPaused(inventory, name))) paused.push(record);
    }
    await resumeAll(
      inventory,
      paused.map(({ name }) => name),
      options.clock,
    );
    await this.#store.discard(this.#store.saving);
    return paused;
  }

  /** The records of all nodes. @throws SwarmupError USAGE unless the machines of these nodes run, and no others */
  async #runningRecords(nodes: readonly string[]): Promise<readonly MachineRecord[]> {
    const { layout, inventory } = this.#parts;
    const running = [...(await inventory.running()).keys()];
    const records = await Promise.all(nodes.map((name) => readRecord(layout, name)));
    const off = nodes.filter((name, i) => !running.includes(name) || !records[i] || records[i].restoring);
    if (off.length > 0)
      throw new SwarmupError('USAGE', `every machine has to run for a snapshot, and ${off.join(', ')} is off`, {
        fix: "Run 'swarmup up' first.",
      });
    const others = running.filter((name) => !nodes.includes(name));
    if (others.length > 0)
      throw new SwarmupError('USAGE', `the cluster has a machine that its file doesn't name: ${others.join(', ')}`, {
        fix: "Run 'swarmup up --prune', which removes it, or name it in the file.",
      });
    return records.filter((record) => record !== undefined);
  }

  #inspect(stored: StoredSnapshot, nodes: readonly string[], tools: QemuTools): Promise<Inspection> {
    const { layout, options } = this.#parts;
    const { versionLine: qemu, platform } = tools;
    const present = { qemu, arch: platform.arch, nodes, now: options.clock.now() };
    return inspect(stored, { layout, platform, present });
  }

  /** Keeps what is below a machine's disk in the cache. @param path the record that says so */
  async #noteUse({ boot, state }: MachineRecord, path: string): Promise<void> {
    const cache = cacheFolder(this.#parts.options.env);
    for (const used of [boot.disk, state])
      if (used !== undefined && stepsInside(cache, used)) await addUser(used, path);
  }
}

async function described({ name, folder }: StoredSnapshot, { manifest, misfit }: Inspection): Promise<Snapshot> {
  const { usableUntil } = manifest ?? {};
  return {
    name,
    takenAt: manifest?.takenAt ?? (await lstat(folder)).mtime.toISOString(),
    machines: (manifest?.machines ?? []).map((machine) => machine.name),
    bytes: await bytesOf(folder),
    ...(usableUntil === undefined ? {} : { usableUntil }),
    ...(misfit ? { unusable: misfit.why } : {}),
  };
}
