import { mkdir, readFile, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ProviderIo, ProviderOptions } from '../../../contracts/provider.ts';
import { credentialsFor } from '../../../images/credentials.ts';
import { generateKeyPair } from '../../../remote/keys.ts';
import { endProcess } from '../../../remote/processes.ts';
import { saveState } from '../../../remote/save-state.ts';
import { SshHost } from '../../../remote/ssh.ts';
import { SwarmupError } from '../../../util/errors.ts';
import { removeOwn } from '../../../util/remove.ts';
import { clusterKey } from '../../cluster-key.ts';
import { untilAnswers } from '../answering.ts';
import { workFolder } from '../build.ts';
import { createLayer, requireFree } from '../disk.ts';
import { writeSeed } from '../guest.ts';
import { Inventory, sshOf } from '../inventory.ts';
import { IDENTITY_PORT } from '../launch.ts';
import { Layout, SSH_PORT } from '../layout.ts';
import type { QemuTools } from '../packages.ts';
import { Ports } from '../ports.ts';
import { startQemu } from '../process.ts';
import type { MachineRecord } from '../record.ts';
import { newestSegment } from '../segment/kind.ts';
import { makeSocketFolder, removeSocketFolders } from '../sockets.ts';
import { BOOT_INSTEAD, carryOut } from './guest-order.ts';
import { supplyImages } from './images.ts';
import { AGENT, stateKey, stateKind, type StateParts } from './key.ts';
import { filesOf, StateStore, type SavedState } from './store.ts';
import { tryLoading } from './trial.ts';

/** The machine that is saved; it belongs to no cluster. */
const TEMPLATE = 'template';
/** What a machine writes to its disk until it is saved; measured: 16 MiB, and 60 MiB with cloud-init. */
const DISK_MIB = 200;

export interface Saving {
  readonly options: ProviderOptions;
  readonly cache: string;
  readonly tools: QemuTools;
  readonly parts: StateParts;
}

/**
 * The state that new machines of this kind start from: the one there is, or a new one.
 *
 * @throws SwarmupError MACHINE_FAILED when none can be made, or this computer can't load it
 */
export async function savedState(saving: Saving, io: ProviderIo): Promise<SavedState> {
  const { cache, parts, options } = saving;
  const store = new StateStore(cache, options.clock);
  const key = await stateKey(parts);
  const found = await store.find(key);
  if (found) return found;
  const before = await store.refused(key);
  if (before !== undefined) throw unusable(before);
  await makeState(saving, key, store, io);
  await store.prune(key);
  const made = await store.find(key);
  if (made) return made;
  throw unusable((await store.refused(key)) ?? 'it disappeared after it was saved');
}

function unusable(reason: string): SwarmupError {
  return new SwarmupError('MACHINE_FAILED', `this computer can't start machines from a saved state: ${reason}`, {
    fix: `${BOOT_INSTEAD} 'swarmup cache clear' removes states that no machine uses; the next run then tries again.`,
  });
}

/** Boots a machine, removes everything that is its own, and saves it while it runs. */
async function makeState(saving: Saving, key: string, store: StateStore, io: ProviderIo): Promise<void> {
  const { options, cache, parts } = saving;
  const { local } = options;
  await requireSpace(cache, parts);
  const work = await workFolder(cache);
  const layout = new Layout({ name: 'saving', stateDir: join(work, 'machine') });
  const told: ProviderIo = {
    ...io,
    report: (detail, progress) => io.report(`saving a machine state (once): ${detail}`, progress),
  };
  const inventory = new Inventory(layout, local);
  const result = filesOf(join(work, 'result'));
  try {
    await makeSocketFolder(layout.socketFolders);
    await mkdir(result.folder, { mode: 0o700 });
    const record = await boot(saving, layout, told);
    await untilAnswers({ layout, inventory, clock: options.clock }, record, told);
    await fill(saving, layout, record, told);
    told.report('removing its identity');
    const what = 'the machine could not be prepared for saving';
    await carryOut(layout, TEMPLATE, 'forget', { what, signal: io.signal });
    await saveState({
      qmpSocket: layout.qmpSocket(TEMPLATE),
      transferSocket: layout.transferSocket(TEMPLATE),
      file: result.memory,
      clock: options.clock,
      signal: io.signal,
      onProgress: (progress) => told.report('writing its memory', progress),
      fix: BOOT_INSTEAD,
    });
    await end(inventory);
    await rename(layout.disk(TEMPLATE), result.disk);
    // Loading is known to work under emulation only.
    if (parts.accelerator !== 'tcg') {
      const refused = await tryLoading({ ...saving, layout, record, ...result }, told);
      if (refused !== undefined) return await store.refuse(key, refused);
    }
    const macs = { uplink: layout.mac(TEMPLATE, 'uplink'), segment: layout.mac(TEMPLATE, 'segment') };
    await store.publish(result.folder, key, { image: parts.image.disk, kind: stateKind(parts), macs });
  } finally {
    await end(inventory);
    await removeSocketFolders(layout.socketFolders);
    await removeOwn(work);
  }
}

