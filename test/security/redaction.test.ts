import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Event } from '../../lib/contracts/events.ts';
import { printed } from '../../lib/contracts/output.ts';
import { surroundings } from '../../lib/facts/environment.ts';
import { secretsOf } from '../../lib/record/cluster-secrets.ts';
import { Recorder } from '../../lib/record/recorder.ts';
import { Redactor } from '../../lib/record/redact.ts';
import { errorText } from '../../lib/render/error.ts';
import { generateKeyPair } from '../../lib/remote/keys.ts';
import { SwarmupError } from '../../lib/util/errors.ts';
import { Secret } from '../../lib/util/secret.ts';
import { maskSecrets } from '../../lib/util/secret-shapes.ts';
import { quote } from '../../lib/util/shell-quote.ts';
import { loadCluster } from '../support/cluster.ts';
import { anyText, tried, word } from '../support/properties.ts';

const PASSWORD = 'PW-p4ss';
const openssh = generateKeyPair('x').privateKey;
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const pkcs8 = String(privateKey.export({ type: 'pkcs8', format: 'pem' }));
const sec1 = String(privateKey.export({ type: 'sec1', format: 'pem' }));
const jwt = `eyJhbGciOiJIUzI1NiJ9.${Buffer.from('{"id":1}').toString('base64url')}.c2lnbmF0dXJl`;

/** A text with a secret, and what of it must not be left. */
const SHAPES: readonly (readonly [string, string, string])[] = [
  ['a proxy', `http_proxy=http://bob:${PASSWORD}@proxy.test:3128`, PASSWORD],
  ['a password with an at sign', `x http://bob:a@${PASSWORD}@proxy.test y`, PASSWORD],
  ['a password with a slash', `http://bob:a/${PASSWORD}@proxy.test/`, PASSWORD],
  ['a password with both, and a question mark', `https://bob:1/@?#${PASSWORD}@proxy.test/path`, PASSWORD],
  ['a user without a password', `https://${PASSWORD}@git.test/x`, PASSWORD],
  ['an address in JSON', `{"proxy":"http://b:${PASSWORD}@p.test","other":"x"}`, PASSWORD],
  ['basic authorization', `> Authorization: Basic ${Buffer.from('bob:x-y-z').toString('base64')}`, 'Ym9iOn'],
  ['a bearer', `curl -H 'authorization: Bearer ${PASSWORD}' http://x`, PASSWORD],
  ['an authorization in JSON', `{"Authorization": "Bearer ${PASSWORD}"}`, PASSWORD],
  ["Docker's configuration", `{"auths":{"r.test":{"auth":"${PASSWORD}"}}}`, PASSWORD],
  ["Docker's identity token", `{"identitytoken" : "${PASSWORD}"}`, PASSWORD],
  ['JSON within JSON', JSON.stringify(JSON.stringify({ password: PASSWORD, more: 1 })), PASSWORD],
  ['a registry header', `X-Registry-Auth: ${PASSWORD}==`, PASSWORD],
  [
    'a join token',
    'docker swarm join --token SWMTKN-1-3pu6hszjas19xyp7ghgosyx9k8atbfcr8p2is99znpy26u2lkl-1awx h',
    '3pu6h',
  ],
  ['an unlock key', 'SWMKEY-1-7c37Cc8654o6p38HnroywCi19pllOnGtbdZEgtKxZu8', '7c37Cc'],
  ['an AWS key', 'aws_access_key_id = AKIAIOSFODNN7EXAMPLE', 'AKIAIO'],
  ['an AWS secret key', `aws_secret_access_key=${PASSWORD}/x`, PASSWORD],
  ['an AWS session token', `AWS_SESSION_TOKEN=${PASSWORD}`, PASSWORD],
  ['a session of Portainer', `{"jwt":"${jwt}"}`, 'eyJhbG'],
  ['a session of Portainer in a text', `token ${jwt} refused`, 'eyJhbG'],
  ['a Portainer access token', `X-API-Key: ptr_${PASSWORD.repeat(4)}`, PASSWORD],
  ['a variable', `PORTAINER_PASSWORD='${PASSWORD}' ./run`, PASSWORD],
  ['an option', `login --password ${PASSWORD} r.test`, PASSWORD],
  ['a key of age', `AGE-SECRET-KEY-1QQQQQQQQQQQQQQQ`, 'QQQQ'],
  ['a private key of OpenSSH', openssh, openssh.split('\n')[2] ?? ''],
  ['a private key in PKCS#8', pkcs8, pkcs8.split('\n')[1] ?? ''],
  ['a private key in SEC1', sec1, sec1.split('\n')[2] ?? ''],
  ['a private key in JSON', JSON.stringify({ key: pkcs8 }), pkcs8.split('\n')[1] ?? ''],
  ['the end of a private key', openssh.split('\n').slice(2).join('\n'), openssh.split('\n')[2] ?? ''],
  ['the beginning of a private key', openssh.split('\n').slice(0, 3).join('\n'), openssh.split('\n')[2] ?? ''],
];

