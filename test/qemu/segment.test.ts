import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../lib/async/clock.ts';
import { qmpSocketIn, segmentIn } from '../../lib/providers/qemu/arguments.ts';
import { launchArgs } from '../../lib/providers/qemu/launch.ts';
import { Layout } from '../../lib/providers/qemu/layout.ts';
import { findTools } from '../../lib/providers/qemu/packages.ts';
import type { MachineRecord } from '../../lib/providers/qemu/record.ts';
import { Hub } from '../../lib/providers/qemu/segment/hub.ts';
import { newestSegment, segmentFor } from '../../lib/providers/qemu/segment/kind.ts';
import { parsePorts } from '../../lib/providers/qemu/segment/ports.ts';
import { qemuProcesses } from '../../lib/providers/qemu/processes.ts';
import { makeSocketFolder } from '../../lib/providers/qemu/sockets.ts';
import { localCommands } from '../../lib/remote/local.ts';

const QEMU_7_2 = 'QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18)';
const QEMU_6_2 = 'QEMU emulator version 6.2.0 (Debian 1:6.2+dfsg-2ubuntu6)';
const local = localCommands(() => undefined, process.env);
const { signal } = new AbortController();

describe('the way in which machines are joined', () => {
  it.each([
    [QEMU_6_2, 'multicast'],
    ['QEMU emulator version 7.1.0', 'multicast'],
    [QEMU_7_2, 'hub'],
    ['QEMU emulator version 10.0.2', 'hub'],
    ['something else', 'multicast'],
  ])('with %s is %s', (line, kind) => {
    expect(newestSegment(line, 'linux')).toBe(kind);
  });

  it('is multicast on macOS, where a socket may take a part of a frame', () => {
    expect(newestSegment(QEMU_7_2, 'darwin')).toBe('multicast');
  });

  it.runIf(process.platform === 'linux')(
    'is that of the machines that run, so that no cluster has some of each',
    () => {
      expect(segmentFor(['multicast'], QEMU_7_2)).toBe('multicast');
      expect(segmentFor(['hub'], QEMU_7_2)).toBe('hub');
      expect(segmentFor([], QEMU_7_2)).toBe('hub');
      expect(segmentFor(['hub', 'multicast'], QEMU_7_2)).toBe('multicast');
    },
  );

  it('is an error when the machines that run are joined in a way that this QEMU lacks', () => {
    expect(() => segmentFor(['hub'], QEMU_6_2)).toThrow(
      expect.objectContaining({ code: 'PREREQUISITE_MISSING', fix: expect.stringContaining('swarmup run stop') }),
    );
  });
});

describe('the arguments of a machine', () => {
  const layout = new Layout({ name: 'c', stateDir: '/state, all of it' });
  const record: MachineRecord = {
    name: 'n1',
    address: '192.168.77.11',
    cpus: 1,
    memoryMiB: 1536,
    accelerator: 'tcg',
    boot: { disk: '/base.raw', format: 'raw', configure: 'credentials' },
    hostKey: 'ssh-ed25519 AAAA',
    forwards: { '22': 20022 },
  };
  const platform = { binary: '/usr/bin/qemu-system-x86_64', arch: 'x86_64' as const };

  it('tell where its sockets are, wherever a new machine would have them', () => {
    const argv = launchArgs(layout, { ...record, segment: 'hub' }, platform);
    expect(segmentIn(argv)).toEqual({ kind: 'hub', socket: layout.segmentSocket('n1') });
    expect(qmpSocketIn(argv)).toBe(layout.qmpSocket('n1'));
    expect(argv.join(' ')).not.toContain('mcast');
  });

  it('join it by multicast when its record is older than the choice', () => {
    expect(segmentIn(launchArgs(layout, record, platform))).toEqual({ kind: 'multicast' });
  });

  it('tell nothing about sockets when they are cut off at a space', () => {
    const argv = ['qemu', '-qmp', 'unix:/Users/a', 'b/x.qmp,server=on,wait=off'];
    const netdev = ['-netdev', 'stream,id=segment,addr.type=unix,addr.path=/Users/a', 'b/x.net,server=on'];
    expect(qmpSocketIn(argv)).toBeUndefined();
    expect(segmentIn([...argv, ...netdev])).toEqual({ kind: 'hub' });
  });
});

