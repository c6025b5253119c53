import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { inputs, seeded } from '../support/seeded.ts';
import { clusterOf } from '../support/cluster.ts';

const hosts = (more: string) =>
  `name: x\nprovider: { type: hosts }\nnodes: [{ name: a, role: manager, address: h${more} }]\n`;
const messageOf = async (text: string): Promise<string> => {
  const error: unknown = await clusterOf(text).then(
    () => new Error('it was accepted'),
    (thrown: unknown) => thrown,
  );
  return error instanceof Error ? error.message : String(error);
};

describe('a mistake in a cluster file', () => {
  it.each([
    [
      'a misspelt key of a password',
      'name: x\nprovider: { type: qemu }\nportainer:\n  adminPasword: hunter2-hunter2\n',
    ],
    ['a misspelt key in a flow map', hosts(', sudoPasswrod: hunter2-hunter2')],
    ['a key that means nothing beside a password', hosts(', pw: hunter2-hunter2')],
    [
      'a password of the wrong type',
      hosts(', sudoPassword: [hunter2-hunter2]').replace('[hunter2-hunter2]', '8472639105'),
    ],
    ['a mistake after a password', hosts(', sudoPassword: hunter2-hunter2, prot: 22')],
    [
      'an address with a password',
      'name: x\nprovider: { type: qemu }\ndocker: { proxy: "http://u:hunter2-hunter2@p" }\n',
    ],
    ['a key of a token', 'name: x\nprovider: { type: qemu }\njoinTokens: hunter2-hunter2\n'],
  ])('shows no secret: %s', async (_, text) => {
    const message = await messageOf(text);
    expect(message).toMatch(/swarmup\.yaml:\d+:\d+/);
    expect(message).not.toMatch(/hunter2|8472639105/);
  });

  it('shows the line of a key that has nothing to do with secrets', async () => {
    expect(
      await messageOf('name: x\nprovider: { type: qemu }\nservices:\n  web: { image: nginx, replcias: 3 }\n'),
    ).toContain('replcias: 3');
  });

  it.each([
    [
      'aliases that multiply',
      (() => {
        const levels = 'bcdefghi'
          .split('')
          .map((key, i) => `${key}: &${key} [${Array(9).fill(`*${'abcdefghi'[i]}`).join(', ')}]`);
        return `name: x\na: &a [x, x, x, x, x, x, x, x, x]\n${levels.join('\n')}\n`;
      })(),
    ],
    ['an alias without an anchor', 'name: x\nprovider: *nowhere\n'],
  ])('is %s', async (_, text) => {
    await expect(clusterOf(text)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    expect(await messageOf(text)).toMatch(/swarmup\.yaml:2:\d+: .*alias/);
  });

  it('is what any text is that is not a cluster file, and never a defect', async () => {
    const random = seeded(8);
    const pieces = [
      'name: x\n',
      'provider: { type: qemu }\n',
      'nodes:\n',
      '  - a\n',
      '{',
      '}',
      '[',
      ']',
      ': ',
      '&a ',
      '*a ',
      '!!x ',
      '${A',
      '"',
      '\n',
      '- ',
      '? ',
    ];
    for (let i = 0; i < inputs(150); i++) {
      const text = random.text(12, pieces);
      const error: unknown = await clusterOf(text).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      if (error !== undefined) expect(error).toMatchObject({ code: 'CONFIG_INVALID' });
    }
  });
});

describe('a user without an entry in the list of users', () => {
  it.runIf(process.getuid?.() === 0)('has a name and a number all the same', () => {
    const module = new URL('../../lib/util/user.ts', import.meta.url).href;
    const script = `process.setgid(4242); process.setuid(4242);
      const { userId, userName } = await import(${JSON.stringify(module)});
      process.stdout.write(JSON.stringify([userId(), userName({}), userName({ USER: 'me' })]));`;
    const run = `import { readFileSync } from 'node:fs'; ${script}`;
    const said = execFileSync(process.execPath, ['--input-type=module', '-e', run], { encoding: 'utf8' });
    expect(JSON.parse(said)).toEqual([4242, '4242', 'me']);
  });
});
