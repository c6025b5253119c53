import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT } from './support/cli.ts';
import { installed, packed } from './support/installed.ts';
import { fakeTerraform, terraformOutput } from './support/terraform.ts';
import { runStep } from './support/workflows.ts';

const CHECKOUT = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));

const folder = mkdtempSync(join(tmpdir(), 'swarmup-package-'));
let files: readonly string[];
let home: string;

beforeAll(() => {
  const made = packed(folder, {
    GITHUB_SERVER_URL: 'https://github.example',
    GITHUB_REPOSITORY: 'somebody/swarmup',
  });
  files = made.files;
  home = installed(folder, made.archive);
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const swarmup = (...argv: string[]) => execFileSync(join(home, 'swarmup'), argv, { cwd: folder, encoding: 'utf8' });

/** TypeScript's errors in a user's file, including every declaration that it imports. */
function compiled(name: string, ...more: readonly string[]): string {
  const flags = ['--noEmit', '--strict', '--skipLibCheck', 'false', '--target', 'es2024'];
  const modules = ['--module', 'nodenext', '--moduleResolution', 'nodenext'];
  return spawnSync(join(ROOT, 'node_modules/.bin/tsc'), [...flags, ...modules, ...more, name], {
    cwd: folder,
    encoding: 'utf8',
  }).stdout;
}

describe('the archive of the package', () => {
  it('holds what the program needs, and neither tests nor scripts', () => {
    const texts = ['CHANGELOG.md', 'LICENSE', 'README.md', 'SECURITY.md'];
    const program = ['Taskfile.d.ts', 'Taskfile.js', 'lib', 'package.json', 'swarmup', 'tasks'];
    expect(new Set(files.map((file) => file.split('/')[0]))).toEqual(new Set([...texts, ...program, 'config', 'docs']));
    const sources = files.filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'));
    expect(sources.toSorted()).toEqual(
      ['Taskfile', 'bring-up', 'terraform-provider'].map((name) => `docs/examples/${name}.ts`),
    );
  });

  it('has a manifest without a checkout’s settings, which npm would refuse to publish', () => {
    expect(CHECKOUT.private).toBe(true);
    const manifest = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8'));
    for (const key of ['private', 'scripts', 'devDependencies', 'overrides', 'allowScripts'])
      expect(manifest).not.toHaveProperty(key);
    expect(manifest).toMatchObject({
      name: 'swarmup',
      bin: { swarmup: 'swarmup' },
      types: './lib/index.d.ts',
      sideEffects: false,
    });
    expect(files).toContain('lib/index.d.ts');
  });

  it('names the repository that GitHub builds it in, which provenance requires', () => {
    const { repository } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8'));
    expect(repository).toEqual({ type: 'git', url: 'git+https://github.example/somebody/swarmup.git' });
  });
});

describe('the release', () => {
  // Three safeguards: a dry run, offline, with a registry that doesn't exist.
  const dry = { npm_config_dry_run: 'true', npm_config_offline: 'true', npm_config_registry: 'http://127.0.0.1:9/' };

  it.each([
    ['latest', 'v1.2.3'],
    ['next', 'v1.2.3-rc.1'],
  ])('publishes the archive under the tag "%s" for %s', (tag, ref) => {
    const { status, stderr, stdout } = runStep('release.yml', 'Publish', folder, { ...dry, GITHUB_REF_NAME: ref });
    expect(stdout.trim()).toBe(`+ swarmup@${CHECKOUT.version}`);
    expect(stderr).toContain(`Publishing to http://127.0.0.1:9/ with tag ${tag} and public access (dry-run)`);
    // A correction that npm makes to the manifest is a bug in it.
    expect(stderr).not.toContain('auto-corrected');
    expect(status).toBe(0);
  });
});

describe('the installed package', () => {
  it('runs as JavaScript, with all the files and dependencies it needs', () => {
    expect(swarmup('--version').trim()).toMatch(/^\d+\.\d+\.\d+$/);
    const plan = JSON.parse(swarmup('plan', '--example', 'local', '--json'));
    expect(plan).toMatchObject({ ok: true, cluster: 'local' });
    expect(plan.units.length).toBeGreaterThan(15);
  });

  it('links an error to its page in the repository, as of this version', () => {
    writeFileSync(join(folder, 'junk.age'), 'no back-up');
    const env = {
      ...process.env,
      FORCE_COLOR: '1',
      FORCE_HYPERLINK: '1',
      SWARMUP_BACKUP_PASSPHRASE: 'long enough, surely',
    };
    const { stderr } = spawnSync(join(home, 'swarmup'), ['restore', 'junk.age', '--yes'], {
      cwd: folder,
      encoding: 'utf8',
      env,
    });
    const page = `https://github.example/somebody/swarmup/blob/v${CHECKOUT.version}/docs/errors.md`;
    expect(stderr).toContain(
      `\u001B]8;;${page}#backup_invalid\u001B\\swarmup explain BACKUP_INVALID\u001B]8;;\u001B\\`,
    );
  });

  it('runs a user’s task file, and has the types for it', () => {
    // Node.js strips types only outside node_modules, where a user's file is.
    cpSync(join(home, 'docs/examples/Taskfile.ts'), join(folder, 'Taskfile.ts'));
    const tasks = JSON.parse(swarmup('tasks', '--example', 'local', '--taskfile', 'Taskfile.ts', '--json'));
    expect(tasks.pipelines.tune).toEqual(['tune-kernel', 'check-managers']);
    expect(compiled('Taskfile.ts')).toBe('');
  });

  it('types the Engine API for its users, down to every declaration', () => {
    writeFileSync(join(folder, 'consumer.ts'), CONSUMER);
    expect(compiled('consumer.ts')).toBe('');
  });

  it('runs a user’s provider, and has the types for it and its tests', () => {
    cpSync(join(home, 'docs/examples/terraform-provider.ts'), join(folder, 'terraform-provider.ts'));
    const text = 'name: own\nprovider: { type: ./terraform-provider.ts }\nnodes: { managers: 1 }\n';
    writeFileSync(join(folder, 'own.yaml'), text);
    const env = { ...process.env, PATH: fakeTerraform(folder, terraformOutput({})) };
    const launcher = join(home, 'swarmup');
    const plan = ['plan', '-f', 'own.yaml', '--only', 'provision', '--json'];
    const printed = execFileSync(launcher, plan, { cwd: folder, encoding: 'utf8', env });
    expect(JSON.parse(printed)).toMatchObject({ units: [{ changes: ['machine manager1: from Terraform'] }] });
    const test = `import { expect, it } from 'vitest';
import { existingMachinesContract, openCluster } from 'swarmup/testing';

const { cluster, provider } = await openCluster('own.yaml');
existingMachinesContract({ it, expect }, () => ({ provider, node: cluster.nodes[0]!, port: 80, hostKeys: {} }));
`;
    writeFileSync(join(folder, 'provider.test.ts'), test);
    // What the author of a provider has installed as well.
    symlinkSync(join(ROOT, 'node_modules/vitest'), join(folder, 'node_modules/vitest'));
    expect(compiled('terraform-provider.ts')).toBe('');
    expect(compiled('provider.test.ts', '--skipLibCheck', 'true')).toBe('');
    const exported = 'console.log(Object.keys(await import("swarmup/testing")).sort().join())';
    expect(
      execFileSync(process.execPath, ['--input-type=module', '-e', exported], { cwd: folder, encoding: 'utf8' }),
    ).toBe('existingMachinesContract,openCluster,providerContract\n');
  });
});

/** A missing type is `any`, which accepts wrong uses: then TypeScript reports the expected error as unused. */
const CONSUMER = `
import { CLUSTER, defineTask, waiting, type Change, type UnitContext } from 'swarmup';

async function serviceNames(ctx: UnitContext): Promise<readonly string[]> {
  const engine = await ctx.engine();
  const services = await engine.call('list the services', (docker) => docker.listServices());
  // @ts-expect-error -- services are a list
  services.nonsense;
  // @ts-expect-error -- the engine has no such call
  await engine.call('do anything', (docker) => docker.nonsense());
  // @ts-expect-error -- an engine has no such function
  engine.nonsense();
  // @ts-expect-error -- the input of a command isn't a number
  await (await ctx.host()).run(['cat'], { input: 1 });
  return services.map((service) => service.Spec?.Name ?? service.ID);
}

export const countServices = defineTask<{ readonly names: readonly string[] }, Change>({
  id: 'count-services',
  title: 'Services counted',
  about: 'Counts the services.',
  needs: [],
  verifies: true,
  targets: () => [CLUSTER],
  check: async (ctx) => ({ names: await serviceNames(ctx) }),
  absent: () => ({ names: [] }),
  plan: ({ names }) => (names.length > 0 ? [] : [waiting(['services'], { to: 'some' })]),
  apply: () => Promise.resolve(),
});
`;