/** @throws SwarmupError MACHINE_FAILED when the file system of the cache has less room than a state may take */
async function requireSpace(cache: string, { memoryMiB, images }: StateParts): Promise<void> {
  const archives = await Promise.all(images.archives.map((file) => stat(file)));
  // Unpacked layers take more than their archive, which may be compressed.
  const unpacked = archives.reduce((sum, { size }) => sum + 4 * size, 0);
  const needed = (memoryMiB + DISK_MIB) * 2 ** 20 + unpacked;
  const fix = `Free disk space, or put the cache elsewhere (SWARMUP_CACHE_DIR). ${BOOT_INSTEAD}`;
  await requireFree(cache, needed, 'a machine state', fix);
}

async function boot({ options, tools, parts }: Saving, layout: Layout, io: ProviderIo): Promise<MachineRecord> {
  const { local } = options;
  const { image, accelerator, cpus, memoryMiB, diskMiB } = parts;
  await mkdir(layout.dir(TEMPLATE), { recursive: true, mode: 0o700 });
  const layer = { path: layout.disk(TEMPLATE), below: image, sizeMiB: diskMiB };
  await createLayer({ local, qemuImg: tools.qemuImg, signal: io.signal }, layer);
  const hostKey = generateKeyPair(TEMPLATE);
  const authorizedKey = await clusterKey(layout.identityFile, layout.cluster);
  await writeSeed(layout, { name: TEMPLATE, address: '', authorizedKey, hostKey }, image.configure);
  const record = { name: TEMPLATE, address: '', cpus, memoryMiB, accelerator, boot: image, forwards: {} };
  // It has no peers: where it could listen for a hub, nothing connects.
  const segment = newestSegment(tools.versionLine);
  const made: MachineRecord = { ...record, hostKey: hostKey.publicKey, segment };
  const forwards = await new Ports(layout).choose(made, [String(SSH_PORT)], 'stopped');
  const started = { ...made, forwards };
  await startQemu({ layout, record: started, platform: tools.platform, clock: options.clock, signal: io.signal });
  return started;
}

/** Source: moby, contrib/check-config.sh, "Network Drivers" and IPVS. */
const SWARM_MODULES = ['overlay', 'br_netfilter', 'vxlan', 'ip_vs', 'ip_vs_rr', 'veth', 'dummy'];

/** Everything that runs on its own has run once: what a restored machine does later is in memory then. */
const PREPARE = [
  'if command -v cloud-init; then cloud-init status --wait; fi',
  'if systemctl cat docker.service; then systemctl start docker.service; fi',
  // What Swarm's networks need: loading it later would cost each machine time.
  `modprobe -qa ${SWARM_MODULES.join(' ')} || true`,
  'mkdir -p -m 700 /run/swarmup',
  'cat > /run/swarmup/agent.pl',
  'perl -c /run/swarmup/agent.pl',
  `systemd-run --unit=swarmup-agent perl /run/swarmup/agent.pl /dev/virtio-ports/${IDENTITY_PORT}`,
].join('\n');

/** Puts in the machine what every node will need, and the agent. */
async function fill({ options, parts }: Saving, layout: Layout, record: MachineRecord, io: ProviderIo): Promise<void> {
  io.report('waiting for Docker');
  const ssh = sshOf(layout, record);
  const host = await SshHost.connect(TEMPLATE, ssh, { emit: () => undefined, signal: io.signal });
  try {
    await host.run(['sh', '-ec', PREPARE], { input: await readFile(AGENT, 'utf8'), signal: io.signal });
    await supplyImages(host, parts.images, credentialsFor(options.cluster, options), io);
  } finally {
    host.close();
  }
}

async function end(inventory: Inventory): Promise<void> {
  for (const pid of (await inventory.running()).values()) endProcess(pid, 'SIGKILL');
}
