import { mkdtempSync, rmSync, writeFileSync, readdirSync, existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../lib/async/clock.ts';
import type { Cluster } from '../../lib/config/model.ts';
import { loadProvider } from '../../lib/providers/index.ts';
import type { Provider, ProviderIo } from '../../lib/contracts/provider.ts';
import { localCommands } from '../../lib/remote/local.ts';
import { readBanner } from '../../lib/remote/sockets.ts';
import { providerContract } from '../../lib/testing/index.ts';
import { clusterOf } from '../support/cluster.ts';
import { needPackages } from '../support/packages.ts';
import { StandIn } from '../support/virtualbox.ts';

const never = new AbortController().signal;
const io: ProviderIo = { signal: never, report: () => undefined, warn: () => undefined };

/** A cluster on the stand-in, whose machines are SSH greetings at addresses of a bridge on this computer. */
class Stage {
  readonly folder = mkdtempSync(join(tmpdir(), 'swarmup-vbox-'));
  readonly standIn: StandIn;
  readonly env: Record<string, string>;

  constructor(version = '7.0.20') {
    this.standIn = new StandIn(this.folder, { version });
    writeFileSync(join(this.folder, 'image.raw'), Buffer.alloc(1_048_576));
    this.env = { SWARMUP_CACHE_DIR: join(this.folder, 'cache'), PATH: process.env['PATH'] ?? '' };
  }

  cluster(name = 'box', network = '192.168.60.0/24'): Promise<Cluster> {
    return clusterOf(`name: ${name}
provider: { type: virtualbox, image: { path: ${this.folder}/image.raw }, vboxManage: ${this.standIn.program}, network: ${network} }
nodes: { managers: 1, workers: 2 }
services:
  web: { image: nginx, ports: ['80:80'] }
`);
  }

  async provider(cluster: Cluster): Promise<Provider> {
    const create = await loadProvider(cluster.provider);
    const local = localCommands(() => undefined, this.env);
    return create({ cluster, clock: systemClock, local, env: this.env, mayInstall: false });
  }

  close(): void {
    this.standIn.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

beforeAll(() => needPackages('qemu-utils', 'iproute2'), 120_000);

describe.each(['6.1.50', '7.0.20'])('the virtualbox provider with the options of %s', (version) => {
  const stage = new Stage(version);
  let cluster: Cluster;
  let provider: Provider;
  beforeAll(async () => {
    cluster = await stage.cluster();
    provider = await stage.provider(cluster);
  });
  afterAll(() => stage.close());

  const answers = async (host: string, port: number) => 'banner' in (await readBanner(host, port, 5_000, never));
  providerContract({ it, expect }, () => ({ provider, node: cluster.nodes[0]!, port: 80, answers }));

  it('leaves only the image behind', () => {
    const { vms, interfaces } = stage.standIn.box.state;
    expect(vms.map(({ group }) => group)).toEqual(['/swarmup-images']);
    expect(interfaces).toEqual([]);
  });
});

describe('machines of VirtualBox', () => {
  it('are created in parallel, in the group of their cluster, each with its own address', async () => {
    const stage = new Stage();
    const cluster = await stage.cluster();
    const provider = await stage.provider(cluster);
    const made = await Promise.all(cluster.nodes.map((node) => provider.create(node, io)));
    expect(made.map(({ address }) => address)).toEqual(['192.168.60.11', '192.168.60.12', '192.168.60.13']);
    expect(stage.standIn.box.state.vms.map(({ name, group }) => `${group} ${name}`).toSorted()).toEqual([
      '/swarmup-images swarmup-image-' +
        stage.standIn.box.state.vms.find(({ group }) => group === '/swarmup-images')?.name.slice(14),
      '/swarmup/box swarmup-box-manager1',
      '/swarmup/box swarmup-box-worker1',
      '/swarmup/box swarmup-box-worker2',
    ]);
    // Another cluster in the same network, and the way to find this one without its folder.
    const other = await stage.cluster('other');
    const beside = await stage.provider(other);
    const [node] = other.nodes;
    expect((await beside.create(node!, io)).address).toBe('192.168.60.14');
    expect((await beside.list(never)).map(({ name }) => name)).toEqual(['manager1']);
    rmSync(dirname(cluster.file), { recursive: true, force: true });
    const later = await stage.provider(cluster);
    expect((await later.list(never)).map(({ name, state }) => `${name} ${state}`).toSorted()).toEqual([
      'manager1 running',
      'worker1 running',
      'worker2 running',
    ]);
    for (const { name } of cluster.nodes) await later.destroy(name, io);
    await later.destroyShared(io);
    // The other cluster still needs the network.
    expect(stage.standIn.box.state.interfaces).toHaveLength(1);
    stage.close();
  });

  it('are recreated when they were half-made', async () => {
    const stage = new Stage();
    const cluster = await stage.cluster();
    const [node] = cluster.nodes;
    stage.standIn.box.fail = { command: 'modifyvm', words: 'the power went out' };
    const failing = (await stage.provider(cluster)).create(node!, io);
    await expect(failing).rejects.toMatchObject({
      code: 'MACHINE_FAILED',
      output: expect.stringContaining('the power went out'),
    });
    stage.standIn.box.fail = undefined;
    const provider = await stage.provider(cluster);
    const [half] = await provider.list(never);
    expect(half).toMatchObject({ name: 'manager1', state: 'lost' });
    expect(provider.plan(node!, half)).toMatchObject([{ action: 'update' }]);
    expect(await provider.create(node!, io)).toMatchObject({ state: 'running' });
    stage.close();
  });

  it('are created when files of an earlier one are in the way, and when the interface is missing', async () => {
    const stage = new Stage();
    const cluster = await stage.cluster();
    const provider = await stage.provider(cluster);
    const [node] = cluster.nodes;
    await provider.create(node!, io);
    await provider.stop(node!.name, io);
    // The interface was removed while the machine was off.
    const [made] = stage.standIn.box.state.interfaces;
    await stage.standIn.by('hostonlyif', 'remove', made!.name);
    expect(await (await stage.provider(cluster)).create(node!, io)).toMatchObject({ state: 'running' });
    // A machine was unregistered without deleting its files.
    await provider.stop(node!.name, io);
    await stage.standIn.by('unregistervm', 'swarmup-box-manager1');
    expect(existsSync(join(cluster.stateDir, 'machines/swarmup/box/swarmup-box-manager1'))).toBe(true);
    expect(await (await stage.provider(cluster)).create(node!, io)).toMatchObject({ state: 'running' });
    expect(readdirSync(join(cluster.stateDir, 'machines/swarmup/box'))).toEqual(['swarmup-box-manager1']);
    stage.close();
  });

  it.each([
    [
      'startvm',
      'VirtualBox can’t operate in VMX root mode. Please disable the KVM kernel extension (VERR_VMX_IN_VMX_ROOT_MODE)',
      'another hypervisor, most likely KVM, uses the processor',
      'modprobe -r kvm_intel',
    ],
    [
      'startvm',
      'VT-x is not available (VERR_VMX_NO_VMX)',
      'hardware virtualisation is not available',
      'Enable VT-x or AMD-V',
    ],
    [
      'startvm',
      'The VirtualBox Linux kernel driver is either not loaded or not set up correctly (VERR_VM_DRIVER_NOT_INSTALLED)',
      'kernel modules are not loaded',
      '/sbin/vboxconfig',
    ],
    [
      'startvm',
      "The machine 'x' is already locked by a session (or being locked or unlocked)",
      'VirtualBox is busy',
      'Wait a moment and run again',
    ],
    [
      'clonevm',
      "Machine settings file '/x/y.vbox' already exists",
      'files of a machine that VirtualBox no longer knows',
      'Remove the folder',
    ],
    ['clonevm', 'VERR_DISK_FULL', 'the disk is full', 'Free space'],
    [
      'clonevm',
      'something nobody has seen before',
      "couldn't create the clone of manager1",
      'Correct what VBoxManage reports',
    ],
  ])('explain why %s failed: %s', async (command, words, message, fix) => {
    const stage = new Stage();
    const cluster = await stage.cluster();
    stage.standIn.box.fail = { command, words };
    const failing = (await stage.provider(cluster)).create(cluster.nodes[0]!, io);
    await expect(failing).rejects.toThrow(message);
    await expect(failing).rejects.toMatchObject({
      fix: expect.stringContaining(fix),
      output: expect.stringContaining(words),
    });
    stage.close();
  });

  it('report a network that VirtualBox does not allow, and leave no interface behind', async () => {
    const stage = new Stage();
    const cluster = await stage.cluster('box', '10.20.30.0/24');
    const failing = (await stage.provider(cluster)).create(cluster.nodes[0]!, io);
    await expect(failing).rejects.toMatchObject({
      message: expect.stringContaining('only networks in 192.168.56.0/21'),
      fix: expect.stringContaining('/etc/vbox/networks.conf'),
    });
    expect(stage.standIn.box.state.interfaces).toEqual([]);
    stage.close();
  });

  it('need VirtualBox 6.1, and an image in a supported format', async () => {
    const old = new Stage('5.2.44');
    await expect(old.provider(await old.cluster())).rejects.toMatchObject({
      code: 'PACKAGE_MISSING',
      message: expect.stringContaining('6.1 or newer is needed'),
    });
    old.close();
    const stage = new Stage();
    writeFileSync(join(stage.folder, 'x.qcow2'), 'QFI\xfb and more', 'latin1');
    const cluster = await clusterOf(`name: box
provider: { type: virtualbox, image: { path: ${stage.folder}/x.qcow2 }, vboxManage: ${stage.standIn.program} }
`);
    await expect((await stage.provider(cluster)).create(cluster.nodes[0]!, io)).rejects.toMatchObject({
      fix: expect.stringContaining('qemu-img convert -O vdi'),
    });
    stage.close();
  });
});
