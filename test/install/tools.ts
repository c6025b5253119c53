import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheFolder } from '../../lib/util/files.ts';

const OWN = fileURLToPath(new URL('tools', import.meta.url));

/** The versions of Node.js and of package managers in tools/package-lock.json, installed once per computer. @returns node_modules */
export function tools(): string {
  const lock = readFileSync(join(OWN, 'package-lock.json'), 'utf8');
  const home = `${cacheFolder(process.env)}-tests/install`;
  const installed = join(home, 'package-lock.json');
  if (existsSync(installed) && readFileSync(installed, 'utf8') === lock) return join(home, 'node_modules');
  mkdirSync(dirname(home), { recursive: true });
  const fresh = mkdtempSync(`${home}-`);
  try {
    for (const name of ['package.json', 'package-lock.json']) cpSync(join(OWN, name), join(fresh, name));
    const argv = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
    execFileSync('npm', argv, { cwd: fresh, stdio: 'inherit' });
    rmSync(home, { recursive: true, force: true });
    renameSync(fresh, home);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
  return join(home, 'node_modules');
}