describe("QEMU's list of the ports of a hub", () => {
  it('has the state of each machine', () => {
    const text = [
      'hub 0',
      ' \\ port-a: machine-a: index=0,type=stream,unix:/run/a.net',
      ' \\ port-b-1: machine-b-1: index=0,type=stream,',
      ' \\ port-c: machine-c: index=0,type=stream,connection error',
      ' \\ port-d: machine-d: index=0,type=stream,connecting',
      'machine-e: index=0,type=stream,unix:/run/e.net',
      'foreign: index=0,type=user,net=10.0.2.0',
      '',
    ].join('\r\n');
    const states = [...parsePorts(text)].map(([node, { state }]) => [node, state]);
    expect(states).toEqual([
      ['a', 'connected'],
      ['b-1', 'connecting'],
      ['c', 'failed'],
      ['d', 'connecting'],
      ['e', 'failed'],
    ]);
    expect(parsePorts('')).toEqual(new Map());
  });
});

/** Where a machine's QEMU listens for the hub: a frame is its length, as four bytes, and its bytes. */
class Machine {
  readonly path: string;
  readonly #server: Server;
  #socket: Socket | undefined;
  readonly #chunks: Buffer[] = [];
  /** How many bytes it got. */
  size = 0;
  /** Whether it keeps what it gets. */
  keeps = true;

