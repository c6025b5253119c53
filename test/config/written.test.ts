import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseCluster } from '../../lib/config/load.ts';
import type { Cluster, ServiceSpec } from '../../lib/config/model.ts';
import { providerRegistry } from '../../lib/providers/index.ts';
import { clusterOf } from '../support/cluster.ts';

const HEAD = 'name: test\nprovider: { type: qemu }\n';

async function serviceOf(body: string, top = '', env: Record<string, string> = {}): Promise<ServiceSpec> {
  const { services } = await clusterOf(`${HEAD}${top}services:\n  web: ${body}\n`, env);
  return services[0]!;
}

/** The message of a mistake, or an empty text. */
async function mistakesIn(cluster: Promise<unknown>): Promise<string> {
  return cluster.then(
    () => '',
    (error: unknown) => (error as Error).message,
  );
}

describe('a text in a cluster file', () => {
  it.each([
    ['007', '007'],
    ['1e3', '1e3'],
    ['12345678901234567890', '12345678901234567890'],
    ['1.10', '1.10'],
    ['0x1F', '0x1F'],
    ['true', 'true'],
    ['"007"', '007'],
    ['yes', 'yes'],
    ['""', ''],
  ])('keeps what is written, %s', async (written, value) => {
    const { env, labels, sysctls, user } = await serviceOf(
      `{ image: x, env: { A: ${written} }, labels: { A: ${written} }, sysctls: { A: ${written} }, user: ${written} }`,
    );
    expect([env, labels, sysctls, user]).toEqual([{ A: value }, { A: value }, { A: value }, value]);
  });

  it('keeps the digits of variables, quoted or not, and numbers stay numbers', async () => {
    const body = '\n    image: x\n    replicas: *n\n    env: { A: *n, 007: 1, C: "${B}" }\n    user: ${B}';
    const service = await serviceOf(body, 'x-n: &n 3\n', { B: '0100' });
    expect(service).toMatchObject({ replicas: 3, env: { A: '3', C: '0100', '007': '1' }, user: '0100' });
  });

  it('may be a key that JavaScript knows', async () => {
    const { env } = await serviceOf('{ image: x, env: { constructor: a, toString: b } }');
    expect(Object.entries(env)).toEqual([
      ['constructor', 'a'],
      ['toString', 'b'],
    ]);
  });
});

