import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { loadCluster } from '../lib/session/load.ts';
import { hasOracle, stackConfig } from './compose/docker.ts';
import { Cli } from './support/cli.ts';

const FILE = `name: \${NAME}
provider: { type: qemu, memory: 1 GiB }
nodes: { workers: 2 }
secrets: { key: { value: of-the-house } }
services:
  web:
    image: nginx:\${TAG:-1}
    env: { PASSWORD: hunter2, URL: "postgres://u:\${PW}@db", MODE: fast }
stacks:
  app: { file: [base.yml, more.yml], env: { TAG: 2, API_TOKEN: hunter3 }, envFile: app.env }
portainer: { adminPassword: "\${PW}", stack: app, port: 80 }
`;
const BASE = `services:
  a:
    image: nginx:\${TAG}
    ports: ["80:80"]
    volumes: [./html:/html, ~/data:/data]
    env_file: service.env
    environment: [FROM_FILE]
secrets: { s: { file: ../s.txt } }
`;
const FILES = {
  'swarmup.yaml': FILE,
  'base.yml': BASE,
  'more.yml': 'services: { a: { labels: { a: b } }, b: { image: "x:${TAG}" } }\n',
  'app.env': 'FROM_FILE=yes\nTAG=1\n',
  'service.env': 'A=1\nB\n',
};

function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'swarmup-config-'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  writeFileSync(join(folder, '..', 's.txt'), 'secret');
  return folder;
}

const folder = folderWith(FILES);
const cli = new Cli(folder, { NAME: 'shop', PW: 'hunter1hunter1', HOME: '/home/user', B: 'b' });

