import { describe, expect, it } from 'vitest';
import { loadCompose } from '../../lib/compose/load.ts';
import { substitute } from '../../lib/compose/template.ts';
import { loaded, shownMistakes, textOf } from './loaded.ts';

const service = (more: string) => `services:\n  a:\n    image: x\n    ${more}\n`;

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
    const env: Readonly<Record<string, string>> = { V: 'v', E: '' };
    expect(substitute(text, (name) => env[name])).toMatchObject({ text: expected, problems: [] });
  });

  it.each([
    ['${P:?needed}', 'the variable P is required: needed'],
    ['${E:?}', 'the variable E is required'],
    ['${P:+a}', 'has a dollar sign that begins no variable'],
    ['${}', 'has a dollar sign that begins no variable'],
    ['$', 'has a dollar sign that begins no variable'],
    ['$1', 'has a dollar sign that begins no variable'],
    ['${P:}', 'has a dollar sign that begins no variable'],
  ])('is refused, as docker refuses it: %j', (text, problem) => {
    const { problems } = substitute(text, (name) => (name === 'E' ? '' : undefined));
    expect(problems).toEqual([expect.objectContaining({ message: expect.stringContaining(problem) })]);
  });

  it('is listed with whether it is set, also where its value only comes through from the environment', () => {
    const text = service(
      'environment: [P, MISSING, EMPTY=, OWN=1]\n    hostname: ${UNSET:-x}$P\n    volumes: [~/a:/a]',
    );
    expect(loaded(text).variables).toEqual([
      { name: 'EMPTY', isSet: true },
      { name: 'HOME', isSet: true },
      { name: 'MISSING', isSet: false },
      { name: 'P', isSet: true },
      { name: 'UNSET', isSet: false },
    ]);
  });
});

describe('a key or a form that only Compose has', () => {
  it.each([
    ['name: x\nservices: {}\n', "a stack's name is its key under stacks of the cluster file"],
    ['include: [a.yml]\nservices: {}\n', 'the included files in file of the stack'],
    [service('profiles: [a]'), 'a stack of its own'],
    [service('depends_on: { b: { condition: service_healthy } }'), 'dependsOn in the cluster file has an order'],
    [service('ports: [{ target: 80, host_ip: 127.0.0.1 }]'), 'on every address of a node'],
    [service('ports: [{ target: 80, published: "80" }]'), 'one number without quotes'],
    [service('env_file: [{ path: a.env }]'), 'a path, or a list of paths'],
    [`${service('user: a')}configs: { c: { content: a } }\n`, 'a config of the cluster file'],
    [`${service('user: a')}networks: { n: { ipam: { config: [{ gateway: 10.0.0.1 }] } } }\n`, 'with a gateway'],
  ])('is answered with what a stack has instead: %j', (text, hint) => {
    expect(loaded(text).mistakes).toEqual([expect.objectContaining({ hint: expect.stringContaining(hint) })]);
  });
});

describe('a Compose file with several documents', () => {
  it.each([
    ['services: {}\n---\nservices: {}\n', ['stack.yml']],
    ['services: {}\n---\n# none\n...\n', []],
    ['---\nservices: {}\n', []],
  ])('is one whose rest Docker doesn’t read: %j', (text, cut) => {
    expect(loaded(text).cut).toEqual(cut);
  });
});

