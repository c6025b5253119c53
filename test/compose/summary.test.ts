import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { readCompose } from '../../lib/config/compose/read.ts';
import { substitute } from '../../lib/config/compose/variables.ts';
import { clusterOf } from '../support/cluster.ts';
import { summaryOf } from '../support/stacks.ts';

const CASES = new URL('cases/', import.meta.url);
const fileOf = (name: string) => readFileSync(new URL(name, CASES), 'utf8');
const names = readdirSync(CASES).flatMap((name) => /^(.*)\.expected\.yml$/.exec(name)?.[1] ?? []);

interface Expected {
  readonly services: Readonly<
    Record<
      string,
      {
        image: string;
        environment?: object;
        ports?: { target: number; published: number; protocol?: string; mode: string }[];
        deploy?: { placement?: { constraints?: string[] } };
      }
    >
  >;
  readonly secrets?: Readonly<Record<string, { name: string; external?: boolean }>>;
}

describe('the summary of a Compose file', () => {
  it.each(names)('matches what docker reads: %s', (name) => {
    // The recorded answers were made with P=8080, which is the default of one of the two variables.
    const expected = parse(fileOf(`${name}.expected.yml`)) as Expected;
    const { services, externalSecrets } = summaryOf(fileOf(`${name}.yml`));
    expect(services.map((one) => one.name)).toEqual(Object.keys(expected.services));
    for (const { name: service, image, environment, constraints, ports } of services) {
      const docker = expected.services[service]!;
      expect(image).toBe(docker.image);
      expect(environment).toEqual(Object.keys(docker.environment ?? {}));
      expect(constraints).toEqual(docker.deploy?.placement?.constraints ?? []);
      const told = (docker.ports ?? []).filter(({ protocol }) => protocol !== 'sctp');
      const published = (one: { published: number }) => (name === 'port-11' ? 80 : one.published);
      expect(ports).toEqual(
        told.map((one) => ({ ...one, published: published(one), protocol: one.protocol ?? 'tcp' })),
      );
    }
    const secrets = Object.values(expected.secrets ?? {}).filter(({ external }) => external);
    expect(externalSecrets).toEqual(secrets.map((secret) => secret.name));
  });

  it.each([
    ['80', []],
    ['127.0.0.1:80:8080', [[80, 8080]]],
    ['[::1]:80:8080/tcp', [[80, 8080]]],
    [
      '8000-8002:80-82',
      [
        [8000, 80],
        [8001, 81],
        [8002, 82],
      ],
    ],
    ['80:80/SCTP', []],
    ['53:53/UDP', [[53, 53]]],
  ])('lists the port %s as %j', (port, expected) => {
    const { services } = summaryOf(`services: { a: { image: x, ports: ["${port}"] } }`);
    expect(services[0]?.ports.map(({ published, target }) => [published, target])).toEqual(expected);
  });
});

describe('a variable of a Compose file', () => {
  /** Recorded from `docker stack config` 28.2.2, with E empty, P unset and V=v. */
  it.each([
    ['$V ${V} ${V:-d} ${V-d} ${V:?m} ${V?m}', 'v v v v v v'],
    ['a${P}b$P', 'ab'],
    ['${P:-d} ${P-d} ${E:-d} ${E-d}', 'd d d '],
    ['$$V $${V}', '$V ${V}'],
    ['${P:-${Q}}', '${Q}'],
    ['${p_1:-a:b/c}', 'a:b/c'],
  ])('expands: %j becomes %j', (text, expected) => {
    expect(substitute(text, { V: 'v', E: '' })).toMatchObject({ text: expected, problems: [] });
  });

  it.each([
    ['${P:?needed}', 'required variable P is missing a value: needed'],
    ['${E:?}', 'required variable E is missing a value: '],
    ['${P:+a}', 'invalid interpolation format'],
    ['${}', 'invalid interpolation format'],
    ['$', 'invalid interpolation format'],
    ['$1', 'invalid interpolation format'],
    ['${P:}', 'invalid interpolation format'],
  ])('is refused, as docker refuses it: %j', (text, problem) => {
    expect(substitute(text, { E: '' }).problems).toEqual([expect.stringContaining(problem)]);
  });
});

