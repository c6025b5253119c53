import { execFileSync } from 'node:child_process';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { errorText } from '../../lib/render/error.ts';
import { SwarmupError } from '../../lib/util/errors.ts';
import { clusterOf } from '../support/cluster.ts';
import { anyText, textOf, tried } from '../support/properties.ts';

const hosts = (more: string) =>
  `name: x\nprovider: { type: hosts }\nnodes: [{ name: a, role: manager, address: h${more} }]\n`;
const messageOf = async (text: string): Promise<string> => {
  const error: unknown = await clusterOf(text).then(
    () => new Error('it was accepted'),
    (thrown: unknown) => thrown,
  );
  return error instanceof Error ? error.message : String(error);
};

describe('a mistake in a cluster file', { timeout: 600_000 }, () => {
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
    ['a bracket before a password', 'name: x\n}\nportainer:\n  adminPassword: hunter2-hunter2\n'],
    ['a bracket in the key of a password', hosts(', sudoP{assword: hunter2-hunter2')],
    ['a password without a colon', hosts(', sudoPassword hunter2-hunter2')],
    ['a password with a sign of YAML', 'name: x\nportainer:\n  adminPassword: !hunter2-hunter2!x\n'],
    [
      'a line break in the key of a password',
      'name: x\nprovider: { type: qemu }\nportainer:\n  adminPassw\n\nord: hunter2-hunter2\n',
    ],
    [
      'a key between a password and its own key',
      'name: x\nprovider: { type: qemu }\nportainer:\n  adminPassword:\n<<: hunter2-hunter2\n',
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

  const SYNTAX = [
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
    '<<: ',
    '|\n',
    '%',
    '\t',
  ];
  /** Those that leave the letters of a key on one line. */
  const SIGNS = SYNTAX.filter((piece) => !/[\w\n]/.test(piece));
  const refusal = (text: string): Promise<unknown> =>
    clusterOf(text).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
  const placed = expect.objectContaining({
    code: 'CONFIG_INVALID',
    // Something else altogether has no place.
    message: expect.stringMatching(/swarmup\.yaml(:\d+:\d+: | is (empty|a Compose file|a manifest))/),
  });

  it('is what any text is that is not a cluster file, with its place, and never a defect', async () => {
    const lines = ['name: x\n', 'provider: { type: qemu }\n', 'nodes:\n', '  - a\n', ...SYNTAX];
    const text = fc.oneof(textOf(lines, 12), anyText(20));
    await fc.assert(
      fc.asyncProperty(text, async (one) => {
        expect([undefined, placed]).toContainEqual(await refusal(one));
      }),
      tried(150),
    );
  });

  it('shows no secret wherever the file is damaged', async () => {
    const seen = { read: 0, refused: 0 };
    const whole = [
      'name: x\nprovider: { type: hosts }\nnodes:\n  - { name: a, role: manager, address: h, sudoPassword: hunter2-hunter2 }\n',
      'portainer:\n  stack: s\n  adminPassword: "hunter2-hunter2"\n',
      'stacks:\n  s: { file: portainer.yml, env: { DB_PASSWORD: hunter2-hunter2 } }\n',
    ].join('');
    const damage = fc.record({ at: fc.nat(whole.length), added: textOf(SIGNS, 2) });
    await fc.assert(
      fc.asyncProperty(damage, async ({ at, added }) => {
        const text = `${whole.slice(0, at)}${added}${whole.slice(at)}`;
        const error = await refusal(text);
        seen[error === undefined ? 'read' : 'refused']++;
        if (error === undefined) return;
        expect(error).toEqual(placed);
        expect(error instanceof SwarmupError && errorText(error)).not.toContain('hunter2');
      }),
      tried(150),
    );
    expect(Math.min(seen.read, seen.refused)).toBeGreaterThan(10);
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
