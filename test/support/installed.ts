import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join, relative } from 'node:path';
import { ROOT } from './cli.ts';

interface Packed {
  /** The archive's path. */
  readonly archive: string;
  /** The paths of the files in it. */
  readonly files: readonly string[];
}

/** The npm package as `npm pack` makes it, built and packed in a folder. @param env what the build finds in its environment */
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
 * Lays an archive out in node_modules of a folder as `npm install --omit=dev` does: with what the package depends on, and nothing that
 * is there for development alone. Copies, as a link would lead TypeScript and Node.js back to all that a checkout has.
 */
export function installed(folder: string, archive: string): string {
  const modules = join(folder, 'node_modules');
  const home = join(modules, 'swarmup');
  mkdirSync(home, { recursive: true });
  execFileSync('tar', ['-xzf', archive, '-C', home, '--strip-components=1']);
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'));
  for (const [path, { dev = false }] of Object.entries<{ dev?: boolean }>(packages)) {
    // Those inside of another package are copied with it.
    if (dev || path.lastIndexOf('node_modules/') !== 0 || !existsSync(join(ROOT, path))) continue;
    // Node.js itself is 120 MB, and imports nothing.
    if (path === 'node_modules/node') symlinkSync(join(ROOT, path), join(folder, path));
    else cpSync(join(ROOT, path), join(folder, path), { recursive: true });
  }
  mkdirSync(join(modules, '.bin'));
  symlinkSync('../node/bin/node', join(modules, '.bin/node'));
  return home;
}
