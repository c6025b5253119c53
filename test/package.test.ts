import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT } from './support/cli.ts';

// The npm package, laid out as an installation lays it out: beside its dependencies, inside node_modules.
const folder = mkdtempSync(join(tmpdir(), 'swarmup-package-'));
const modules = join(folder, 'node_modules');
const swarmup = (...argv: string[]) =>
  execFileSync(join(modules, 'swarmup', 'swarmup'), argv, { cwd: folder, encoding: 'utf8' });

beforeAll(() => {
  mkdirSync(modules);
  for (const name of readdirSync(join(ROOT, 'node_modules'))) {
    if (name !== '.package-lock.json') symlinkSync(join(ROOT, 'node_modules', name), join(modules, name));
  }
  const target = relative(ROOT, join(modules, 'swarmup'));
  execFileSync(process.execPath, ['scripts/package.ts', target], { cwd: ROOT, stdio: 'inherit' });
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the installed package', () => {
  it('runs as JavaScript, with the files it needs', () => {
    expect(swarmup('--version').trim()).toMatch(/^\d+\.\d+\.\d+$/);
    const plan = JSON.parse(swarmup('plan', '--json'));
    expect(plan).toMatchObject({ ok: true, cluster: 'local' });
    expect(plan.units.length).toBeGreaterThan(15);
  });

  it("runs a task file of the user's, and has the types for it", () => {
    const example = join(modules, 'swarmup/docs/examples/Taskfile.ts');
    // Node.js strips types only outside node_modules, where a user's own file lies.
    cpSync(example, join(folder, 'Taskfile.ts'));
    const tasks = JSON.parse(swarmup('tasks', '--taskfile', 'Taskfile.ts', '--json'));
    expect(tasks.pipelines.tune).toEqual(['tune-kernel', 'check-managers']);
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
    const tsc = join(ROOT, 'node_modules/.bin/tsc');
    const flags = [
      '--noEmit',
      '--strict',
      '--skipLibCheck',
      '--module',
      'nodenext',
      '--target',
      'es2024',
      '--types',
      'node',
    ];
    expect(execFileSync(tsc, [...flags, 'Taskfile.ts'], { cwd: folder, encoding: 'utf8' })).toBe('');
  });
});
