import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { userInfo } from 'node:os';
import envPaths from 'env-paths';
import { publishedPorts, type NodeSpec } from '../../config/model.ts';
import { SwarmupError } from '../../errors.ts';
import { endProcess, findProcesses, isAlive } from '../../remote/processes.ts';
import { monitor, qmp } from '../../remote/qmp.ts';
import { readBanner } from '../../remote/sockets.ts';
import { SingleFlight } from '../../single-flight.ts';
import type { Change } from '../../task.ts';
import { waitUntil } from '../../wait.ts';
import type { Endpoint, Machine, Provider, ProviderIo, ProviderOptions } from '../provider.ts';
import { chooseAccelerator, type Accelerator } from './accel.ts';
import type { QemuConfig } from './config.ts';
import { writeSeed } from './guest.ts';
import { baseImage, buildImage, emulationIsStable } from './image.ts';
import { launchArgs } from './launch.ts';
import { Layout, SEGMENT, SSH_PORT } from './layout.ts';
import { findTools, type QemuTools } from './packages.ts';
import { Ports } from './ports.ts';
import { readRecord, recordedNames, writeRecord, type BootImage, type MachineRecord } from './record.ts';
import { Shared } from './shared.ts';

const BOOT_MS = 420_000;
const POWER_OFF_MS = 120_000;

interface Prepared {
  readonly tools: QemuTools;
  readonly image: BootImage;
  readonly accelerator: Accelerator;
  readonly authorizedKey: string;
}

/** A machine of this provider: where its ports are on loopback, besides what every machine has. */
interface QemuMachine extends Machine {
  readonly forwards: Readonly<Record<string, number>>;
}

/** Virtual machines on this computer. No root is needed: the network is QEMU's own, and all files are the user's. */
class QemuProvider implements Provider {
  readonly #options: ProviderOptions;
  readonly #config: QemuConfig;
  readonly #layout: Layout;
  readonly #ports: Ports;
  readonly #cache: string;
  readonly #prepared = new Shared<Prepared>();
  readonly #keys = new SingleFlight<string>();

  constructor(options: ProviderOptions, config: QemuConfig) {
    this.#options = options;
    this.#config = config;
    this.#layout = new Layout(options.cluster);
    this.#ports = new Ports(this.#layout);
    this.#cache = options.env['SWARMUP_CACHE_DIR'] ?? envPaths('swarmup', { suffix: '' }).cache;
  }