describe('a mistake in a Compose file', () => {
  it.each([
    [service('bogus: 1'), "4:5: services.a has no key 'bogus'"],
    [service('comand: x'), "4:5: services.a has no key 'comand'"],
    [service('deploy: { replicas: "3" }'), '4:25: services.a.deploy.replicas is a text'],
    [service('environment: { A: true }'), '4:23: services.a.environment.A is a boolean'],
    [service('ports: ["80:80", "a:b"]'), "4:22: 'a:b' is not a port"],
    [service('volumes: ["aa::b"]'), "4:15: 'aa::b' is not a volume"],
    [service('hostname: ${HOST:?name it}'), '4:15: the variable HOST is required: name it'],
    [service('deploy: { replicas: "${P}x" }'), "4:25: services.a.deploy.replicas is '8080x'"],
    [service('healthcheck: { interval: 10 }'), '4:30: services.a.healthcheck.interval is a number'],
    [service('volumes: [2001-01-01]'), "4:15: '2001-01-01 00:00:00 +0000 UTC' is not a volume: it is a date"],
    [service('dns: 2001-01-01'), '4:10: services.a.dns is a date'],
    [service('build: 2001-01-01'), '4:12: services.a.build is a date'],
    [service('command: 2001-01-01'), '4:14: services.a.command is a date'],
    [service('configs: [2001-01-01]'), '4:15: services.a.configs[0] is a date'],
    [service('networks: [2001-01-01]'), '4:16: services.a.networks[0] is a date'],
    [service('hostname: a: b'), '4:15: Nested mappings are not allowed'],
    [service('labels: { a: b }\n\t'), '5:1: a tab in an empty line'],
    [service('hostname: "a\u2028b"'), '4:17: a Unicode line separator'],
    [service('mem_limit: 1g'), '4:5: stacks do not support mem_limit'],
    [service('env_file: ./none.env'), "4:15: the file './none.env' can't"],
    [service('command: "sh -c \'x"'), '4:14: the command has a quote'],
    [service('networks: [n]'), "4:5: the service a uses 'n', which is not among the file's networks"],
    [service('secrets: [s]'), "4:5: the service a uses 's', which is not among the file's secrets"],
    [service('volumes: ["db:/v"]'), "4:5: the service a uses 'db', which is not among the file's volumes"],
    [service('deploy: { mode: global, replicas: 2 }'), '4:39: the service a is global, and has replicas'],
    ['services:\n  a: { command: x }\n', '2:3: the service a has no image'],
    ['version: "2.4"\nservices: {}\n', '1:10: stacks have no Compose file version 2.4'],
    ['version: 3.8\nservices: {}\n', '1:10: version is a number'],
    ['version: "3.6"\nservices: { a: { image: x, init: true } }\n', "2:28: 'init' exists since version 3.7"],
    ['name: x\nservices: {}\n', "1:1: a Compose file has no key 'name'"],
    ['services: { a: { image: x, image: y } }', '1:28: the key image appears twice'],
    ['services: { a: { image: x, labels: { 1: a } } }', '1:38: a key is not a text'],
    ['services: [x', '1:13: '],
    ['services: { a: *none }', '1:16: there is no anchor &none'],
    ['- a\n', '1:1: the file is not a mapping'],
    ['', '1:1: the file is not a mapping'],
  ])('has its line and column: %j', (text, expected) => {
    expect(shownMistakes(loaded(text))).toEqual([expect.stringContaining(`stack.yml:${expected}`)]);
  });

  it('is at its own place behind a merge key, and all of one kind are reported together', () => {
    const text = 'x-base: &base\n  bogus: 1\nservices:\n  a:\n    <<: *base\n    image: 1\n';
    expect(shownMistakes(loaded(text))).toEqual([
      expect.stringContaining('stack.yml:6:12: services.a.image is a number'),
      expect.stringContaining("stack.yml:2:3: services.a has no key 'bogus'"),
    ]);
  });

  it('is in the file that has it when there are several', () => {
    const files = ['services: { a: { image: x } }', 'services:\n  a: { bogus: 1 }\n'].map((text, i) => ({
      path: `/stack/${i}.yml`,
      shown: `${i}.yml`,
      text,
    }));
    const found = loadCompose({ files, env: {}, home: undefined, readFile: () => undefined });
    expect(shownMistakes(found)).toEqual([expect.stringContaining('1.yml:2:8: ')]);
  });
});