describe('aliases, merge keys and x- keys', () => {
  const top = `x-base: &base
  image: nginx
  env: &env { A: 1, B: 2 }
x-more: &more { user: www, image: other }
`;

  it('make a service from common parts, its own keys first and then those of earlier maps', async () => {
    const service = await serviceOf('{ <<: [*base, *more], env: { <<: *env, B: 3 }, x-note: { any: [thing] } }', top);
    expect(service).toMatchObject({ image: 'nginx', user: 'www', env: { A: '1', B: '3' } });
    expect(service).not.toHaveProperty('x-note');
  });

  it('are allowed everywhere, and x- is a name like any other where names are free', async () => {
    const cluster = await clusterOf(
      `x-a: 1\nname: test\nprovider: { type: aws, x-b: 1, allow: { x-g: 1, ssh: [10.0.0.0/8] }, tags: { x-h: i } }\nnodes: { x-c: 1, workers: 2 }\nservices: { x-web: { image: x, x-d: 1, env: { x-e: 1 }, limits: { x-f: 1, pids: 5 } } }\n`,
    );
    expect(cluster.nodes).toHaveLength(3);
    expect(cluster.provider.config).toMatchObject({ allow: { ssh: ['10.0.0.0/8'] }, tags: { 'x-h': 'i' } });
    expect(cluster.provider.config).not.toHaveProperty('allow.x-g');
    expect(cluster.services[0]).toMatchObject({ name: 'x-web', env: { 'x-e': '1' }, limits: { pids: 5 } });
  });

  it('show mistakes where they are written', async () => {
    const text = `${HEAD}x-base: &base\n  imge: nginx\n  replicas: two\nservices:\n  web: { <<: *base, image: x }\n`;
    const said = await mistakesIn(clusterOf(text));
    expect(said).toContain("swarmup.yaml:4:3: unknown key 'imge' in services.web");
    expect(said).toContain('swarmup.yaml:5:13: services.web.replicas has the wrong type');
  });

  it.each([
    ['web: { <<: 3, image: x }', /<< merges only maps/],
    ['web: { <<: *gone, image: x }', /there is no anchor &gone before this alias/],
    ['web: &web { image: x, env: *web }', /\*web contains itself/],
    ['web: &web { <<: *web, image: x }', /\*web contains itself/],
    ['? [a]\n  : { image: x }', /a key is not a plain text/],
  ])('refuse what has no meaning: %s', async (entry, message) => {
    expect(await mistakesIn(clusterOf(`${HEAD}services:\n  ${entry}\n`))).toMatch(message);
  });

  it.each([
    ['lists', (inner: string) => `[${inner}]`, '[1, 2, 3, 4, 5, 6, 7, 8, 9]', 'command: *a8'],
    ['merged maps', (inner: string) => `{ <<: [${inner}] }`, '{ a: 1 }', '<<: *a8'],
  ])('refuse a few lines that stand for a billion values: %s', async (_, around, first, last) => {
    const lines = Array.from({ length: 9 }, (__, i) => {
      const inner = Array.from({ length: 9 }, () => `*a${i - 1}`).join(', ');
      return `x-${i}: &a${i} ${i === 0 ? first : around(inner)}`;
    });
    const text = `${lines.join('\n')}\n${HEAD}services: { web: { image: x, ${last} } }\n`;
    expect(await mistakesIn(clusterOf(text))).toContain('the aliases of this file stand for too many values');
  });

  it('mean the last anchor of that name before them', async () => {
    const service = await serviceOf('{ image: x, env: { A: *a, B: &a 2, C: *a } }', 'x-a: &a 1\n');
    expect(service.env).toEqual({ A: '1', B: '2', C: '2' });
  });
});

describe('a mode of a file', () => {
  const modeOf = async (mode: string) => {
    const top = 'secrets: { key: { value: v } }\n';
    const { secrets = [] } = await serviceOf(`{ image: x, secrets: [{ source: key, mode: ${mode} }] }`, top);
    return secrets[0]?.mode;
  };

  it.each(['0440', '0o440', '"0440"', "'0o440'", '288', '${MODE}'])(
    'is octal with a leading zero: %s',
    async (written) => {
      const top = 'secrets: { key: { value: v } }\n';
      const body = `{ image: x, secrets: [{ source: key, mode: ${written} }] }`.replace('${MODE}', '"${MODE}"');
      expect((await serviceOf(body, top, { MODE: '0440' })).secrets?.[0]?.mode).toBe(0o440);
    },
  );

  it('is 0444 unless it is given, and may be nothing at all', async () => {
    expect(
      (await serviceOf('{ image: x, secrets: [key] }', 'secrets: { key: { value: v } }\n')).secrets?.[0]?.mode,
    ).toBe(0o444);
    expect(await modeOf('0')).toBe(0);
  });

  it.each([
    ['440', /expected an octal mode with a leading zero: 0440/],
    ['"777"', /expected an octal mode with a leading zero: 0777/],
    ['0x1', /expected an octal mode, such as 0440/],
    ['010000', /expected an octal mode, such as 0440/],
    ['4096', /expected an octal mode, such as 0440/],
    ['-1', /expected an octal mode, such as 0440/],
    ['rw', /expected an octal mode, such as 0440/],
  ])('is refused where it could mean something else: %s', async (written, message) => {
    expect(await mistakesIn(modeOf(written))).toMatch(message);
  });
});