  private constructor(path: string) {
    this.path = path;
    this.#server = createServer((socket) => {
      this.#socket = socket;
      socket.on('data', (chunk) => {
        this.size += chunk.length;
        if (this.keeps) this.#chunks.push(chunk);
      });
      socket.on('error', () => undefined);
    });
  }

  static async listen(path: string): Promise<Machine> {
    const machine = new Machine(path);
    await new Promise<void>((resolve) => machine.#server.listen(path, resolve));
    return machine;
  }

  /** Sends bytes as they are. */
  send(bytes: Uint8Array): void {
    this.#socket?.write(bytes);
  }

  /** The contents of the frames that it got, without their headers. */
  frames(): string[] {
    const bytes = Buffer.concat(this.#chunks);
    const frames: string[] = [];
    for (let at = 0; at + 4 <= bytes.length; at += 4 + bytes.readUInt32BE(at))
      frames.push(bytes.subarray(at + 4 + 14, at + 4 + bytes.readUInt32BE(at)).toString());
    return frames;
  }

  /** Stops reading, as a machine does whose guest doesn't take what it gets. */
  pause(): void {
    this.#socket?.pause();
  }

  async close(): Promise<void> {
    this.#socket?.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

function frame(text: string): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(14 + text.length);
  return Buffer.concat([length, Buffer.alloc(14, 0xff), Buffer.from(text)]);
}

describe('the hub of a cluster', () => {
  const root = mkdtempSync(join(tmpdir(), 'hub-'));
  const machines: Machine[] = [];
  let layout: Layout;
  let hub: Hub;
  let binary: string;
  let count = 0;

  beforeAll(async () => {
    const io = { signal, report: () => undefined, warn: () => undefined };
    binary = (await findTools({ local, root: process.getuid?.() === 0, mayInstall: true }, io)).platform.binary;
  });

  async function cluster(...names: string[]): Promise<Machine[]> {
    layout = new Layout({ name: 'c', stateDir: join(root, String(++count)) });
    hub = new Hub({ layout, local, clock: systemClock });
    await makeSocketFolder(layout.socketFolders);
    const made = await Promise.all(names.map((name) => Machine.listen(layout.segmentSocket(name))));
    machines.push(...made);
    await Promise.all(names.map((name) => connect(name)));
    return made;
  }
  const connect = (node: string) => hub.connect({ node, socket: layout.segmentSocket(node), binary, signal });
  const processes = async () => (await qemuProcesses(local)).filter(({ argv }) => layout.isHub(argv));
  const eventually = (check: () => unknown) => vi.waitFor(check, { timeout: 20_000, interval: 20 });

  afterEach(async () => {
    await hub.end(signal);
    await Promise.all(machines.splice(0).map((machine) => machine.close()));
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  it('passes each frame to all other machines, however it is split', async () => {
    const [a, b, c] = await cluster('a', 'b', 'c');
    const bytes = Buffer.concat([frame('one'), frame('two'.repeat(400))]);
    for (const [from, to] of [
      [0, 2],
      [2, 20],
      [20, bytes.length],
    ] as const) {
      a!.send(bytes.subarray(from, to));
      await new Promise((resolve) => setImmediate(resolve));
    }
    for (const other of [b!, c!]) await eventually(() => expect(other.frames()).toEqual(['one', 'two'.repeat(400)]));
    expect(a!.frames()).toEqual([]);
  });

  it('hears a machine that sent frames before any other was connected', async () => {
    const [a] = await cluster('a');
    a!.send(frame('is anybody there'));
    await hub.connected();
    const b = await Machine.listen(layout.segmentSocket('b'));
    machines.push(b);
    await connect('b');
    a!.send(frame('hello'));
    await eventually(() => expect(b.frames()).toContain('hello'));
  });

  it('is one process, however many machines are connected at the same time', async () => {
    await cluster('a', 'b', 'c', 'd', 'e');
    expect(await processes()).toHaveLength(1);
    expect([...(await hub.connected())].sort()).toEqual(['a', 'b', 'c', 'd', 'e']);
    await connect('a');
    expect(await processes()).toHaveLength(1);
  });

  it('is replaced when it was killed, and connects machines that kept running', async () => {
    const [a, b] = await cluster('a', 'b');
    for (const { pid } of await processes()) process.kill(pid, 'SIGKILL');
    await eventually(async () => expect(await processes()).toEqual([]));
    expect(await hub.connected()).toEqual(new Set());
    await connect('a');
    expect(await hub.connected()).toEqual(new Set(['a']));
    await connect('b');
    a!.send(frame('again'));
    await eventually(() => expect(b!.frames()).toEqual(['again']));
  });

  it('knows a machine that ended, and connects its successor', async () => {
    const [a, b] = await cluster('a', 'b');
    await b!.close();
    await eventually(async () => expect(await hub.connected()).toEqual(new Set(['a'])));
    const again = await Machine.listen(layout.segmentSocket('b'));
    machines.push(again);
    await connect('b');
    a!.send(frame('welcome'));
    await eventually(() => expect(again.frames()).toEqual(['welcome']));
  });

  it('drops frames for a machine that reads nothing, and serves the others', async () => {
    const [a, b, slow] = await cluster('a', 'b', 'slow');
    slow!.pause();
    b!.keeps = false;
    // 100 MB, far more than QEMU keeps for a port; b gets one part before the next is sent, so that nothing is dropped for it.
    const one = frame('x'.repeat(1_000));
    for (let part = 1; part <= 100; part++) {
      for (let i = 0; i < 1_000; i++) a!.send(one);
      await eventually(() => expect(b!.size).toBe(part * 1_000 * one.length));
    }
    // QEMU keeps at most 10,000 frames per port.
    const [pid = 0] = (await processes()).map((one) => one.pid);
    const rss = Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
    expect(rss).toBeLessThan(80_000);
  });

  it('cuts off a machine that sends an impossible length, and no other', async () => {
    const [a, b, bad] = await cluster('a', 'b', 'bad');
    // Longer than any frame: QEMU gives up when it has read as much as the longest one.
    bad!.send(Buffer.alloc(100_000, 0xff));
    await eventually(async () => expect(await hub.connected()).toEqual(new Set(['a', 'b'])));
    a!.send(frame('fine'));
    await eventually(() => expect(b!.frames()).toEqual(['fine']));
    await connect('bad');
    expect(await hub.connected()).toEqual(new Set(['a', 'b', 'bad']));
  });

  it('is left alone by its end while machines still use it', async () => {
    await cluster('a');
    await hub.end(signal, () => Promise.resolve(true));
    expect(await processes()).toHaveLength(1);
    await hub.end(signal);
    await hub.end(signal);
    expect(await processes()).toEqual([]);
  });

  it('is not a process of another cluster, nor one that runs another program', async () => {
    await cluster('a');
    const other = new Hub({ layout: new Layout({ name: 'c', stateDir: '/elsewhere' }), local, clock: systemClock });
    await other.end(signal);
    expect(await processes()).toHaveLength(1);
    const impostor: ChildProcess = spawn('sh', ['-c', 'echo ready; read -r _', 'x', '-name', layout.hubMark()]);
    await once(impostor.stdout!, 'data');
    await hub.end(signal);
    expect(impostor.exitCode).toBeNull();
    expect(impostor.signalCode).toBeNull();
    impostor.kill('SIGKILL');
  });

  it('leaves its command line and its output in a log that only this user can read', async () => {
    await cluster('a');
    const log = join(layout.runtimeDir, 'hub.log');
    expect(existsSync(log)).toBe(true);
    expect(readFileSync(log, 'utf8')).toContain('-machine none');
  });
});