describe('what docker stack deploy does without telling a reader of the file', () => {
  it('is listed: keys that it ignores', () => {
    expect(loaded(service('restart: always\n    container_name: x')).ignored).toEqual([
      { service: 'a', key: 'restart' },
      { service: 'a', key: 'container_name' },
    ]);
  });

  it('is listed: files that it reads where it runs, with their absolute paths', () => {
    const text = `${service('env_file: [./a.env, /etc/b.env]')}secrets: { s: { file: ../s.txt } }\nconfigs: { c: { file: c } }\n`;
    const files = [{ path: '/stack/stack.yml', shown: 'stack.yml', text }];
    const { references } = loadCompose({ files, env: {}, home: undefined, readFile: () => 'A=1\n' });
    expect(references.map(({ kind, path, written }) => [kind, path, written])).toEqual([
      ['secret', '/s.txt', '../s.txt'],
      ['config', '/stack/c', 'c'],
      ['env_file', '/stack/a.env', './a.env'],
      ['env_file', '/etc/b.env', '/etc/b.env'],
    ]);
    expect(references[0]?.mistake('m')).toMatchObject({ file: 'stack.yml', line: 5, column: 23 });
  });
});

describe('a hostile Compose file', () => {
  const bomb = (() => {
    const lines = ['a: &a [x, x, x, x, x, x, x, x, x]'];
    const names = 'abcdefghi';
    for (let i = 1; i < names.length; i++) lines.push(`${names[i]}: &${names[i]} [${`*${names[i - 1]}, `.repeat(9)}]`);
    return `${lines.join('\n')}\nservices: {}\n`;
  })();

  it.each([
    ['an alias bomb', bomb, 'aliases expand to too many values'],
    ['an anchor that contains itself', 'x-a: &a { b: *a }\nservices: {}\n', 'contains itself'],
    ['a merge that contains itself', 'services: { a: &a { <<: *a, image: x } }\n', 'contains itself'],
    ['deep nesting', `x-a: ${'['.repeat(20_000)}${']'.repeat(20_000)}\n`, 'levels of nesting'],
    [
      'deep nesting in blocks',
      Array.from({ length: 2000 }, (_, i) => `${' '.repeat(i)}x:`).join('\n'),
      'levels of nesting',
    ],
    ['a control character', 'services: {}\nx-a: \u0007\n', 'a control character'],
    [
      'more ports than exist',
      `services: { a: { image: x, ports: [${Array.from({ length: 50 }, (_, i) => `"0-65535:${i + 1}"`).join(', ')}] } }`,
      '3276800 ports',
    ],
  ])('is a mistake, without an exception: %s', (_, text, expected) => {
    expect(shownMistakes(loaded(text))).toEqual([expect.stringContaining(expected)]);
  });

  it('has no prototype: its keys are like any other', () => {
    const names = ['__proto__', 'constructor', 'toString'];
    const services = names.map((name) => `  ${name}: { image: x, environment: { ${name}: v } }`);
    const { compose } = loaded(`services:\n${services.join('\n')}\n`);
    expect(Object.keys(compose?.services ?? {}).toSorted()).toEqual(names.toSorted());
    for (const name of names) {
      const own = Object.getOwnPropertyDescriptor(compose?.services, name);
      expect(own?.value).toEqual(expect.objectContaining({ image: 'x' }));
    }
    expect(Object.getPrototypeOf(compose?.services)).toBe(Object.prototype);
  });

  it.each([
    ['references that never end', `"${'${a:-'.repeat(200_000)}"`],
    ['references that are invalid', `"${'${:'.repeat(300_000)}}"`],
    ['defaults without braces', `"${'$a-'.repeat(300_000)}"`],
    ['a number of many digits', '1'.repeat(1_000_000)],
    ['a mapping of unknown keys', `{ ${Array.from({ length: 20_000 }, (_, i) => `"k k${i}": 1`).join(', ')} }`],
    ['a list of one item', `[${'a, '.repeat(40_000)}]`],
  ])('is read in time that is linear in its size: %s', (_, value) => {
    expect(shownMistakes(loaded(service(`labels: ${value}`))).length).toBeLessThanOrEqual(50);
  });

  it('may have a megabyte', () => {
    const services = Array.from(
      { length: 9000 },
      (_, i) => `  s${i}:\n    image: nginx\n    environment: { A: "${'x'.repeat(60)}" }\n`,
    );
    const text = `services:\n${services.join('')}`;
    expect(text.length).toBeGreaterThan(1_000_000);
    expect(textOf(loaded(text))?.split('\n').length).toBeGreaterThan(36_000);
  });
});
