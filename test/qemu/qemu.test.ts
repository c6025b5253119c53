import { existsSync, mkdirSync, mkdtempSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findMirror, namedMirror, parseSources } from '../../lib/images/debian-mirror.ts';
import { localCommands } from '../../lib/remote/local.ts';
import { generateKeyPair } from '../../lib/remote/keys.ts';
import { workFolder } from '../../lib/providers/qemu/build.ts';
import { userData } from '../../lib/providers/cloud-init.ts';
import { guestPort } from '../../lib/providers/qemu/forwards.ts';
import { tmpfilesLines, writeSeed } from '../../lib/providers/qemu/guest.ts';
import { kernelArgs, launchArgs } from '../../lib/providers/qemu/launch.ts';
import { Layout } from '../../lib/providers/qemu/layout.ts';
import { findTools } from '../../lib/providers/qemu/packages.ts';
import { Ports } from '../../lib/providers/qemu/ports.ts';
import { readRecord, writeRecord, type MachineRecord } from '../../lib/providers/qemu/record.ts';
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';

const folder = () => mkdtempSync(join(tmpdir(), 'swarmup-qemu-'));
const record = (name: string): MachineRecord => ({
  name,
  address: '192.168.77.11',
  cpus: 1,
  memoryMiB: 1536,
  accelerator: 'tcg',
  boot: { disk: '/base.raw', format: 'raw', kernel: '/vmlinuz', initrd: '/initrd', configure: 'credentials' },
  hostKey: 'ssh-ed25519 AAAA',
  forwards: { '22': 20022, '80': 20080 },
});
const platform = { binary: '/usr/bin/qemu-system-x86_64', arch: 'x86_64' as const };

describe('a machine', () => {
  it('gets its identity through a file that only its owner can read, never through arguments', async () => {
    const layout = new Layout({ name: 'c', stateDir: folder() });
    const hostKey = generateKeyPair('host');
    const guest = { name: 'worker1', address: '192.168.77.12', authorizedKey: 'ssh-ed25519 CCCC', hostKey };
    await writeSeed(layout, guest, 'credentials');
    const file = join(layout.seed('worker1'), 'smbios');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const [, encoded = ''] = readFileSync(file, 'utf8').split('tmpfiles.extra=');
    const lines = Buffer.from(encoded, 'base64').toString();
    expect(lines).toContain(Buffer.from(hostKey.privateKey).toString('base64'));
    expect(lines.split('\n')).toEqual(tmpfilesLines(layout, guest));
    expect(launchArgs(layout, record('worker1'), platform).join(' ')).not.toContain('PRIVATE');
    expect(userData(guest)).toMatch(/^#cloud-config\n/);
  });

  it('listens on loopback only, on its own ports', () => {
    const layout = new Layout({ name: 'c', stateDir: '/state' });
    const args = launchArgs(layout, record('worker1'), platform).join(' ');
    expect(args).toContain('hostfwd=tcp:127.0.0.1:20022-:22,hostfwd=tcp:127.0.0.1:20080-:80');
    expect(args).toContain('localaddr=127.0.0.1');
    expect(args.match(/hostfwd=tcp:(?!127\.0\.0\.1)/)).toBeNull();
  });

  it('has unique addresses and ids', () => {
    const layout = new Layout({ name: 'c', stateDir: '/state' });
    const twin = new Layout({ name: 'c', stateDir: '/elsewhere' });
    const macs = ['a', 'b'].flatMap((node) => [
      layout.mac(node, 'uplink'),
      layout.mac(node, 'segment'),
      twin.mac(node, 'uplink'),
    ]);
    expect(new Set(macs).size).toBe(macs.length);
    expect(layout.machineId('a')).toMatch(/^[0-9a-f]{32}$/);
    expect(layout.machineId('a')).not.toBe(layout.machineId('b'));
    expect(layout.multicast()).not.toBe(twin.multicast());
    expect(layout.nodeOf(['qemu', '-name', `${layout.mark('worker1')},process=x`])).toBe('worker1');
    expect(layout.mark()).not.toBe(twin.mark());
  });

  it('has a kernel command line that avoids what is slow under emulation, and only then', () => {
    const layout = new Layout({ name: 'c', stateDir: '/state' });
    expect(kernelArgs(layout, record('a'), platform)).toContain('mitigations=off');
    expect(kernelArgs(layout, { ...record('a'), accelerator: 'kvm' }, platform)).not.toContain('mitigations=off');
  });

  it('has a record that is read back as written, and a damaged one is an error with a fix', async () => {
    const layout = new Layout({ name: 'c', stateDir: folder() });
    await writeRecord(layout, record('a'));
    expect(await readRecord(layout, 'a')).toEqual(record('a'));
    expect(await readRecord(layout, 'b')).toBeUndefined();
    writeFileSync(layout.record('a'), '{');
    await expect(readRecord(layout, 'a')).rejects.toMatchObject({
      code: 'MACHINE_FAILED',
      fix: expect.stringContaining('swarmup down'),
    });
  });
});

describe('a build folder', () => {
  it('is new, and creating it removes what killed runs left a day ago', async () => {
    const cache = folder();
    const old = await workFolder(cache);
    const recent = await workFolder(cache);
    utimesSync(old, 0, 0);
    await workFolder(cache);
    expect([existsSync(old), existsSync(recent)]).toEqual([false, true]);
  });
});

describe('ports', () => {
  it('are stable, and change when another process has taken one', async () => {
    const layout = new Layout({ name: 'c', stateDir: folder() });
    const ports = new Ports(layout);
    const first = await ports.choose({ ...record('a'), forwards: {} }, ['22', '80'], 'stopped');
    expect(new Set(Object.values(first)).size).toBe(2);
    expect(await ports.choose({ ...record('a'), forwards: first }, ['22', '80'], 'running')).toEqual(first);
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(first['80'], '127.0.0.1', resolve));
    const second = await ports.choose({ ...record('a'), forwards: first }, ['22', '80'], 'stopped');
    expect(second['22']).toBe(first['22']);
    expect(second['80']).not.toBe(first['80']);
    await new Promise((resolve) => taken.close(resolve));
  });

  it('of UDP are forwarded as such, and change when another process has taken the UDP port', async () => {
    const layout = new Layout({ name: 'c', stateDir: folder() });
    const ports = new Ports(layout);
    const guests = [guestPort(53, 'tcp'), guestPort(53, 'udp')];
    const first = await ports.choose({ ...record('a'), forwards: {} }, guests, 'stopped');
    expect(Object.keys(first)).toEqual(['53', '53/udp']);
    const args = launchArgs(layout, { ...record('a'), forwards: first }, platform).join(' ');
    expect(args).toContain(`hostfwd=tcp:127.0.0.1:${first['53']}-:53,hostfwd=udp:127.0.0.1:${first['53/udp']}-:53`);
    const taken = createSocket('udp4');
    await new Promise<void>((resolve) => taken.bind(first['53/udp'], '127.0.0.1', () => resolve()));
    const second = await ports.choose({ ...record('a'), forwards: first }, guests, 'stopped');
    expect(second['53']).toBe(first['53']);
    expect(second['53/udp']).not.toBe(first['53/udp']);
    await new Promise<void>((resolve) => taken.close(() => resolve()));
  });
});