describe('a text with the shape of a secret', () => {
  it.each(SHAPES)('%s is masked', (_, text, secret) => {
    expect(text).toContain(secret);
    expect(maskSecrets(text)).not.toContain(secret);
    expect(maskSecrets(text)).toContain('***');
  });

  it.each(SHAPES)('%s is not shown in an error', (_, text, secret) => {
    expect(errorText(new SwarmupError('COMMAND_FAILED', text, { fix: text, output: text }))).not.toContain(secret);
  });

  it.each([
    'http://mirror.test:3142/debian',
    'https://r.test:5000/team/app@sha256:0000',
    'https://mirror.test/pool/x@y',
    'root@10.0.0.1:22',
    'the token is not known to the server; its password was rotated',
    'secrets: 3, tokens: 2',
    'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIK user@host',
    '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----',
    'git@github.com:a/b.git',
    '2 secrets created, 1 config removed',
    'nodes.worker1.secret: unknown key',
  ])('%j is left as it is', (text) => {
    expect(maskSecrets(text)).toBe(text);
  });

  it('is masked whatever the secret is, and wherever its field occurs', () => {
    const text = fc.string({ unit: fc.constantFrom(...'abXY09.-_~+/=%!$@:?#'.split('')), minLength: 6, maxLength: 24 });
    const fields: readonly ((secret: string) => string)[] = [
      (secret) => `DB_PASSWORD=${secret}`,
      (secret) => `--password ${secret}`,
      (secret) => `--token=${secret}`,
      (secret) => `authorization: Bearer ${secret}`,
      (secret) => `Proxy-Authorization: ${secret}`,
      (secret) => `X-Registry-Auth: ${secret}`,
      (secret) => `http://user:${secret}@proxy.test:3128`,
      (secret) => JSON.stringify({ auth: secret }),
      (secret) => JSON.stringify(JSON.stringify({ identitytoken: secret, more: 1 })),
      (secret) => `aws_secret_access_key = ${secret}`,
    ];
    const around = anyText(6).map((some) => some.replaceAll(/[-\w]/g, ''));
    fc.assert(
      fc.property(text, fc.constantFrom(...fields), around, (secret, field, more) => {
        expect(maskSecrets(`${more} ${field(secret)} ${more}`)).not.toContain(secret);
      }),
      tried(500),
    );
  });

  it('a proxy of a host is a fact without its password', () => {
    const { proxies } = surroundings.parse(`export http_proxy="http://bob:p@ss/${PASSWORD}@proxy.test:3128"`);
    expect(proxies).toEqual(['http_proxy=http://***@proxy.test:3128']);
  });
});

describe('a known secret', () => {
  const forms = (value: string): readonly string[] => [
    value,
    JSON.stringify({ value }),
    JSON.stringify(JSON.stringify({ value })),
    encodeURIComponent(value),
    new URLSearchParams({ value }).toString(),
    quote(['echo', value]),
    ...['', 'u:', 'us:', 'user:'].flatMap((before) => [
      Buffer.from(`${before}${value}`).toString('base64'),
      Buffer.from(`${before}${value}@more`).toString('base64url'),
    ]),
    Buffer.from(value).toString('hex'),
  ];
  /** What a reader could make of a text: the secret in it, in any of the forms. */
  const readable = (text: string) =>
    [text, ...(text.match(/[\w+/-]{6,}=*/g) ?? []).map((word) => Buffer.from(word, 'base64').toString())].join('\n');

  it.each(["it's a/b+c&d", 'Q1w2E3r4', 'pä$$wörd "quoted"', 'with\\back', '<&>"\'x;', 'a b c d e'])(
    '%j is masked in every form',
    (value) => {
      const redactor = new Redactor();
      redactor.add(new Secret(value));
      for (const form of forms(value)) {
        const cleaned = redactor.clean(`before ${form} after`);
        expect(cleaned).toContain('***');
        expect(readable(cleaned)).not.toContain(value);
        expect(cleaned).toMatch(/^before .* after$/);
      }
    },
  );

  it('is masked whatever its characters are', () => {
    const secret = word(24).filter((text) => text.trim().length >= 8);
    fc.assert(
      fc.property(secret, anyText(5), (value, around) => {
        const redactor = new Redactor();
        redactor.add(new Secret(value));
        for (const form of forms(value)) {
          expect(`x ${form} y`).not.toBe(redactor.clean(`x ${form} y`));
          expect(readable(redactor.clean(`${around} ${form} ${around}`))).not.toContain(value);
        }
      }),
      tried(300),
    );
  });

  it('of several lines is masked when its lines are indented or apart', () => {
    const redactor = new Redactor();
    redactor.add(new Secret(openssh));
    const [, , line = ''] = openssh.split('\n');
    expect(redactor.clean(`    ${line}`)).toBe('    ***');
  });

  it('whose value is part of a longer one leaves nothing of that', () => {
    const redactor = new Redactor();
    redactor.add(new Secret('abcdef'));
    redactor.add(new Secret('abcdefghij'));
    expect(redactor.clean('x abcdefghij y')).toBe('x *** y');
  });
});

