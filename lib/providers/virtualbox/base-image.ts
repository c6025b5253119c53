import { createHash } from 'node:crypto';
import { mkdir, open, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { SwarmupError } from '../../util/errors.ts';
import { cacheFolder } from '../../util/files.ts';
import { removeInside } from '../../util/remove.ts';
import { ownImageFile } from '../custom-image.ts';
import type { ProviderIo, ProviderOptions } from '../../contracts/provider.ts';
import type { VirtualboxConfig } from './config.ts';
import type { Manage } from './manage.ts';
import { BASE_GROUP, baseName, SNAPSHOT } from './names.ts';

/**
 * The formats that VirtualBox can convert into its own. Source: the manual, "VBoxManage clonemedium" and
 * "convertfromraw".
 */
const CLONABLE = ['.vdi', '.vmdk', '.vhd'] as const;

/**
 * The machine of which all others are linked clones: the image imported once, with a snapshot. It is kept for later
 * clusters, like images.
 *
 * @returns its name
 */
export async function baseMachine(
  manage: Manage,
  config: VirtualboxConfig,
  options: ProviderOptions,
  io: ProviderIo,
): Promise<string> {
  const image = await imageFile(config, options, io);
  const { size, mtimeMs } = await stat(image);
  const hash = createHash('sha256')
    .update(JSON.stringify([image, size, mtimeMs, config.disk]))
    .digest('hex')
    .slice(0, 12);
  const name = baseName(hash);
  const known = await manage.run('list its machines', ['list', 'vms'], io.signal);
  if (known.includes(`"${name}"`)) {
    if (await hasSnapshot(manage, name, io.signal)) return name;
    // An earlier run was interrupted halfway.
    await manage.run(`remove the incomplete ${name}`, ['unregistervm', name, '--delete'], io.signal);
  }
  io.report('importing the image');
  await make(
    manage,
    { name, image, disk: config.disk, folder: join(cacheFolder(options.env), 'virtualbox') },
    io.signal,
  );
  return name;
}

async function hasSnapshot(manage: Manage, name: string, signal: AbortSignal): Promise<boolean> {
  const info = await manage.run(`show ${name}`, ['showvminfo', name, '--machinereadable'], signal);
  return info.includes(`SnapshotName="${SNAPSHOT}"`);
}

interface Base {
  readonly name: string;
  readonly image: string;
  /** MiB. */
  readonly disk: number;
  readonly folder: string;
}

async function make(manage: Manage, { name, image, disk, folder }: Base, signal: AbortSignal): Promise<void> {
  const run = (what: string, ...argv: readonly string[]) => manage.run(what, argv, signal);
  // Remains of an interrupted run, which VirtualBox would take for an existing machine.
  await removeInside(folder, join(folder, BASE_GROUP.slice(1), name));
  await mkdir(folder, { recursive: true });
  const own = ['--ostype=Linux_64', `--groups=${BASE_GROUP}`, `--basefolder=${folder}`, '--register'];
  await run('create the machine of the image', 'createvm', `--name=${name}`, ...own);
  try {
    const medium = join(folder, BASE_GROUP.slice(1), name, `${name}.vdi`);
    const clonable = CLONABLE.some((extension) => extension === extname(image).toLowerCase());
    const convert = clonable ? ['clonemedium', 'disk', image, medium] : ['convertfromraw', image, medium];
    await run('read the image', ...convert, '--format=VDI');
    await run('resize the image', 'modifymedium', 'disk', medium, `--resize=${disk}`);
    await run('add a controller', 'storagectl', name, '--name=SATA', '--add=sata', '--portcount=2');
    await run(
      'attach the disk',
      'storageattach',
      name,
      '--storagectl=SATA',
      '--port=0',
      '--type=hdd',
      `--medium=${medium}`,
    );
    await run('take a snapshot', 'snapshot', name, 'take', SNAPSHOT);
  } catch (error) {
    await manage.run(`remove the incomplete ${name}`, ['unregistervm', name, '--delete']);
    throw error;
  }
}

async function imageFile(
  { image }: VirtualboxConfig,
  { cluster, env }: ProviderOptions,
  io: ProviderIo,
): Promise<string> {
  const file = await ownImageFile(image, { cluster, cache: cacheFolder(env) }, io);
  if (/\.(qcow2|img)$/i.test(file) && (await isQcow2(file)))
    throw new SwarmupError('CONFIG_INVALID', `${file} is a QCOW2 image, which VirtualBox can't read`, {
      fix: `Convert it: qemu-img convert -O vdi ${file} image.vdi; or take the distribution's VMDK or raw image.`,
    });
  return file;
}

async function isQcow2(file: string): Promise<boolean> {
  const handle = await open(file);
  try {
    const { buffer } = await handle.read(Buffer.alloc(4), 0, 4, 0);
    return buffer.toString('latin1') === 'QFI\xfb';
  } finally {
    await handle.close();
  }
}
