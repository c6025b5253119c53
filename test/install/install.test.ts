import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT } from '../support/cli.ts';
import { isLong } from '../support/long.ts';
import { packed } from '../support/installed.ts';
import { npmRegistry, type NpmRegistry } from './registry.ts';
import { tools } from './tools.ts';

const run = promisify(execFile);

const folder = mkdtempSync(join(tmpdir(), 'swarmup-install-'));
/** As many people's folders are. */
const odd = join(folder, 'Büro & Œuvre');
let registry: NpmRegistry;
let modules: string;
const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));

beforeAll(async () => {
  mkdirSync(odd);
  modules = tools();
  registry = await npmRegistry(packed(folder, {}).archive);
}, 300_000);
afterAll(async () => {
  await registry.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** The folders of programs with which each test runs. */
const NODE = { 20: () => join(modules, 'node-20/bin'), 24: () => dirname(process.execPath) } as const;
type Node = keyof typeof NODE;

/** A shell command of a user with this Node.js, whose packages come from the registry here. */
async function shell(node: Node, command: string, more: NodeJS.ProcessEnv = {}): Promise<string> {
  const env = {
    PATH: `${odd}/bin:${NODE[node]()}:/usr/bin:/bin`,
    HOME: odd,
    npm_config_registry: registry.url,
    npm_config_cache: join(odd, 'npm-cache'),
    npm_config_audit: 'false',
    npm_config_fund: 'false',
    npm_config_update_notifier: 'false',
    ...more,
  };
  const { stdout } = await run('sh', ['-c', command], { cwd: odd, env, timeout: 240_000 });
  return stdout.trim();
}
const npm = (major: number) => `node "${modules}/npm-${major}/bin/npm-cli.js"`;
const npx = (major: number) => `node "${modules}/npm-${major}/bin/npx-cli.js"`;

const pnpm = () => `"${modules}/@pnpm/exe.linux-x64/pnpm"`;

/** Node.js with the oldest and newest npm for it; long runs try what is between them. */
const PAIRS = [
  [20, 11],
  [24, 12],
] as const;
const BETWEEN = [
  [20, 10],
  [24, 11],
] as const;

describe('the package, installed as users do', { timeout: 240_000 }, () => {
  it.each(isLong ? [...PAIRS, ...BETWEEN] : PAIRS)(
    'works with Node.js %i and npm %i, globally, in a folder with spaces and other letters',
    async (node, major) => {
      const prefix = join(odd, `global-${node}-${major}`);
      await shell(node, `${npm(major)} install -g swarmup --prefix "${prefix}"`);
      expect(await shell(node, `"${prefix}/bin/swarmup" --version`)).toBe(version);
      // The tasks are modules that are loaded by name.
      expect(await shell(node, `"${prefix}/bin/swarmup" tasks --example local`)).toContain('verify-http');
      // Once more, from npm's cache alone.
      const again = join(odd, `offline-${node}-${major}`);
      await shell(node, `${npm(major)} install -g swarmup --offline --prefix "${again}"`);
      expect(await shell(node, `"${again}/bin/swarmup" --version`)).toBe(version);
    },
  );

  it('works without being installed: with npx and with pnpm dlx', async () => {
    expect(await shell(24, `${npx(12)} -y swarmup --version`)).toBe(version);
    // It reads the registry from a file only.
    writeFileSync(join(odd, '.npmrc'), `registry=${registry.url}\n`);
    const own = { XDG_CACHE_HOME: join(odd, 'cache'), XDG_DATA_HOME: join(odd, 'data') };
    expect(await shell(20, `${pnpm()} dlx swarmup --version`, own)).toBe(version);
  });

  it('works without its own Node.js where that is new enough, and says so where it isn’t', async () => {
    const project = join(odd, 'project');
    mkdirSync(project);
    // A global installation ignores --omit.
    await shell(24, `cd "${project}" && ${npm(12)} install swarmup --omit=optional`);
    const command = `"${project}/node_modules/.bin/swarmup" --version`;
    expect(await shell(24, command)).toBe(version);
    await expect(shell(20, command)).rejects.toThrow(
      /swarmup: Node\.js 22\.18 or newer is needed \(found: .*node-20.*, v20\.20\.2\).*without --omit=optional/,
    );
  });
});