describe('the record of a run', () => {
  const redactor = new Redactor();
  redactor.add(new Secret("known's/secret+1"));
  const unit = { task: 't', title: 'T', target: 'n' };
  const record = (events: readonly Event[]) => {
    const folder = join(mkdtempSync(join(tmpdir(), 'swarmup-redaction-')), 'run');
    const command = `up --password ${PASSWORD}`;
    const meta = { command, cluster: 'c', file: 'f', provider: 'p', startedAt: 'now', versions: {} };
    const recorder = new Recorder({ folder, meta, redactor, onlyFailures: false });
    for (const event of [
      { at: 0, type: 'run-started', pipeline: 'up', cluster: 'c', mode: 'apply', units: [] } as const,
      ...events,
    ])
      recorder.listener(event);
    recorder.close({ result: { error: `http://u:a@/${PASSWORD}@h` }, status: { [`http://u:${PASSWORD}@h`]: 1 } });
    const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((one) => one.isFile());
    return files.map((one) => readFileSync(join(one.parentPath, one.name), 'utf8'));
  };
  const command = (text: string): Event => ({
    at: 0,
    type: 'command-finished',
    host: 'n',
    command: quote(['sh', '-c', text]),
    exitCode: 0,
    ms: 1,
    printed: text,
  });

  it('has none of these secrets, and stays readable', () => {
    const all = record([
      ...SHAPES.map(([, text]) => command(text)),
      ...SHAPES.map(([, text]): Event => ({ at: 0, type: 'warning', warning: { key: text, message: text } })),
      ...[...openssh.split('\n'), 'after it'].map((detail): Event => ({ at: 0, type: 'unit-detail', unit, detail })),
    ]);
    for (const [, , secret] of SHAPES) expect(all.join('\n')).not.toContain(secret);
    for (const line of openssh.split('\n').filter((one) => /^[\w+/]{20,}=*$/.test(one)))
      expect(all.join('\n')).not.toContain(line);
    const events = all.find((text) => text.includes('"type":"run-started"')) ?? '';
    for (const line of events.trim().split('\n')) expect(() => JSON.parse(line)).not.toThrow();
    expect(events).toContain('after it');
  });

  it('knows the passwords of a cluster file, and the contents of its secrets and those of its stacks', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'swarmup-redaction-'));
    const write = (name: string, text: string) => writeFileSync(join(folder, name), text);
    write('db.txt', 'of-the-stack\n');
    write('motd.txt', 'not-a-secret\n');
    write(
      'stack.yml',
      'services: { a: { image: x } }\nsecrets: { db: { file: db.txt } }\nconfigs: { m: { file: motd.txt } }\n',
    );
    write(
      'swarmup.yaml',
      `name: c
provider: { type: hosts }
nodes: [{ name: a, role: manager, address: h, sudoPassword: of-the-user }]
secrets: { key: { value: of-the-file }, pin: { value: '1234' } }
configs: { motd: { value: not-a-secret-either } }
stacks: { s: { file: stack.yml } }
`,
    );
    const cluster = await loadCluster({ file: join(folder, 'swarmup.yaml'), cwd: folder, env: {} });
    const known = secretsOf(cluster).map((secret) => secret.reveal());
    expect(known.toSorted()).toEqual(['of-the-file', 'of-the-stack', 'of-the-user']);
  });

  it('begins a long output with a whole line, so that no part of a secret is left', () => {
    const text = printed({ exitCode: 0, stdout: `token=${'s'.repeat(33_000)}\nnext\n`, stderr: '' });
    expect(text).toBe('[...]\nnext\n');
  });
});

describe('quoting', () => {
  it('survives a real shell, whatever the words', () => {
    // One shell for many commands: starting it takes longer than everything else.
    const command = fc.array(word(20), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(fc.array(command, { minLength: 10, maxLength: 10 }), (commands) => {
        const script = commands.map((words) => quote(['printf', '%s\\0', ...words])).join('\n');
        const shown = execFileSync('sh', [], { input: script, encoding: 'utf8' });
        expect(shown.split('\0').slice(0, -1)).toEqual(commands.flat());
      }),
      tried(5),
    );
  });
});