describe('swarmup config', () => {
  it('prints the cluster file with variables replaced, defaults filled in and secrets hidden', async () => {
    const { stdout, status } = await cli.run(['config']);
    expect(status).toBe(0);
    const shown = parse(stdout) as Record<string, Record<string, unknown>>;
    expect(shown).toMatchObject({
      name: 'shop',
      provider: { type: 'qemu', memory: '1 GiB' },
      nodes: { managers: 1, workers: 2 },
      secrets: { key: { value: '***' } },
      services: { web: { image: 'nginx:1', env: { PASSWORD: '***', URL: '***', MODE: 'fast' } } },
      stacks: { app: { file: ['base.yml', 'more.yml'], env: { TAG: '2', API_TOKEN: '***' }, whenUnreachable: 'fail' } },
      portainer: { adminPassword: '***', stack: 'app', port: 80 },
      runs: {},
      images: { early: true },
    });
    expect(shown['provider']).toHaveProperty('start');
    expect(stdout).not.toMatch(/hunter|of-the-house/);
  });

  it('prints a file that means the same when it is read again', async () => {
    const plain = {
      ...FILES,
      'swarmup.yaml': FILE.split('\n')
        .filter((line) => !/secrets:|PASSWORD|portainer:/.test(line))
        .join('\n')
        .replace(', API_TOKEN: hunter3', ''),
    };
    const first = folderWith(plain);
    const { stdout } = await new Cli(first, { NAME: 'shop', HOME: '/home/user' }).run(['config']);
    const second = folderWith({ ...plain, 'swarmup.yaml': stdout });
    const load = (cwd: string) => loadCluster(undefined, { cwd, env: { NAME: 'shop', HOME: '/home/user' } });
    const here = (value: unknown, cwd: string) => JSON.parse(JSON.stringify(value).replaceAll(cwd, '')) as unknown;
    expect(here(await load(second), second)).toEqual(here(await load(first), first));
  });

  it('shows merged keys where they take effect, texts and modes as written, and no secret of an x- key', async () => {
    const merging = folderWith({
      'swarmup.yaml': `name: x
provider: { type: qemu }
nodes: { workers: 0 }
x-common: &common { replicas: 3, env: { URL: "postgres://u:\${PW}@db", VERSION: 1.10 } }
secrets: { key: { value: k } }
services:
  web: { <<: *common, image: nginx, replicas: 2, labels: { n: 007 }, secrets: [{ source: key, mode: 0440 }] }
`,
    });
    const { stdout, status } = await new Cli(merging, { PW: 'hunter1' }).run(['config']);
    expect(status).toBe(0);
    const shown = parse(stdout) as Record<string, Record<string, unknown>>;
    expect(shown).not.toHaveProperty('x-common');
    expect(shown['services']?.['web']).toEqual({
      image: 'nginx',
      mode: 'replicated',
      replicas: 2,
      env: { URL: '***', VERSION: '1.10' },
      labels: { n: '007' },
      secrets: [{ source: 'key', mode: '0440' }],
      constraints: [],
    });
    expect(stdout).not.toContain('hunter1');
  });

  it('reads files in UTF-16, and refuses bytes that are no text', async () => {
    const plain = 'name: x\nprovider: { type: qemu }\nnodes: { workers: 0 }\n';
    const windows = folderWith({ 'swarmup.yaml': '' });
    writeFileSync(join(windows, 'swarmup.yaml'), Buffer.from(`\uFEFF${plain}`, 'utf16le'));
    expect(parse((await new Cli(windows).run(['config'])).stdout)).toMatchObject({ name: 'x' });
    writeFileSync(join(windows, 'swarmup.yaml'), Buffer.concat([Buffer.from(`${plain}# caf`), Buffer.of(0xe9)]));
    const { stderr, status } = await new Cli(windows).run(['config']);
    expect(stderr).toMatch(/swarmup\.yaml:4:6: the text is not UTF-8/);
    expect(status).toBe(2);
  });

  it('prints all mistakes and ends with status 2', async () => {
    const broken = folderWith({
      'swarmup.yaml': 'name: x\nprovider: { type: qemu }\nstacks: { s: { file: s.yml } }\n',
      's.yml': 'services: { a: { bogus: 1, imagee: x } }\n',
    });
    const { stderr, status } = await new Cli(broken).run(['config']);
    expect(status).toBe(2);
    expect(stderr).toMatch(
      /s\.yml:1:18: services\.a has no key 'bogus'[^]*s\.yml:1:28: services\.a has no key 'imagee'/,
    );
  });

  it('prints a stack as Docker reads it, with the variables of env and envFile', async () => {
    const { stdout, status } = await cli.run(['config', '--stack', 'app']);
    expect(status).toBe(0);
    const { services } = parse(stdout) as { services: Record<string, { image: string; environment: object }> };
    expect(services['a']).toMatchObject({
      image: 'nginx:2',
      environment: { A: '1', B: 'b', FROM_FILE: 'yes' },
      labels: { a: 'b' },
      volumes: [{ source: '/home/user/data' }, { source: `${folder}/html` }],
    });
  });

  it.runIf(hasOracle)('prints exactly what docker stack config prints', async () => {
    const { stdout } = await cli.run(['config', '--stack', 'app']);
    const env = { TAG: '2', FROM_FILE: 'yes', B: 'b', HOME: '/home/user' };
    expect(stdout).toBe(await stackConfig(['base.yml', 'more.yml'], folder, env));
  });

  it('adds what swarmup adds with --effective', async () => {
    const plain = await cli.run(['config', '--stack', 'app', '--json']);
    const effective = await cli.run(['config', '--stack', 'app', '--effective', '--json']);
    const [before, after] = [plain, effective].map(
      ({ stdout }) => JSON.parse(stdout) as { services: Record<string, { deploy?: { labels?: object } }> },
    );
    expect(before?.services['b']).not.toHaveProperty('deploy');
    expect(Object.keys(after?.services['b']?.deploy?.labels ?? {})).toContain('swarmup.stack');
  });

  it.each([
    [['config', '--stack', 'ap'], /there is no stack 'ap'[^]*Did you mean 'app'/],
    [['config', '--effective'], /--effective shows a stack/],
  ])('refuses %j', async (argv, message) => {
    const { stderr, status } = await cli.run(argv);
    expect(stderr).toMatch(message);
    expect(status).toBe(2);
  });
});
