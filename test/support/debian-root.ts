import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { findMirror } from '../../lib/images/debian-mirror.ts';
import { cacheFolder } from '../../lib/util/files.ts';
import { publish } from '../../lib/providers/qemu/build.ts';
import { needPackages } from './packages.ts';

const SUITE = 'trixie';

export interface RootContents {
  readonly packages: readonly string[];
  /** Contents of files by their absolute paths in the folder. */
  readonly files?: Readonly<Record<string, string>>;
  /** Commands to run in the folder, once. */
  readonly commands?: readonly (readonly string[])[];
}

/** A folder with Debian 13, created once and kept in the cache: programs run in it by chroot. */
export async function debianRoot(name: string, { packages, files = {}, commands = [] }: RootContents): Promise<string> {
  if (userInfo().uid !== 0) throw new Error('these tests run programs in a chroot, which only root can');
  needPackages('mmdebstrap');
  const mirror = await findMirror(undefined);
  const contents = JSON.stringify([SUITE, packages, files, commands]);
  const parent = join(cacheFolder(process.env), name);
  const root = join(parent, createHash('sha256').update(contents).digest('hex').slice(0, 12));
  if (existsSync(root)) return root;
  mkdirSync(parent, { recursive: true });
  const work = mkdtempSync(join(parent, '.building-'));
  const made = join(work, 'root');
  try {
    const source = `deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ${mirror.main} ${SUITE} main`;
    const argv = ['--variant=apt', '--aptopt=APT::Install-Recommends "false"', `--include=${packages.join(',')}`];
    execFileSync('mmdebstrap', [...argv, SUITE, made, source], { stdio: 'ignore' });
    for (const [path, text] of Object.entries(files)) writeFileSync(join(made, path), text);
    for (const command of commands) execFileSync('chroot', [made, ...command], { stdio: 'pipe' });
    await publish(made, root);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return root;
}