describe('env files', () => {
  function clusterWith(
    files: Readonly<Record<string, string | Buffer>>,
    body: string,
    env: Record<string, string> = {},
  ): Promise<Cluster> {
    const folder = mkdtempSync(join(tmpdir(), 'swarmup-env-'));
    for (const [name, data] of Object.entries(files)) writeFileSync(join(folder, name), data);
    return parseCluster(`${HEAD}services:\n  web: ${body}\n`, {
      file: join(folder, 'swarmup.yaml'),
      shown: 'swarmup.yaml',
      stateRoot: join(folder, '.swarmup'),
      env,
      providers: providerRegistry,
    });
  }

  it('are read as Docker reads them, in order, and overridden by the service’s own', async () => {
    const files = {
      'a.env': '\uFEFFA=1\r\n  # a comment\n\n  B= "two" # more\nC=x=y\nHOME_OF\nUNSET\nD=old\n',
      'b.env': 'D=new\nE=file\n',
    };
    const { services } = await clusterWith(
      files,
      '{ image: x, envFile: [a.env, b.env], env: { E: own, F: null, G: null } }',
      {
        HOME_OF: 'me',
        F: 'from here',
      },
    );
    const { env } = services[0]!;
    expect(env).toEqual({
      A: '1',
      B: ' "two" # more',
      C: 'x=y',
      HOME_OF: 'me',
      D: 'new',
      E: 'own',
      F: 'from here',
      G: null,
    });
  });

  it('show their mistakes with file and line', async () => {
    const files = { 'a.env': Buffer.from('A=1\nB C=2\n=3\nD=\xff\n', 'latin1') };
    const said = await mistakesIn(clusterWith(files, '{ image: x, envFile: a.env }'));
    expect(said).toContain("a.env:2:1: the name 'B C' has a space");
    expect(said).toContain('a.env:3:1: there is no name before the equals sign');
    expect(said).toContain('a.env:4:1: the line is not UTF-8');
  });

  it('that are missing or folders are mistakes at their place', async () => {
    expect(await mistakesIn(clusterWith({}, '{ image: x, envFile: a.env }'))).toMatch(
      /swarmup\.yaml:\d+:\d+: a\.env does not exist/,
    );
    expect(await mistakesIn(clusterWith({}, '{ image: x, envFile: [.] }'))).toMatch(
      /swarmup\.yaml:\d+:\d+: \. can't be read/,
    );
  });
});

describe('names', () => {
  it('are what Swarm allows', async () => {
    const cluster = await clusterOf(
      `${HEAD}networks: { traefik_public: {}, A__b: {} }\nsecrets: { site.key: { value: v }, db_password: { value: v } }\nconfigs: { X.1: { value: v } }\n` +
        'services: { my_App-1: { image: x, networks: [traefik_public], secrets: [site.key, db_password], configs: [X.1] } }\n' +
        'stacks: { my_stack: { file: portainer.yml } }\n',
    );
    expect(cluster.services[0]?.name).toBe('my_App-1');
    expect(cluster.stacks[0]?.name).toBe('my_stack');
  });

  it.each([
    [
      'services: { web.1: { image: x } }',
      /'web\.1' can't be used as a name\n[^]*letters, digits, and - or _ between them/,
    ],
    ['services: { _web: { image: x } }', /'_web' can't be used as a name/],
    [`services: { ${'a'.repeat(64)}: { image: x } }`, /can't be used as a name/],
    ['secrets: { key.: { value: v } }', /'key\.' can't be used as a name/],
    [`configs: { ${'a'.repeat(65)}: { value: v } }`, /can't be used as a name/],
    ['networks: { host: {} }', /every node has a network host/],
    ['stacks: { a.b: { file: portainer.yml } }', /'a\.b' can't be used as a name/],
    [
      'services: { p_agent: { image: x } }\nstacks: { p: { file: portainer.yml } }',
      /its service agent is called p_agent in the swarm, as service p_agent is/,
    ],
    [`stacks: { ${'a'.repeat(60)}: { file: portainer.yml } }`, /at most 63 with the stack's name/],
    [
      'services: { web: { image: x, networks: { bck: } } }\nnetworks: { back: {} }',
      /there is no network 'bck'\n[^]*did you mean 'back'/,
    ],
    ['services: { web: { image: x, credentialSpec: { config: a } } }', /there is no config 'a'/],
  ])('are refused where Swarm would refuse them, or where they clash: %s', async (part, message) => {
    expect(await mistakesIn(clusterOf(`${HEAD}${part}\n`))).toMatch(message);
  });
});