  async list(_signal: AbortSignal, names?: readonly string[]): Promise<readonly Machine[]> {
    const running = await this.#running();
    const all = [...new Set([...(await recordedNames(this.#layout)), ...running.keys()])];
    const machines = await Promise.all(
      all.filter((name) => names?.includes(name) ?? true).map((name) => this.#machine(name, running.has(name))),
    );
    return machines.filter((machine) => machine !== undefined);
  }

  plan(node: NodeSpec, machine: Machine | undefined): Change[] {
    if (!machine) return [{ action: 'create', summary: `machine ${node.name}` }];
    if (machine.state === 'lost')
      return [{ action: 'update', summary: `machine ${node.name}: made anew, its files are gone` }];
    const missing = this.#missingForwards(machine).map((port): Change => ({
      action: 'update',
      summary: `${node.name}: open port ${port}`,
    }));
    return machine.state === 'stopped' ? [{ action: 'run', summary: `start machine ${node.name}` }] : missing;
  }

  async create(node: NodeSpec, io: ProviderIo): Promise<Machine> {
    const prepared = await this.#prepared.run(io, (shared) => this.#prepare(shared));
    const found = (await readRecord(this.#layout, node.name)) ?? (await this.#make(node, prepared, io));
    const pid = (await this.#running()).get(node.name);
    const record = pid === undefined ? await this.#start(found, prepared, io) : await this.#openPorts(found);
    await this.#untilGreeted(record, io);
    const machine = await this.#machine(node.name, true);
    if (!machine)
      throw new SwarmupError('MACHINE_FAILED', `${node.name}'s files went away while it started`, {
        fix: 'Is another run at work here? Run again.',
      });
    return machine;
  }

  async stop(name: string, io: ProviderIo): Promise<void> {
    const pid = (await this.#running()).get(name);
    if (pid === undefined) return;
    io.report('powering off');
    await qmp(this.#layout.qmpSocket(name), [{ execute: 'system_powerdown' }]);
    await this.#untilGone(name, pid, POWER_OFF_MS, io.signal);
  }

  async destroy(name: string, io: ProviderIo): Promise<void> {
    const pid = (await this.#running()).get(name);
    if (pid !== undefined) {
      io.report('ending the machine');
      // Its disk is taken away next, so nothing has to be written back.
      endProcess(pid, 'SIGKILL');
      await this.#untilGone(name, pid, 20_000, io.signal);
    }
    await rm(this.#layout.dir(name), { recursive: true, force: true });
    await rm(this.#layout.qmpSocket(name), { force: true });
  }

  async destroyShared(): Promise<readonly string[]> {
    await rm(this.#layout.runtimeDir, { recursive: true, force: true });
    await rm(dirname(this.#layout.identityFile), { recursive: true, force: true });
    await rm(this.#layout.machines, { recursive: true, force: true });
    return [...(await this.#running()).entries()].map(([name, pid]) => `the machine ${name} (process ${pid})`);
  }

  endpoint(machine: Machine, port: number): Endpoint {
    const local = forwardsOf(machine)[String(port)];
    if (local === undefined) {
      throw new SwarmupError('MACHINE_FAILED', `port ${port} of ${machine.name} is not open on this computer`, {
        fix: "Run 'swarmup up': it opens the ports that services and stacks publish.",
      });
    }
    return { host: '127.0.0.1', port: local };
  }

  async #prepare(io: ProviderIo): Promise<Prepared> {
    const { local, mayInstall, clock } = this.#options;
    const root = userInfo().uid === 0;
    const tools = await findTools({ local, root, mayInstall: mayInstall || root }, io);
    const building = { ...tools, local, cache: this.#cache, root };
    const chosen = await baseImage(this.#config, this.#options, building, io);
    const accelerator = await chooseAccelerator(
      this.#config.accelerator,
      chosen,
      { platform: tools.platform, local, clock, cache: this.#cache },
      io,
    );
    const unstable = accelerator === 'tcg' && !emulationIsStable(chosen, this.#config, tools);
    const image = unstable ? await buildImage('debian-13', this.#config, this.#options, building, io) : chosen;
    await mkdir(this.#layout.runtimeDir, { recursive: true, mode: 0o700 });
    return { tools, image, accelerator, authorizedKey: await this.#clusterKey() };
  }

  /** The cluster's own key pair, made once; its public half. */
  #clusterKey(): Promise<string> {
    return this.#keys.run('key', async () => {
      const { identityFile, cluster } = this.#layout;
      const kept = await readFile(`${identityFile}.pub`, 'utf8').catch(() => undefined);
      if (kept !== undefined) return kept.trim();
      const { generateKeyPair } = await import('../../remote/keys.ts');
      const pair = generateKeyPair(`swarmup-${cluster}`);
      await mkdir(dirname(identityFile), { recursive: true, mode: 0o700 });
      await writeFile(identityFile, pair.privateKey, { mode: 0o600 });
      await writeFile(`${identityFile}.pub`, `${pair.publicKey}\n`, { mode: 0o644 });
      return pair.publicKey;
    });
  }

  /** Disk, identity and record of a new machine. The record comes last: without it the machine doesn't exist. */
  async #make(
    node: NodeSpec,
    { tools, image, accelerator, authorizedKey }: Prepared,
    io: ProviderIo,
  ): Promise<MachineRecord> {
    const { generateKeyPair } = await import('../../remote/keys.ts');
    // What an earlier, killed run left of it, and a process whose files are gone.
    await this.destroy(node.name, io);
    await mkdir(this.#layout.dir(node.name), { recursive: true, mode: 0o700 });
    const index = this.#options.cluster.nodes.findIndex((n) => n.name === node.name);
    const address = await this.#freeAddress(index);
    const hostKey = generateKeyPair(node.name);
    await writeSeed(this.#layout, { name: node.name, address, authorizedKey, hostKey }, image.configure);
    await this.#options.local.run(
      [
        tools.qemuImg,
        'create',
        '-q',
        '-f',
        'qcow2',
        '-b',
        image.disk,
        '-F',
        image.format,
        this.#layout.disk(node.name),
        `${this.#config.disk}M`,
      ],
      { signal: io.signal },
    );
    const record: MachineRecord = {
      name: node.name,
      address,
      cpus: this.#config.cpus,
      memoryMiB: this.#config.memory,
      accelerator,
      boot: image,
      hostKey: hostKey.publicKey,
      forwards: {},
    };
    await writeRecord(this.#layout, record);
    return record;
  }

  /** The address of the node's place in the list, or the next that no machine has. */
  async #freeAddress(index: number): Promise<string> {
    const records = await Promise.all(
      (await recordedNames(this.#layout)).map((name) => readRecord(this.#layout, name)),
    );
    const taken = new Set(records.map((record) => record?.address));
    let last = SEGMENT.first + index;
    while (taken.has(`${SEGMENT.base}${last}`)) last += this.#options.cluster.nodes.length;
    return `${SEGMENT.base}${last}`;
  }

  async #start(record: MachineRecord, { tools, accelerator }: Prepared, io: ProviderIo): Promise<MachineRecord> {
    io.report('starting');
    const forwards = await this.#ports.choose(record, this.#wantedPorts());
    const started = { ...record, accelerator, forwards };
    await writeRecord(this.#layout, started);
    await rm(this.#layout.qmpSocket(record.name), { force: true });
    await this.#options.local.run(launchArgs(this.#layout, started, tools.platform), {
      signal: io.signal,
      fix: 'QEMU says why below. provider.accelerator: tcg works without hardware support; provider.memory may be more than there is.',
    });
    return started;
  }

  /** Ports that were published since the machine started, opened while it runs. */
  async #openPorts(record: MachineRecord): Promise<MachineRecord> {
    const forwards = await this.#ports.choose(record, this.#wantedPorts());
    const added = Object.entries(forwards).filter(([guest]) => record.forwards[guest] === undefined);
    if (added.length === 0) return record;
    const answers = await qmp(
      this.#layout.qmpSocket(record.name),
      added.map(([guest, local]) => monitor(`hostfwd_add uplink tcp:127.0.0.1:${local}-:${guest}`)),
    );
    const problem = answers.map(String).find((answer) => answer.trim() !== '');
    if (problem !== undefined)
      throw new SwarmupError('MACHINE_FAILED', `${record.name}: QEMU can't open a port: ${problem.trim()}`, {
        fix: 'Run again; another free port is then chosen.',
      });
    const opened = { ...record, forwards };
    await writeRecord(this.#layout, opened);
    return opened;
  }

  async #untilGreeted(record: MachineRecord, io: ProviderIo): Promise<void> {
    const port = record.forwards[String(SSH_PORT)] ?? 0;
    await waitUntil({
      until: `${record.name} answers on SSH`,
      probe: async (signal) => {
        const result = await readBanner('127.0.0.1', port, 5_000, signal);
        if ('banner' in result && result.banner.startsWith('SSH-2.0')) return { done: undefined };
        if (!(await this.#running()).has(record.name)) throw await this.#ended(record.name);
        return { seen: 'banner' in result ? `'${result.banner}'` : result.problem };
      },
      deadlineMs: BOOT_MS,
      intervalMs: 250,
      signal: io.signal,
      clock: this.#options.clock,
      fix: `Its console says how far it came: ${this.#layout.console(record.name)}`,
      onSeen: () => io.report('booting'),
    });
  }

  async #ended(name: string): Promise<SwarmupError> {
    const console = await readFile(this.#layout.console(name), 'latin1').catch(() => '');
    const lines = console.split('\n').filter((line) => line.trim() !== '');
    return new SwarmupError('MACHINE_FAILED', `${name}'s virtual machine ended while it started`, {
      fix: `The last lines of its console are below, all of it is in ${this.#layout.console(name)}. Run again to start it anew.`,
      output: lines.slice(-10).join('\n'),
    });
  }

  async #untilGone(name: string, pid: number, deadlineMs: number, signal: AbortSignal): Promise<void> {
    await waitUntil({
      until: `${name}'s process ${pid} is gone`,
      probe: () => Promise.resolve(isAlive(pid) ? { seen: 'it still runs' } : { done: undefined }),
      deadlineMs,
      intervalMs: 50,
      signal,
      clock: this.#options.clock,
      fix: `Look at it: ps -p ${pid}; then run again.`,
    });
  }

  /** The process of each running machine of this cluster, found by its mark. */
  async #running(): Promise<ReadonlyMap<string, number>> {
    const processes = await findProcesses(this.#layout.mark(), this.#options.local);
    return new Map(
      processes.map(({ pid, argv }) => [
        this.#layout.nodeOfMark(argv.find((argument) => argument.includes(this.#layout.mark())) ?? ''),
        pid,
      ]),
    );
  }

  async #machine(name: string, running: boolean): Promise<QemuMachine | undefined> {
    const record = await readRecord(this.#layout, name);
    if (!record && !running) return undefined;
    return {
      name,
      state: record ? (running ? 'running' : 'stopped') : 'lost',
      address: record?.address ?? '',
      forwards: record?.forwards ?? {},
      ssh: {
        host: '127.0.0.1',
        port: record?.forwards[String(SSH_PORT)] ?? 0,
        user: 'root',
        identityFile: this.#layout.identityFile,
        hostKey: record?.hostKey ?? '',
      },
    };
  }

  #wantedPorts(): number[] {
    return [SSH_PORT, ...publishedPorts(this.#options.cluster)];
  }

  #missingForwards(machine: Machine): number[] {
    return this.#wantedPorts().filter((port) => forwardsOf(machine)[String(port)] === undefined);
  }
}

function forwardsOf(machine: Machine): Readonly<Record<string, number>> {
  return 'forwards' in machine && typeof machine.forwards === 'object' ? { ...machine.forwards } : {};
}

export function createQemuProvider(options: ProviderOptions): Promise<Provider> {
  // eslint-disable-next-line typescript/no-unsafe-type-assertion -- validated by qemuConfig when the file was read
  const config = options.cluster.provider.config as QemuConfig;
  return Promise.resolve(new QemuProvider(options, config));
}