const mistakesOf = (text: string, env: Readonly<Record<string, string>> = {}) =>
  readCompose(text, { shown: 'stack.yml', env }).mistakes.map(
    ({ file, line, column, message }) => `${file}:${line}:${column}: ${message}`,
  );

describe('a setting that would mean something else on a manager', () => {
  const service = (more: string) => `services:\n  a:\n    image: x\n    ${more}\n`;
  it.each([
    [service('env_file: ./a.env'), 'stack.yml:4:15: services.a.env_file is a file on this computer'],
    [service('env_file: [a.env]'), 'stack.yml:4:15: services.a.env_file'],
    [service('volumes: [/srv:/srv, ./html:/html]'), 'stack.yml:4:26: ./html would be looked for'],
    [service('volumes: ["../x:/x"]'), 'stack.yml:4:15: ../x would'],
    [service('volumes: [{ type: bind, source: ~/x, target: /x }]'), 'stack.yml:4:15: ~/x would'],
    [`${service('')}secrets:\n  s:\n    file: ./s\n`, 'stack.yml:7:11: secrets.s.file is a file'],
    [`${service('')}configs: { c: { file: /etc/c } }\n`, 'stack.yml:5:23: configs.c.file is a file'],
    [service('hostname: ${HOST_HERE}'), 'stack.yml:4:15: the variable HOST_HERE is set in this environment'],
    [service('hostname: ${P?needed}'), 'stack.yml:4:15: required variable P is missing a value: needed'],
    [service('').replace('image: x', 'image: $(id).io/y'), 'stack.yml:3:12: invalid interpolation format'],
    [service('').replace('image: x', 'image: "a b"'), "stack.yml:3:12: 'a b' is not an image reference"],
    ['services:\n  a: { ports: ["80:80"] }\n', 'stack.yml:2:3: services.a.image'],
    ['services: [x', 'stack.yml:1:13: '],
    ['services: { a: *none }', 'stack.yml:1:1: Unresolved alias'],
  ])('is a mistake with its position: %j', (text, expected) => {
    expect(mistakesOf(text, { HOST_HERE: 'me' })).toEqual([expect.stringContaining(expected)]);
  });

  it('is found at its position, also behind a merge key and among others', () => {
    const text =
      'x-base: &base\n  env_file: a.env\nservices:\n  a:\n    <<: *base\n    image: x\n    hostname: $HOST_HERE\n';
    expect(mistakesOf(text, { HOST_HERE: 'me' })).toEqual([
      expect.stringMatching(/^stack\.yml:7:15: the variable/),
      expect.stringMatching(/^stack\.yml:4:3: services\.a\.env_file/),
    ]);
  });

  it('is reported with its line in the Compose file, before anything is created', async () => {
    const { writeFileSync, mkdtempSync } = await import('node:fs');
    const folder = mkdtempSync('/tmp/swarmup-compose-');
    writeFileSync(`${folder}/s.yml`, service('env_file: ./a.env'));
    const file = `name: x\nprovider: { type: qemu }\nstacks: { s: { file: ${folder}/s.yml } }\n`;
    await expect(clusterOf(file)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(
        /s\.yml:4:15: services\.a\.env_file[^\n]*\n {2}4 \| {5}env_file: \.\/a\.env\n {4}\| {15}\^{7}/,
      ),
    });
  });

  it('is not searched for in an alias bomb, which is a mistake itself', () => {
    const lines = ['a: &a [x, x, x, x, x, x, x, x, x]'];
    for (let i = 1; i < 9; i++)
      lines.push(`${'abcdefghi'[i]}: &${'abcdefghi'[i]} [${`*${'abcdefghi'[i - 1]}, `.repeat(9)}]`);
    expect(mistakesOf(`${lines.join('\n')}\nservices: {}\n`)).toEqual([expect.stringMatching(/alias/i)]);
  });
});
