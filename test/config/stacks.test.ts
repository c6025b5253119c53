import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadCluster } from '../../lib/session/load.ts';
import type { StackSpec } from '../../lib/config/model.ts';

type Files = Readonly<Record<string, string>>;

/** The stacks of a cluster file in a new folder with other files. */
async function stacksOf(section: string, files: Files, env: Files = {}): Promise<readonly StackSpec[]> {
  const folder = mkdtempSync(join(tmpdir(), 'swarmup-stacks-'));
  const all = { 'swarmup.yaml': `name: x\nprovider: { type: qemu }\nstacks:\n  my_Stack: ${section}\n`, ...files };
  for (const [name, text] of Object.entries(all)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  const { stacks } = await loadCluster(undefined, { cwd: folder, env });
  return stacks;
}

const COMPOSE =
  'services:\n  a:\n    image: nginx:${TAG:-1}\n    environment: { A: "${A-}", B: "${B-}", C: "${C-}" }\n';
const environmentOf = ([stack]: readonly StackSpec[]) => stack?.compose.services['a']?.environment;

describe('the variables of a stack', () => {
  it('come from the environment, then from env, then from envFile', async () => {
    const section = '{ file: s.yml, env: { A: env, B: env, TAG: 2 }, envFile: [a.env, b.env] }';
    const files = { 's.yml': COMPOSE, 'a.env': 'A=a\nB=a\nC=a\n', 'b.env': '# later wins\nC=b\n' };
    const stacks = await stacksOf(section, files, { A: 'process' });
    expect(environmentOf(stacks)).toEqual({ A: 'process', B: 'env', C: 'b' });
    expect(stacks[0]?.services[0]?.image).toBe('nginx:2');
    expect(stacks[0]?.variables).toEqual(['A', 'B', 'C', 'TAG']);
    const { environment } = stacks[0]!;
    expect(Object.entries(environment).map(([name, value]) => [name, value.reveal()])).toEqual([
      ['A', 'process'],
      ['B', 'env'],
      ['C', 'b'],
      ['TAG', '2'],
    ]);
    expect(JSON.stringify(stacks)).not.toContain('"process"}');
  });

  it('are not read from a .env beside the Compose file, and a hint says so', async () => {
    const files = { 'stack/s.yml': COMPOSE, 'stack/.env': 'A=secret\nOTHER=1\n' };
    const stacks = await stacksOf('{ file: stack/s.yml }', files);
    expect(environmentOf(stacks)?.['A']).toBe('');
    expect(stacks[0]?.hints).toEqual([
      "stack my_Stack: the .env beside the Compose file sets A, but stacks don't read it; name it with envFile",
    ]);
    const named = await stacksOf('{ file: stack/s.yml, envFile: stack/.env }', files);
    expect(environmentOf(named)?.['A']).toBe('secret');
    expect(named[0]?.hints).toEqual([]);
  });

  it.each([
    ['{ file: s.yml, envFile: none.env }', /swarmup\.yaml:4:\d+: none\.env does not exist/],
    ['{ file: s.yml, envFile: bad.env }', /swarmup\.yaml:4:\d+: bad\.env:2: the name 'a b' has a space/],
    ['{ file: s.yml, env: { "a-b": 1 } }', /swarmup\.yaml:4:\d+: .*/],
    ['{ file: [s.yml, none.yml] }', /swarmup\.yaml:4:\d+: none\.yml does not exist/],
    ['{ file: . }', /swarmup\.yaml:4:\d+: .* is not a file/],
  ])('that are wrong are mistakes with their place: %s', async (section, message) => {
    const files = { 's.yml': COMPOSE, 'bad.env': 'A=1\na b=2\n' };
    await expect(stacksOf(section, files)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(message),
    });
  });
});

describe('a stack', () => {
  it('of several files is what Docker merges, with paths relative to the first', async () => {
    const files = {
      'a/base.yml': 'services: { a: { image: nginx, volumes: [./html:/html] } }\n',
      'b/over.yml': 'services: { a: { image: apache, volumes: [./more:/more] } }\n',
    };
    const [stack] = await stacksOf('{ file: [a/base.yml, b/over.yml] }', files);
    expect(stack?.files.map(({ path }) => path.split('/').slice(-2).join('/'))).toEqual(['a/base.yml', 'b/over.yml']);
    expect(stack).toMatchObject({ name: 'my_Stack', file: stack?.files[0]?.path, text: files['a/base.yml'] });
    const sources = stack?.compose.services['a']?.volumes?.map(({ source }) => source?.replace(stack.folder, ''));
    expect(sources).toEqual(['/html', '/more']);
    expect(stack?.services[0]?.image).toBe('apache');
  });

  it('has the contents of the files that it names, which never show', async () => {
    const compose =
      'services: { a: { image: nginx, env_file: a.env, secrets: [s] } }\nsecrets: { s: { file: ../s.bin } }\n';
    const files = { 'stack/s.yml': compose, 'stack/a.env': 'A=1\n', 's.bin': 'top secret' };
    const [stack] = await stacksOf('{ file: stack/s.yml }', files);
    expect(stack?.references.map(({ kind, written, data }) => [kind, written, atob(data.reveal())])).toEqual([
      ['secret', '../s.bin', 'top secret'],
      ['env_file', 'a.env', 'A=1\n'],
    ]);
    expect(JSON.stringify(stack)).not.toContain(btoa('top secret'));
  });

  it.each([
    ['services: { a: { image: "a b" } }', "s.yml:1:25: 'a b' is not an image reference"],
    ['services: { a.b: { image: x } }', "s.yml:1:13: 'my_Stack_a.b' can't be the name of a service"],
    [
      'services: { a: { image: x } }\nsecrets: { s: { file: none } }',
      "s.yml:2:23: the secret's file none can't be read",
    ],
    ['services: { a: { image: x } }\nsecrets: { s: {} }', 's.yml:2:12: the secret has no file, and is not external'],
    ['services: { a: { image: "${T:?}" } }', 's.yml:1:25: the variable T is required'],
  ])('that Docker or the swarm would refuse is a mistake: %s', async (compose, message) => {
    await expect(stacksOf('{ file: s.yml }', { 's.yml': compose })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining(message),
    });
  });

  it('with keys that Docker ignores has a hint', async () => {
    const files = { 's.yml': 'services: { a: { image: x, restart: always, container_name: z } }' };
    const [stack] = await stacksOf('{ file: s.yml }', files);
    expect(stack?.hints).toEqual(['stack my_Stack: Docker ignores container_name, restart in stacks']);
  });

  it('may publish a port in host mode in two services, but not twice in the routing mesh', async () => {
    const port = (mode: string) => `image: x, ports: [{ target: 80, published: 80, mode: ${mode} }]`;
    const two = (mode: string) => ({ 's.yml': `services: { a: { ${port(mode)} }, b: { ${port('host')} } }` });
    await expect(stacksOf('{ file: s.yml }', two('host'))).resolves.toHaveLength(1);
    await expect(stacksOf('{ file: s.yml }', two('ingress'))).rejects.toThrow(/port 80\/tcp is published twice/);
  });
});
