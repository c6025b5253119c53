import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { ROOT } from './support/cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'swarmup-launcher-'));
const home = join(folder, 'checkout');
const log = join(folder, 'npm.log');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The package with Node.js for this system. */
const NODE_PACKAGE = `node-${process.platform}-${process.arch}`;

function program(path: string, text: string): void {
  writeFileSync(path, `#!/bin/sh\n${text}`);
  chmodSync(path, 0o755);
}

/** Starts the launcher of a fresh checkout. @returns its output or its failure */
function launch(more: NodeJS.ProcessEnv = {}): Promise<string> {
  const env = { ...process.env, PATH: `${folder}:${process.env['PATH'] ?? ''}`, ...more };
  return new Promise((resolve) => {
    execFile(join(home, 'swarmup'), ['status'], { env }, (error, stdout, stderr) =>
      resolve(error ? `failed: ${stderr}` : stdout),
    );
  });
}

const installations = () => (existsSync(log) ? readFileSync(log, 'utf8').split('\n').length - 1 : 0);

// A stand-in for npm, which is slow and installs a stand-in for Node.js, as the package for this system does.
beforeEach(() => {
  rmSync(home, { recursive: true, force: true });
  rmSync(log, { force: true });
  mkdirSync(home);
  cpSync(join(ROOT, 'swarmup'), join(home, 'swarmup'));
  writeFileSync(join(home, 'package-lock.json'), '{}');
  program(join(folder, 'node'), 'shift 2; echo "node runs $*"\n');
  program(
    join(folder, 'npm'),
    `echo "$*" >> ${log}
rm -rf node_modules
sleep 1
mkdir -p node_modules/${NODE_PACKAGE}/bin
cp ${join(folder, 'node')} node_modules/${NODE_PACKAGE}/bin/node
echo '{}' > node_modules/.package-lock.json
`,
  );
});

describe('the launcher of a checkout', () => {
  it('installs the packages once, however many processes start at the same time', async () => {
    const printed = await Promise.all([launch(), launch(), launch()]);
    expect(printed.map((text) => text.trim())).toEqual(Array(3).fill(`node runs ${home}/lib/cli/bin.ts status`));
    expect(installations()).toBe(1);
    expect(existsSync(join(home, '.installing'))).toBe(false);
  });

  it('takes over from a killed installation', async () => {
    mkdirSync(join(home, '.installing'));
    // No process has this id: Linux's maximum is lower.
    writeFileSync(join(home, '.installing/pid'), '4194305');
    expect(await launch()).toContain('node runs');
    expect(installations()).toBe(1);
  });

  it('reports a failed installation, and leaves no lock behind', async () => {
    program(join(folder, 'npm'), 'exit 7\n');
    expect(await launch()).toMatch(/failed: .*'npm ci' failed in/s);
    expect(existsSync(join(home, '.installing'))).toBe(false);
  });

  it('says why it can’t install its packages where it may not write', () => {
    // A read-only bind mount stops root as well.
    const argv = [
      '-m',
      'sh',
      '-c',
      'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && "$0/swarmup" status',
      home,
    ];
    const { status, stderr } = spawnSync('unshare', argv, { encoding: 'utf8', timeout: 20_000 });
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: `swarmup: its packages can't be installed: mkdir: cannot create directory ‘${home}/.installing’: Read-only file system. Make ${home} writable for root, or run 'npm ci' there as its owner.\n`,
    });
  });

  it('uses the Node.js of the system if there is none among the packages, or none that can run here', async () => {
    await launch();
    rmSync(join(home, 'node_modules', NODE_PACKAGE), { recursive: true });
    // The stand-in ends with 0 for every program, as a new enough Node.js does when asked for its version.
    expect(await launch()).toBe(`node runs ${home}/lib/cli/bin.ts status\n`);
    program(join(folder, 'node'), '[ "$1" = --version ] && echo v20.20.2; exit 1\n');
    expect(await launch()).toBe(
      `failed: swarmup: Node.js 22.18 or newer is needed (found: ${folder}/node, v20.20.2), and no Node.js for this system is among its packages. Install one (https://nodejs.org), or install swarmup without --omit=optional.\n`,
    );
  });

  it('keeps compiled modules in the cache folder of the user, never in /tmp', async () => {
    await launch();
    program(join(home, 'node_modules', NODE_PACKAGE, 'bin/node'), 'echo "$NODE_COMPILE_CACHE"\n');
    const none = { NODE_COMPILE_CACHE: '', SWARMUP_CACHE_DIR: '', XDG_CACHE_HOME: '', HOME: folder };
    expect(await launch(none)).toBe(`${folder}/.cache/swarmup/compiled\n`);
    expect(await launch({ ...none, XDG_CACHE_HOME: '/caches' })).toBe('/caches/swarmup/compiled\n');
    expect(await launch({ ...none, SWARMUP_CACHE_DIR: '/own' })).toBe('/own/compiled\n');
    expect(await launch({ ...none, NODE_COMPILE_CACHE: '/chosen' })).toBe('/chosen\n');
  });

  it('sets that folder for swarmup alone, not for the programs that it starts', () => {
    const env = { ...process.env, NODE_COMPILE_CACHE: join(folder, 'compiled') };
    const spy = 'data:text/javascript,process.on("exit",()=>console.log(process.env.NODE_COMPILE_CACHE))';
    const argv = ['--import', spy, join(ROOT, 'lib/cli/bin.ts'), '--version'];
    expect(execFileSync(process.execPath, argv, { env, encoding: 'utf8' })).toMatch(/^\d\S+\nundefined\n$/);
    expect(existsSync(env.NODE_COMPILE_CACHE)).toBe(true);
  });
});
