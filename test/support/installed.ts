import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join, relative } from 'node:path';
import { ROOT } from './cli.ts';

interface Packed {
  /** The path of the archive. */
  readonly archive: string;
  /** The paths of the files in the archive. */
  readonly files: readonly string[];
}

/** Builds and packs the npm package like `npm pack`. @param env the environment of the build */
export function packed(folder: string, env: Readonly<Record<string, string>>): Packed {
  const built = join(folder, 'built');
  execFileSync(process.execPath, ['scripts/package.ts', relative(ROOT, built)], {
    cwd: ROOT,
    stdio: 'inherit',
    env: { ...process.env, ...env },
  });
  const argv = ['pack', built, '--pack-destination', folder, '--json', '--offline'];
  const [{ filename, files }] = JSON.parse(execFileSync('npm', argv, { cwd: ROOT, encoding: 'utf8' }));
  return { archive: join(folder, filename), files: files.map(({ path }: { path: string }) => path) };
}

/**
 * Unpacks an archive into a folder's node_modules like `npm install --omit=dev`: with its dependencies, and without development
 * dependencies. Copies files, as links would lead TypeScript and Node.js back to everything in the checkout.
 */
export function installed(folder: string, archive: string): string {
  const modules = join(folder, 'node_modules');
  const home = join(modules, 'swarmup');
  mkdirSync(home, { recursive: true });
  execFileSync('tar', ['-xzf', archive, '-C', home, '--strip-components=1']);
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'));
  for (const [path, { dev = false }] of Object.entries<{ dev?: boolean }>(packages)) {
    // Packages nested in another one are copied with it.
    if (dev || path.lastIndexOf('node_modules/') !== 0 || !existsSync(join(ROOT, path))) continue;
    // Node.js itself is 120 MB, and imports nothing.
    if (path.startsWith('node_modules/node-linux-')) symlinkSync(join(ROOT, path), join(folder, path));
    else cpSync(join(ROOT, path), join(folder, path), { recursive: true });
  }
  mkdirSync(join(modules, '.bin'));
  symlinkSync(`../node-linux-${process.arch}/bin/node`, join(modules, '.bin/node'));
  return home;
}