describe('the Debian mirror', () => {
  it.each([
    [
      'debian.sources',
      'Types: deb\nURIs: http://mirror.test/debian\nSuites: bookworm bookworm-updates\nComponents: main\n\nTypes: deb\nURIs: http://mirror.test/debian-security\nSuites: bookworm-security\n',
      { main: 'http://mirror.test/debian', security: 'http://mirror.test/debian-security' },
    ],
    [
      'old.list',
      '# comment\ndeb [signed-by=/k arch=amd64] http://old.test/debian trixie main\ndeb http://old.test/security trixie-security main\n',
      { main: 'http://old.test/debian', security: 'http://old.test/security' },
    ],
    [
      'other.list',
      'deb https://vendor.test/apt stable main\ndeb http://third.test/deb nodistro main\n',
      { main: 'https://vendor.test/apt' },
    ],
  ])('is read from %s', async (name, text, expected) => {
    const etc = folder();
    mkdirSync(join(etc, 'sources.list.d'));
    writeFileSync(join(etc, 'sources.list.d', name), text);
    expect(await findMirror(undefined, etc)).toEqual(expected);
  });

  it('is the one that a provider names, whichever of several providers it is', () => {
    const qemu = { type: 'qemu', config: { type: 'qemu', mirror: 'http://mine.test/debian' } };
    const hosts = { type: 'hosts', config: { type: 'hosts' } };
    expect(namedMirror(qemu)).toBe('http://mine.test/debian');
    expect(namedMirror(hosts)).toBeUndefined();
    const parts = { here: hosts, there: qemu };
    expect(namedMirror({ type: 'several', config: undefined, parts })).toBe('http://mine.test/debian');
  });

  it('is taken from the cluster file first, and a missing one is an error with a fix', async () => {
    expect(await findMirror('http://mine.test/debian')).toEqual({ main: 'http://mine.test/debian' });
    await expect(findMirror(undefined, folder())).rejects.toMatchObject({
      code: 'IMAGE_BUILD_FAILED',
      fix: expect.stringContaining('provider.mirror'),
    });
    expect(parseSources('x.sources', 'Types: deb\nEnabled: no\nURIs: http://a.test\nSuites: bookworm\n')).toEqual([]);
  });
});

describe('missing system programs', () => {
  const io = { signal: new AbortController().signal, report: () => undefined, warn: () => undefined };
  const without = (manager: string) => ({
    ...localCommands(() => undefined, {}),
    which: async (name: string) => (name === manager ? `/usr/bin/${name}` : undefined),
  });

  it.each([
    [
      'apt-get',
      /Run: sudo apt-get install -y -q --no-install-recommends qemu-system-x86 seabios ipxe-qemu qemu-utils mmdebstrap/,
    ],
    ['dnf', /Run: sudo dnf install -y qemu-system-x86 qemu-img/],
    ['brew', /Run: brew install qemu\n/],
  ])('are reported with the command of %s', async (manager, fix) => {
    if (process.arch !== 'x64') return;
    await expect(findTools({ local: without(manager), root: false, mayInstall: false }, io)).rejects.toMatchObject({
      code: 'PACKAGE_MISSING',
      fix: expect.stringMatching(fix),
    });
  });
});
