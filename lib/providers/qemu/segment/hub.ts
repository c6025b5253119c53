import { join } from 'node:path';
import type { Clock } from '../../../async/clock.ts';
import { Coalescer } from '../../../async/coalescer.ts';
import { KeyedMutex } from '../../../async/keyed-mutex.ts';
import { waitUntil } from '../../../async/wait-until.ts';
import type { LocalCommands } from '../../../contracts/local-commands.ts';
import { endProcess, untilEnded, type RunningProcess } from '../../../remote/processes.ts';
import { monitor, qmp, type QmpCommand } from '../../../remote/qmp.ts';
import { hasCode } from '../../../util/errors.ts';
import { removeOwn } from '../../../util/remove.ts';
import { qmpSocketIn } from '../arguments.ts';
import { hubArgs } from '../launch.ts';
import type { Layout } from '../layout.ts';
import { startAnswering, untilAnswered } from '../process.ts';
import { qemuProcesses } from '../processes.ts';
import { checkedSocket } from '../sockets.ts';
import { parsePorts, plugCommands, unplugCommands, type HubPort } from './ports.ts';

const CONNECT_MS = 20_000;
/** Its QMP socket serves one client at a time, and another run of swarmup may be asking. */
const ASK_MS = 5_000;
const END_MS = 20_000;

/** One change of a hub at a time, across all providers of a cluster. */
const mutex = new KeyedMutex();

export interface HubParts {
  readonly layout: Layout;
  readonly local: LocalCommands;
  readonly clock: Clock;
}

/** A running machine to connect. */
export interface Plug {
  readonly node: string;
  /** Where its QEMU listens for the hub. */
  readonly socket: string;
  /** The QEMU to run as the hub, if there is none. */
  readonly binary: string;
  readonly signal: AbortSignal;
}

/**
 * What joins the machines of a cluster: a QEMU without a machine, whose hub passes every frame to all other ports. It is
 * the client of every machine, so that it can end and start again at any time while the machines run.
 */
export class Hub {
  readonly #parts: HubParts;
  readonly #ports = new Coalescer(() => this.#readPorts());

  constructor(parts: HubParts) {
    this.#parts = parts;
  }

  /** The nodes whose machines are connected; none if there is no hub that answers. */
  async connected(): Promise<ReadonlySet<string>> {
    const ports = await this.#ports.get();
    return new Set([...ports].filter(([, { state }]) => state === 'connected').map(([node]) => node));
  }

  /** Connects a running machine, with a new hub if there is none that answers. @throws SwarmupError TIMED_OUT, MACHINE_FAILED */
  async connect(plug: Plug): Promise<void> {
    const { layout, clock } = this.#parts;
    const { node, signal } = plug;
    await mutex.take(layout.realm, async () => {
      const hub = await this.#ensure(plug);
      const before = (await this.#readPorts()).get(node);
      if (before && before.state !== 'connected') await qmp(hub, unplugCommands(before));
      await waitUntil({
        until: `${node} is connected to the other machines`,
        probe: async () => {
          const port = (await this.#readPorts()).get(node);
          if (port?.state === 'connected') return { done: undefined };
          // While QEMU 7.2 connects, it still uses a connection that was removed meanwhile.
          if (port?.state !== 'connecting') await qmp(hub, [...unplugCommands(port), ...plugCommands(plug)]);
          return { seen: port?.state ?? 'not connected yet' };
        },
        deadlineMs: CONNECT_MS,
        intervalMs: 20,
        signal,
        clock,
        fix: `Restart the machine: 'swarmup run lose --node ${node}', then 'swarmup up'.`,
      });
    });
  }

  /** Ends the hub, unless it is still used when nothing else changes it. */
  async end(signal: AbortSignal, used: () => Promise<boolean> = () => Promise.resolve(false)): Promise<void> {
    await mutex.take(this.#parts.layout.realm, async () => {
      if (await used()) return;
      for (const hub of await this.#processes()) await this.#kill(hub, signal);
    });
  }

  /** @returns its QMP socket */
  async #ensure({ binary, signal }: Plug): Promise<string> {
    const { layout, clock } = this.#parts;
    const [first, ...others] = await this.#processes();
    for (const other of others) await this.#kill(other, signal);
    if (first && (await this.#ask(first, []))) return this.#socketOf(first);
    if (first) await this.#kill(first, signal);
    const socket = await checkedSocket(layout.hubSocket);
    await removeOwn(socket);
    const argv = hubArgs(binary, layout.hubMark(), socket);
    const log = join(layout.runtimeDir, 'hub.log');
    await startAnswering({ argv, log, socket, what: 'the network of the machines', clock, signal });
    return socket;
  }

  /** The hub's processes: one, unless something other than swarmup started another. */
  async #processes(): Promise<readonly RunningProcess[]> {
    const { layout, local } = this.#parts;
    return (await qemuProcesses(local)).filter(({ argv }) => layout.isHub(argv));
  }

  #socketOf({ argv }: RunningProcess): Promise<string> {
    return checkedSocket(qmpSocketIn(argv) ?? this.#parts.layout.hubSocket);
  }

  async #readPorts(): Promise<ReadonlyMap<string, HubPort>> {
    const [hub] = await this.#processes();
    const [text] = (hub && (await this.#ask(hub, [monitor('info network')]))) ?? [];
    return parsePorts(typeof text === 'string' ? text : '');
  }

  /** @returns undefined when it doesn't answer: such a hub is as good as none, and replaced */
  async #ask(hub: RunningProcess, commands: readonly QmpCommand[]): Promise<readonly unknown[] | undefined> {
    try {
      const socket = await this.#socketOf(hub);
      return await untilAnswered(socket, commands, {
        until: 'the hub answers',
        deadlineMs: ASK_MS,
        signal: new AbortController().signal,
        clock: this.#parts.clock,
        fix: '',
      });
    } catch (error) {
      if (!hasCode(error, 'TIMED_OUT', 'PATH_UNSAFE')) throw error;
      return undefined;
    }
  }

  async #kill({ pid }: RunningProcess, signal: AbortSignal): Promise<void> {
    endProcess(pid, 'SIGKILL');
    const { clock } = this.#parts;
    await untilEnded({ pid, what: "the machines' hub", deadlineMs: END_MS, clock, signal });
  }
}
