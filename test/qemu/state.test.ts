import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../lib/async/clock.ts';
import { Layout } from '../../lib/providers/qemu/layout.ts';
import { startQemu } from '../../lib/providers/qemu/process.ts';
import type { MachineRecord } from '../../lib/providers/qemu/record.ts';
import { knownImages } from '../../lib/providers/qemu/state/images.ts';
import { AGENT, stateKey, stateKind, type StateParts } from '../../lib/providers/qemu/state/key.ts';
import { addUser } from '../../lib/providers/users.ts';
import { StateStore } from '../../lib/providers/qemu/state/store.ts';
import { startDetached, type Detached } from '../../lib/remote/detached.ts';
import { order } from '../../lib/remote/guest-port.ts';
import { fakeClock } from '../fakes/clock.ts';
import { clusterOf } from '../support/cluster.ts';

const folder = mkdtempSync(join(tmpdir(), 'swarmup-state-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const { signal } = new AbortController();

const MACS = { uplink: '52:54:00:00:00:01', segment: '52:54:00:00:00:02' };

describe('the key of a saved state', () => {
  const disk = join(folder, 'disk.raw');
  writeFileSync(disk, 'a disk');
  const parts: StateParts = {
    image: { disk, format: 'raw', configure: 'credentials' },
    qemu: 'QEMU emulator version 7.2.22',
    platform: { binary: '/usr/bin/qemu-system-x86_64', arch: 'x86_64' },
    accelerator: 'tcg',
    cpus: 1,
    memoryMiB: 1536,
    diskMiB: 10240,
    images: { archives: [], pinned: [] },
  };

  it('is the same for the same machine', async () => {
    expect(await stateKey({ ...parts })).toBe(await stateKey(parts));
  });

  it.each<[string, Partial<StateParts>]>([
    ['QEMU', { qemu: 'QEMU emulator version 10.0.2' }],
    ['accelerator', { accelerator: 'kvm' }],
    ['processor architecture', { platform: { binary: 'qemu-system-aarch64', arch: 'aarch64' } }],
    ['number of processors', { cpus: 2 }],
    ['amount of memory', { memoryMiB: 2048 }],
    ['size of the disk', { diskMiB: 20480 }],
    ['way to configure the guest', { image: { ...parts.image, configure: 'cloud-init' } }],
  ])('differs for another %s', async (_what, other) => {
    expect(await stateKey({ ...parts, ...other })).not.toBe(await stateKey(parts));
  });

  it('differs when an archive of container images changes, and the kind of machine is the same', async () => {
    const archive = join(folder, 'web.tar');
    writeFileSync(archive, 'an image');
    const archived = { ...parts, images: { archives: [archive], pinned: [] } };
    const before = { key: await stateKey(archived), kind: stateKind(archived) };
    expect(before.key).not.toBe(await stateKey(parts));
    expect(before.kind).not.toBe(stateKind(parts));
    writeFileSync(archive, 'another image');
    expect(await stateKey(archived)).not.toBe(before.key);
    expect(stateKind(archived)).toBe(before.kind);
  });

  it('differs for a build of the image with other packages, and the kind of machine is the same', async () => {
    const built = ['debian-13-docker-0123456789ab', 'debian-13-docker-ba9876543210'].map((name) => {
      mkdirSync(join(folder, name));
      writeFileSync(join(folder, name, 'disk.raw'), name);
      return { ...parts, image: { ...parts.image, disk: join(folder, name, 'disk.raw') } };
    });
    expect(new Set(await Promise.all(built.map(stateKey))).size).toBe(2);
    expect(new Set(built.map(stateKind)).size).toBe(1);
  });

  it('differs when the image changes', async () => {
    const before = await stateKey(parts);
    writeFileSync(disk, 'another disk');
    expect(await stateKey(parts)).not.toBe(before);
  });
});

describe('the store of saved states', () => {
  const cache = join(folder, 'cache');
  const clock = fakeClock();
  const store = new StateStore(cache, clock);
  const image = join(cache, 'images', 'debian', 'disk.raw');

  async function saved(key: string, kind = 'debian') {
    const work = mkdtempSync(join(folder, 'work-'));
    writeFileSync(join(work, 'memory'), 'memory');
    writeFileSync(join(work, 'disk.qcow2'), 'disk');
    await store.publish(work, key, { image, kind, macs: MACS });
    const state = await store.find(key);
    if (!state) throw new Error(`${key} was not published`);
    return state;
  }

  /** A machine whose disk is a layer on a state's. */
  async function user(name: string, state: Awaited<ReturnType<typeof saved>>): Promise<Layout> {
    const layout = new Layout({ name, stateDir: join(folder, name) });
    mkdirSync(layout.dir('n1'), { recursive: true });
    writeFileSync(layout.record('n1'), JSON.stringify({ name: 'n1', state: state.folder }));
    await addUser(state.folder, layout.record('n1'));
    return layout;
  }

  it('has nothing at first, and then what was published, for this user alone', async () => {
    expect(await store.find('k0')).toBeUndefined();
    const state = await saved('k0');
    expect(state).toMatchObject({ key: 'k0', macs: MACS });
    expect(readFileSync(state.memory, 'utf8')).toBe('memory');
    expect(statSync(join(cache, 'states')).mode & 0o077).toBe(0);
  });

  it('keeps the first of two states that were made at the same time', async () => {
    const first = await saved('k1');
    writeFileSync(first.memory, 'the first');
    const second = await saved('k1');
    expect(readFileSync(second.memory, 'utf8')).toBe('the first');
  });

  it('removes states that it replaces and no machine uses, and keeps those that one does', async () => {
    const [unused, used, current] = [await saved('unused'), await saved('used'), await saved('current')];
    const layout = await user('c1', used);
    await store.prune('current');
    expect([current, unused, used].map((state) => existsSync(state.disk))).toEqual([true, false, true]);
    rmSync(layout.dir('n1'), { recursive: true });
    await store.prune('current');
    expect(existsSync(used.folder)).toBe(false);
  });

  it('keeps the states of other machines until nobody has needed them for a month', async () => {
    const [other, current] = [await saved('other', 'larger'), await saved('now')];
    await clock.sleep(20 * 86_400_000, signal);
    await store.find('other');
    await clock.sleep(20 * 86_400_000, signal);
    await store.prune(current.key);
    expect(existsSync(other.folder)).toBe(true);
    await clock.sleep(20 * 86_400_000, signal);
    await store.prune(current.key);
    expect(existsSync(other.folder)).toBe(false);
  });

  it('remembers a state that this computer can not load, and why', async () => {
    expect(await store.refused('kvm')).toBeUndefined();
    await store.refuse('kvm', 'the trial failed');
    expect(await store.find('kvm')).toBeUndefined();
    expect(await store.refused('kvm')).toBe('the trial failed');
  });

  it('makes no state again while machines use the disk of a discarded one, and then does', async () => {
    const state = await saved('gone');
    const layout = await user('c3', state);
    await store.discard(state);
    expect(await store.refused('gone')).toMatch('still use the disk');
    rmSync(layout.dir('n1'), { recursive: true });
    expect(await store.refused('gone')).toBeUndefined();
    expect(readFileSync((await saved('gone')).memory, 'utf8')).toBe('memory');
  });

  it('discards the memory of a state that does not load, but not the disk of machines that run on it', async () => {
    const state = await saved('bad');
    await user('c2', state);
    await store.discard(state);
    expect(await store.find('bad')).toBeUndefined();
    expect([existsSync(state.memory), existsSync(state.disk)]).toEqual([false, true]);
  });
});

describe('the container images in a saved state', () => {
  const known = async (text: string) =>
    knownImages(await clusterOf(`name: x\nprovider: { type: qemu }\nnodes: { managers: 1 }\n${text}`));
  const digest = `sha256:${'a'.repeat(64)}`;

  it('are those that cannot change under their name: archives, and names with a digest', async () => {
    const archive = join(folder, 'a.tar');
    writeFileSync(archive, 'an archive');
    const text = `images: { load: ['${archive}'] }\nservices: { a: { image: nginx }, b: { image: 'redis@${digest}' } }\n`;
    expect(await known(text)).toEqual({ archives: [archive], pinned: [`redis@${digest}`] });
  });

  it('are none where the nodes get images only when they need them', async () => {
    const text = `images: { early: false }\nservices: { b: { image: 'redis@${digest}' } }\n`;
    expect(await known(text)).toEqual({ archives: [], pinned: [] });
  });
});

describe('a program that is started detached', () => {
  const log = join(folder, 'log');
  const ended = (started: Detached) => vi.waitFor(() => expect(started.ended()).toBeDefined(), { timeout: 10_000 });

  it('gets a file that is already open, whatever its path is, and its output is logged after its command line', async () => {
    const input = join(folder, "it's $(touch x)");
    writeFileSync(input, 'saved');
    const started = await startDetached({ argv: ['sh', '-c', 'cat <&3; exit 3'], log, input });
    await ended(started);
    expect(started.ended()).toBe('its exit code is 3');
    expect(readFileSync(log, 'utf8')).toBe("sh -c 'cat <&3; exit 3'\nsaved");
    expect(statSync(log).mode & 0o777).toBe(0o600);
  });

  it('has its own session, which signals for this one do not reach', async () => {
    const started = await startDetached({ argv: ['sh', '-c', 'ps -o sid= -p $$'], log });
    await ended(started);
    expect(readFileSync(log, 'utf8').trim().split('\n').at(-1)?.trim()).toBe(String(started.pid));
  });

  it('is an error when there is no such program', async () => {
    await expect(startDetached({ argv: [join(folder, 'none')], log })).rejects.toThrow(/ENOENT/);
  });
});

describe('a machine that continues from a saved state', () => {
  const qemu = join(folder, 'qemu');
  const layout = new Layout({ name: 'c9', stateDir: join(folder, 'c9') });
  const record: MachineRecord = {
    name: 'n1',
    address: '192.168.77.11',
    cpus: 1,
    memoryMiB: 1024,
    accelerator: 'tcg',
    boot: { disk: '/none', format: 'raw', configure: 'credentials' },
    hostKey: '',
    forwards: {},
  };
  const memory = join(folder, 'memory');
  /** A QEMU that listens on its QMP socket, and does what a script says at each connection, whose number is `n`. */
  const start = (script: string) => {
    const listen = `process.argv.find((word) => word.startsWith('unix:') && word.endsWith('wait=off')).slice(5).split(',')[0]`;
    writeFileSync(
      qemu,
      `#!${process.execPath}\nlet n = 0;\nrequire('node:net').createServer((socket) => { n++; ${script} }).listen(${listen});\n`,
      { mode: 0o700 },
    );
    mkdirSync(layout.dir('n1'), { recursive: true });
    mkdirSync(layout.runtimeDir, { recursive: true, mode: 0o700 });
    writeFileSync(memory, 'memory');
    const platform = { binary: qemu, arch: 'x86_64' } as const;
    return startQemu({ layout, record, platform, memory, clock: systemClock, signal });
  };
  afterAll(() => rmSync(layout.runtimeDir, { recursive: true, force: true }));

  it('has started when its state is loaded: until then QEMU may close connections, or say that it still loads', async () => {
    const answer = `socket.write('{"QMP":{}}\\n'); socket.on('data', (d) => socket.write(JSON.stringify({ return: String(d).includes('query') ? { status: n < 3 ? 'inmigrate' : 'paused' } : {} }) + '\\n'));`;
    await start(
      `if (n === 1) return socket.destroy(); ${answer} if (n === 3) socket.on('close', () => process.exit());`,
    );
    expect(readFileSync(layout.log('n1'), 'utf8')).toContain('-incoming fd:3');
  });

  it('has not when QEMU ends, whose own words are the error', async () => {
    await expect(start(`console.error('Unknown savevm section'); process.exit(1);`)).rejects.toMatchObject({
      code: 'MACHINE_FAILED',
      message: 'QEMU ended when it was to run n1: its exit code is 1',
      output: 'Unknown savevm section',
    });
  });
});

describe('the program in a saved machine', () => {
  const text = readFileSync(AGENT, 'utf8');

  it('compiles, with modules that every Debian has', () => {
    execFileSync('perl', ['-c', fileURLToPath(AGENT)], { stdio: 'pipe' });
    const modules = [...text.matchAll(/^use ([\w:]+)/gm)].map((match) => match[1]);
    // Source: the package perl-base, which is essential.
    expect(new Set(modules)).toEqual(new Set(['strict', 'warnings', 'constant', 'IO::Socket::UNIX']));
  });
});

describe('an order to a guest', () => {
  /** A guest that answers with a function of the order. */
  async function guest(answer: (line: string) => string | undefined): Promise<string> {
    const socketPath = join(mkdtempSync(join(folder, 'port-')), 'id');
    const server = createServer((socket) => {
      socket.once('data', (line) => {
        const text = answer(line.toString());
        if (text === undefined) socket.destroy();
        else socket.write(text);
      });
    });
    await new Promise<void>((resolve) => server.listen(socketPath, resolve));
    server.unref();
    return socketPath;
  }

  it('is one line, and so is its answer', async () => {
    const socketPath = await guest((line) => `got ${line}more`);
    expect(await order({ socketPath, line: 'become\ta=b', deadlineMs: 5_000, signal, fix: 'none' })).toBe(
      'got become\ta=b',
    );
  });

  it.each([
    ['the port is closed', () => undefined, /QEMU closed the port/],
    ['the guest does not answer in time', () => 'no end of line', /no answer within 0.2 s/],
    ['the answer does not end', () => 'x'.repeat(5_000), /has no end/],
  ])('fails when %s', async (_what, answer, message) => {
    const socketPath = await guest(answer);
    await expect(order({ socketPath, line: 'forget', deadlineMs: 200, signal, fix: 'none' })).rejects.toThrow(message);
  });
});
