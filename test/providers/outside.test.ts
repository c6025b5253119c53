import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Cli, ROOT, type StatusDocument, type UpDocument } from '../support/cli.ts';

/** The real command line in a folder far from swarmup, with only the packages that a test installs there. */
const home = mkdtempSync(join(tmpdir(), 'swarmup-outside-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** Machines that are lines in a file beside the cluster file. */
const PROVIDER = `import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { created, defineProvider, SwarmupError, z } from 'swarmup';

export default defineProvider({
  schema: z.strictObject({ size: z.int().min(1).default(2), tags: z.record(z.string(), z.string()).default({}) }),
  create: ({ size }, { cluster }) => {
    const file = cluster.file + '.machines';
    const names = () => (existsSync(file) ? readFileSync(file, 'utf8').split('\\n').filter((name) => name !== '') : []);
    const ssh = { host: '127.0.0.1', port: 9, user: 'root', identityFiles: [], hostKey: 'ssh-ed25519 AAAA' };
    const machine = (name) => ({ name, state: 'stopped', address: '192.0.2.1', ssh });
    return {
      list: async (_signal, wanted) => names().filter((name) => wanted?.includes(name) ?? true).map(machine),
      plan: (node, found) => (found ? [] : [created(['machines', node.name], 'of size ' + size)]),
      create: async (node) => {
        writeFileSync(file, [...names(), node.name].join('\\n'));
        throw new SwarmupError('MACHINE_FAILED', node.name + ' is only a note', { fix: 'Expect nothing of it.' });
      },
      stop: async () => undefined,
      cutPower: async () => undefined,
      destroy: async (name) => writeFileSync(file, names().filter((one) => one !== name).join('\\n')),
      destroyShared: async () => [],
      endpoint: (_machine, port) => ({ host: '127.0.0.1', port }),
    };
  },
});
`;
/** The same in TypeScript, with types for Node.js to strip. */
const TYPED = PROVIDER.replace('import { created, ', 'import { type NodeSpec, type Provider, created, ')
  .replace('{ cluster }) => {', '{ cluster }): Provider => {')
  .replaceAll('(name) =>', '(name: string) =>')
  .replace("state: 'stopped',", "state: 'stopped' as const,")
  .replace('create: async (node) =>', 'create: async (node: NodeSpec) =>');

/** A folder with a cluster file and other files. */
function folder(section: string, files: Readonly<Record<string, string>> = {}, rest = ''): Cli {
  const place = mkdtempSync(join(home, 'own-'));
  const all = { ...files, 'clusters/swarmup.yaml': `name: own\nprovider: ${section}\n${rest}` };
  for (const [name, text] of Object.entries(all)) {
    mkdirSync(dirname(join(place, name)), { recursive: true });
    writeFileSync(join(place, name), text);
  }
  return new Cli(join(place, 'clusters'), { NO_COLOR: '1' });
}

const planned = async (cli: Cli) => {
  const { document, stderr, status } = await cli.json<UpDocument>('plan', '--only', 'provision');
  expect(status, stderr).toBe(0);
  return document.units.flatMap(({ changes }) => changes);
};

describe('an external provider', () => {
  it('can be a TypeScript module, at a path relative to the cluster file, wherever swarmup is started', async () => {
    const cli = folder('{ type: ./mine.ts, size: 3 }', { 'clusters/mine.ts': TYPED });
    expect(await planned(cli)).toEqual(['machine manager1: of size 3']);
    const elsewhere = new Cli(home, cli.env);
    const { document } = await elsewhere.json<UpDocument>(
      'plan',
      '--only',
      'provision',
      '-f',
      join(cli.folder, 'swarmup.yaml'),
    );
    expect(document.units.flatMap(({ changes }) => changes)).toEqual(['machine manager1: of size 3']);
  });

  it('can be a JavaScript module, at a path through a parent folder or at an absolute path', async () => {
    const cli = folder('{ type: ../x/mine.mjs }', { 'x/mine.mjs': PROVIDER });
    expect(await planned(cli)).toEqual(['machine manager1: of size 2']);
    const path = join(dirname(cli.folder), 'x/mine.mjs');
    expect(await planned(folder(`{ type: '${path}' }`))).toEqual(['machine manager1: of size 2']);
  });

  it('can be a package that is installed beside the cluster file', async () => {
    const files = {
      'clusters/node_modules/notes/package.json':
        '{ "name": "notes", "type": "module", "exports": { "./swarm": { "import": "./main.js" } } }',
      'clusters/node_modules/notes/main.js': PROVIDER,
    };
    expect(await planned(folder('{ type: notes/swarm }', files))).toEqual(['machine manager1: of size 2']);
  });

  it('works with all commands, like a built-in one', async () => {
    const cli = folder('{ type: ./mine.ts }', { 'clusters/mine.ts': TYPED });
    const up = await cli.json<UpDocument>('up', '--only', 'provision');
    expect(up.document.units.map(({ error }) => error)).toMatchObject([
      { code: 'MACHINE_FAILED', message: 'manager1 is only a note', fix: 'Expect nothing of it.' },
    ]);
    const status = await cli.json<StatusDocument>('status');
    expect(status.document.nodes).toMatchObject([{ name: 'manager1', machine: 'stopped', address: '192.0.2.1' }]);
    expect((await cli.run(['doctor'])).stdout).toContain("manager1's machine is powered off");
    expect((await cli.run(['down', '--yes'])).stdout).not.toContain('✖');
    expect((await cli.json<StatusDocument>('status')).document.nodes).toMatchObject([{ machine: 'absent' }]);
  });

  it('shares a cluster with another provider, each with its own configuration', async () => {
    const nodes = `providers:\n  notes: { type: ./mine.ts, size: 4 }\n  more: { type: ./mine.ts, size: 5 }\nnodes:
  - { name: m, role: manager, provider: notes }\n  - { name: w, role: worker, provider: more, address: 192.0.2.7 }\n`;
    const cli = folder('', { 'clusters/mine.ts': TYPED });
    writeFileSync(join(cli.folder, 'swarmup.yaml'), `name: own\n${nodes}`);
    expect(await planned(cli)).toEqual(['machine m: of size 4', 'machine w: of size 5']);
  });

  it('may require or refuse addresses', async () => {
    const wants = (addresses: string) =>
      PROVIDER.replace('defineProvider({', `defineProvider({ addresses: '${addresses}',`);
    const node = (more: string) => `nodes: [{ name: m, role: manager${more} }]\n`;
    const required = folder('{ type: ./mine.mjs }', { 'clusters/mine.mjs': wants('required') }, node(''));
    expect((await required.run(['plan'])).stderr).toContain('swarmup.yaml:3:9: m has no address');
    const refused = folder('{ type: ./mine.mjs }', { 'clusters/mine.mjs': wants('refused') }, node(', address: a'));
    expect((await refused.run(['plan'])).stderr).toContain('address is for machines that exist already');
  });

  it('has mistakes in its section reported at their positions, with those in the rest of the file', async () => {
    const cli = folder('{ type: ./mine.ts, size: 0, taggs: {} }', { 'clusters/mine.ts': TYPED }, 'srevices: {}\n');
    const { stderr, status } = await cli.run(['plan']);
    expect(status).toBe(2);
    expect(stderr).toContain('swarmup.yaml:2:36: provider.size is not valid');
    expect(stderr).toMatch(/swarmup\.yaml:2:39: unknown key 'taggs' in provider[^]*did you mean 'tags'\?/);
    expect(stderr).toMatch(/swarmup\.yaml:3:1: unknown key 'srevices'/);
  });
});

describe('an invalid provider type', () => {
  const PLACE = 'swarmup.yaml:2:19: ';

  it.each([
    [
      'a path to a missing file',
      './none.ts',
      '',
      /the provider module \/\S+\/clusters\/none\.ts[^]*relative to the cluster file/,
    ],
    ['a name that is near one of ours', 'qmeu', '', /there is no provider 'qmeu'[^]*did you mean 'qemu'\?/],
    [
      'a package that is not installed',
      '"@mine/notes"',
      '',
      /there is no provider '@mine\/notes'[^]*an installed package, or a path/,
    ],
    ['a URL', '"data:text/javascript,export default 1"', '', /there is no provider 'data:/],
    ['a folder', './', '', /the provider module '\.\/' can't be loaded: /],
    [
      'a module that does not parse',
      './mine.ts',
      'export default = 1;',
      /the provider module '\.\/mine\.ts' can't be loaded: /,
    ],
    [
      'a module that throws',
      './mine.ts',
      'throw new Error("it \\u001b[31mfell\\nhere");',
      /can't be loaded: it {2}\[31mfell\n/,
    ],
    ['a module whose import is missing', './mine.ts', "import 'not-there';", /can't be loaded: .*not-there/],
    [
      'a module without a default export',
      './mine.ts',
      'export const schema = 1;',
      /'\.\/mine\.ts' has no default export[^]*defineProvider/,
    ],
    [
      'a module that exports something else',
      './mine.ts',
      'export default { schema: 1 };',
      /default export of '\.\/mine\.ts' is not a result of defineProvider/,
    ],
    [
      'a module whose schema is invalid',
      './mine.ts',
      "import { defineProvider } from 'swarmup'; export default defineProvider({ schema: {}, create: () => ({}) });",
      /can't be loaded: defineProvider: 'schema' is not a zod 4 schema/,
    ],
  ])('such as %s is reported at its position, with what was expected', async (_what, type, text, expected) => {
    const { stderr, status } = await folder(`{ type: ${type} }`, text === '' ? {} : { 'clusters/mine.ts': text }).run([
      'plan',
    ]);
    expect(stderr).toContain(PLACE);
    expect(stderr).toMatch(expected);
    expect(stderr).not.toContain('\u001b');
    expect(stderr).toMatch(/\n {2}expected |\n {2}did you mean /);
    expect(status).toBe(2);
  });

  it('such as a path to a module of swarmup itself is reported too', async () => {
    const { stderr } = await folder(`{ type: '${join(ROOT, 'lib/util/columns.ts')}' }`).run(['plan']);
    expect(stderr).toContain('has no default export');
  });
});
