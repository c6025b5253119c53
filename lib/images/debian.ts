import { mkdtemp, mkdir, readFile, readlink, rename, stat, lstat, cp } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { removeOwn } from '../util/remove.ts';
import { SwarmupError } from '../util/errors.ts';
import type { LocalCommands } from '../contracts/local-commands.ts';
import { writeArchive, type NewImage } from './archive.ts';

export interface DebianImage {
  /** The images to make from one root file system. */
  readonly images: readonly NewImage[];
  readonly suite: string;
  readonly packages: readonly string[];
  /** Programs; their libraries are included. */
  readonly programs: readonly string[];
  /** Additional files and folders of the packages. */
  readonly files: readonly string[];
  /** Writes files that aren't in the packages. Gets the folder that becomes the root file system. */
  readonly finish: (root: string) => Promise<void>;
}

export interface DebianImageTools {
  readonly local: LocalCommands;
  readonly mirror: string;
  readonly signal: AbortSignal;
  readonly report: (detail: string) => void;
}

/**
 * Builds a small image from Debian packages: the programs, the libraries they load, and the named files. For networks
 * without a registry; it needs mmdebstrap, but not Docker.
 */
export async function buildDebianImage(image: DebianImage, file: string, tools: DebianImageTools): Promise<void> {
  const { local, signal } = tools;
  await mkdir(dirname(file), { recursive: true });
  const work = await mkdtemp(`${file}.building-`);
  const packages = join(work, 'packages');
  const root = join(work, 'root');
  try {
    tools.report(`building ${image.images.map((one) => one.name).join(' and ')} from Debian packages`);
    const source = `deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ${tools.mirror} ${image.suite} main`;
    await local.run(
      [
        'mmdebstrap',
        '--variant=extract',
        '--format=tar',
        '--aptopt=Acquire::Languages "none"',
        '--aptopt=APT::Install-Recommends "false"',
        `--include=${image.packages.join(',')}`,
        image.suite,
        `${packages}.tar`,
        source,
      ],
      { signal },
    );
    await mkdir(packages);
    await mkdir(root);
    await local.run(['tar', '-C', packages, '--no-same-owner', '--exclude=./dev/*', '-xf', `${packages}.tar`], {
      signal,
    });
    const libraries = await Promise.all(image.programs.map((program) => librariesOf(packages, program, local)));
    for (const path of new Set([...image.programs, ...libraries.flat(), ...image.files]))
      await copyInto(packages, root, path);
    await image.finish(root);
    await local.run(
      [
        'tar',
        '-C',
        root,
        '--owner=0',
        '--group=0',
        '--numeric-owner',
        '--sort=name',
        '--mtime=@0',
        '-cf',
        `${root}.tar`,
        '.',
      ],
      { signal },
    );
    const part = join(work, 'image.tar');
    await writeArchive(part, await readFile(`${root}.tar`), image.images, process.arch === 'arm64' ? 'arm64' : 'amd64');
    await rename(part, file);
  } finally {
    await local.run(['chmod', '-R', 'u+rwX', work]);
    await removeOwn(work);
  }
}

/** The shared libraries a program loads, as paths in the packages, according to the packages' own dynamic linker. */
async function librariesOf(packages: string, program: string, local: LocalCommands): Promise<string[]> {
  const multiarch = process.arch === 'arm64' ? 'aarch64-linux-gnu' : 'x86_64-linux-gnu';
  const linker = process.arch === 'arm64' ? '/lib/ld-linux-aarch64.so.1' : '/lib64/ld-linux-x86-64.so.2';
  const folders = [`/lib/${multiarch}`, `/usr/lib/${multiarch}`].map((folder) => join(packages, folder)).join(':');
  const { stdout } = await local.run([
    await inside(packages, linker),
    '--library-path',
    folders,
    '--list',
    join(packages, program),
  ]);
  const found = stdout.split('\n').flatMap((line) => {
    const path = /=> (\S+) \(0x/.exec(line)?.[1];
    return path?.startsWith(packages) ? [path.slice(packages.length)] : [];
  });
  if (/not found/.test(stdout)) {
    throw new SwarmupError('IMAGE_BUILD_FAILED', `${program} needs a library that is not in its packages`, {
      fix: 'Report this as a bug, with the Debian release.',
      output: stdout,
    });
  }
  return [linker, ...found];
}

/** A path in the unpacked tree, on this computer; absolute links are resolved from the tree's root. */
async function inside(tree: string, path: string): Promise<string> {
  const full = join(tree, path);
  const info = await lstat(full);
  if (!info.isSymbolicLink()) return full;
  const target = await readlink(full);
  return target.startsWith('/') ? inside(tree, target) : join(dirname(full), target);
}

async function copyInto(packages: string, root: string, path: string): Promise<void> {
  const source = await inside(packages, path);
  const target = join(root, path);
  await mkdir(dirname(target), { recursive: true });
  const folder = (await stat(source)).isDirectory();
  await cp(source, target, { recursive: folder, dereference: true, preserveTimestamps: false });
}
