import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SwarmupError } from '../../lib/util/errors.ts';
import { Secret } from '../../lib/util/secret.ts';
import { generateKeyPair } from '../../lib/remote/keys.ts';
import { loadCluster } from '../support/cluster.ts';
import { worldWithRegistry } from '../support/worlds.ts';
import { diagnose } from './rig.ts';

/** Every planted secret, by where it is. */
const PLANTED = new Map<string, string>();

/** A word that occurs nowhere else. */
function plant(where: string): string {
  const word = `Pl4nt${String(PLANTED.size).padStart(2, '0')}x${'Zq7'.repeat(2)}`;
  PLANTED.set(where, word);
  return word;
}

const base64 = (text: string) => Buffer.from(text).toString('base64');
const key = generateKeyPair('x').privateKey;

const file = {
  secret: plant('the content of a secret'),
  config: plant('the content of a config'),
  password: plant('a variable with the name of a secret'),
  fromOutside: plant('a variable from the environment'),
  plain: plant('a variable with an ordinary name'),
  label: plant('a label of a service'),
  option: plant('an option of a command'),
  proxy: plant('the password of a proxy'),
  header: plant('a header of an HTTP check'),
  daemon: plant('an option of a log driver'),
  stack: plant("a variable in a stack's file"),
  stackEnv: plant("a variable of a stack's environment"),
  nfs: plant('an option of a volume'),
};

const CLUSTER = `name: planted
provider: { type: qemu }
nodes: { managers: 1, workers: 1 }
docker:
  daemon: { proxies: { http-proxy: "http://bob:${file.proxy}@proxy.test:3128" }, log-opts: { splunk-token: ${file.daemon} } }
swarm: { autolock: true }
secrets: { key: { value: ${file.secret} } }
configs: { greeting: { value: "greeting ${file.config}" } }
services:
  web:
    image: nginx
    env: { DB_PASSWORD: ${file.password}, GIVEN: "\${GIVEN}", COLOUR: ${file.plain} }
    labels: { users: "bob:${file.label}" }
    command: [app, --requirepass, ${file.option}]
    secrets: [key]
    configs: [greeting]
    ports: ['80:80']
    mounts: [{ type: volume, source: data, target: /data, options: { o: "password=${file.nfs}" } }]
    verify: { headers: { X-Custom: ${file.header} } }
stacks:
  app: { file: app.yml, env: { APP_TOKEN: ${file.stackEnv} } }
`;
const STACK = `services: { a: { image: nginx, environment: { THING: ${file.stack} } } }\n`;

const folder = mkdtempSync(join(tmpdir(), 'swarmup-planted-'));
writeFileSync(join(folder, 'swarmup.yaml'), CLUSTER);
writeFileSync(join(folder, 'app.yml'), STACK);

const kept = {
  portainer: plant("Portainer's password"),
  older: plant('an older password of Portainer'),
  unlock: plant('the unlock key'),
  sudo: plant('the sudo password'),
  aws: plant('a key in the environment'),
  registry: plant('the password of a registry'),
  manager: plant('a join token'),
};
const env = { GIVEN: file.fromOutside, AWS_SECRET_ACCESS_KEY: kept.aws, APP_TOKEN: file.stackEnv };

/** Every known secret, in the forms in which programs write them. */
const known = [...Object.values(file), ...Object.values(kept)].filter((word) => word !== file.plain);
const spoken = known.flatMap((word) => [
  `level=error msg="got ${word}"`,
  `level=error msg="auth ${base64(`bob:${word}`)}" url=/x?q=${encodeURIComponent(word)}`,
  `level=error hex=${Buffer.from(word).toString('hex')}`,
]);

const unknown = {
  url: plant('an address in the journal'),
  header: plant('a header in the journal'),
  option: plant('an option in the journal'),
  json: plant('JSON in the journal'),
  mirror: plant('a mirror in docker info'),
  httpProxy: plant('the proxy in docker info'),
  engineLabel: plant('a label of an engine'),
  daemonProxy: plant('the proxy in daemon.json'),
  logOption: plant('an option in daemon.json'),
  environment: plant("the system's proxy"),
  specEnv: plant('a variable of a running service'),
  specLabel: plant('a label of a running service'),
  specArgs: plant('an argument of a running service'),
  health: plant('a health check'),
  driver: plant('an option of a volume driver'),
  taskError: plant('the error of a task'),
  recordedUrl: plant('an error in the record'),
  containerOutput: plant("a container's output in the record"),
  postMortem: plant('a post-mortem in the record'),
  detail: plant('a progress message'),
  newField: plant('a field that nobody knows'),
  changed: plant('a value of a change'),
  commandLine: plant('the command line'),
  printed: plant('a transcript'),
  log: plant("a service's log"),
  hostError: plant('the error of a host'),
};

const JOURNAL = [
  ...spoken,
  `level=info msg="pulling from https://bob:${unknown.url}@registry.test/v2"`,
  `level=info msg="> Authorization: Basic ${base64(`bob:${unknown.header}`)}"`,
  `level=info msg="running app --db-password ${unknown.option}"`,
  `level=info msg="{\\"api_key\\": \\"${unknown.json}\\"}"`,
  'level=info msg="join SWMTKN-1-3pu6hszjas19xyp7ghgosyx9k8atbfcr8p2is99znpy26u2lkl-1awxwuwd3z9j1z3puu7rcgdbx"',
  'level=info msg="unlock SWMKEY-1-7c37Cc8654o6p38HnroywCi19pllOnGtbdZEgtKxZu8"',
  ...key.split('\n'),
  'level=error msg="failed to start daemon: no space left on device"',
].join('\n');

const DAEMON = {
  mtu: 1400,
  proxies: { 'http-proxy': `http://bob:${unknown.daemonProxy}@p.test` },
  'log-opts': { 'splunk-token': unknown.logOption },
};
const INFO = {
  ServerVersion: '28.2.2',
  Labels: [`a=${unknown.engineLabel}`],
  HttpProxy: `http://bob:${unknown.httpProxy}@p.test`,
  RegistryConfig: { Mirrors: [`https://bob:${unknown.mirror}@mirror.test/`] },
};

function answer(command: string, host: string): string {
  if (host === 'worker1' && command.includes('uname -srm'))
    throw new SwarmupError('COMMAND_FAILED', `worker1: sh failed at http://bob:${unknown.hostError}@x.test`, {
      fix: 'x',
    });
  if (command.includes('journalctl')) return JOURNAL;
  if (command.includes('docker info --format')) return JSON.stringify(INFO);
  if (command.includes('daemon.json') && command.startsWith('cat')) return JSON.stringify(DAEMON);
  if (command.includes('systemctl is-active')) return `http_proxy=http://bob:${unknown.environment}@p.test`;
  if (command.includes('date')) return String(Date.now());
  return '';
}

function writeRecord(stateDir: string): void {
  const run = join(stateDir, 'runs', '2026-01-01T10-00-00Z');
  mkdirSync(join(run, 'hosts'), { recursive: true });
  const unit = { task: 'deploy-services', title: 'Services', target: 'web' };
  const error = {
    code: 'SERVICE_FAILED',
    message: `service web failed: GET https://bob:${unknown.recordedUrl}@x.test; ${known.join(' ')}`,
    fix: 'swarmup status',
    output: `it printed ${unknown.containerOutput}`,
    postMortem: { lines: [`it printed ${unknown.postMortem}`] },
  };
  const events = [
    { at: 1, type: 'run-started', pipeline: 'up', cluster: 'planted', mode: 'apply', units: [{ ...unit, needs: [] }] },
    { at: 2, type: 'unit-started', unit, novelty: unknown.newField },
    {
      at: 3,
      type: 'unit-planned',
      unit,
      changes: [{ action: 'update', path: ['services', 'web', 'env'], from: 'a', to: unknown.changed }],
    },
    { at: 3, type: 'unit-detail', unit, detail: `token: ${unknown.detail}` },
    { at: 3, type: 'command-finished', host: 'manager1', command: 'x', exitCode: 0, ms: 1, printed: unknown.printed },
    { at: 4, type: 'unit-finished', unit, result: { ...unit, outcome: 'failed', ms: 2, changes: [], error } },
    { at: 5, type: 'run-finished', result: { ok: false, units: [{ error }], warnings: [] } },
  ];
  writeFileSync(join(run, 'events.jsonl'), events.map((event) => `${JSON.stringify(event)}\n`).join(''));
  const meta = {
    command: `up --token ${unknown.commandLine}`,
    cluster: 'planted',
    file: '/x',
    provider: 'qemu',
    startedAt: '2026-01-01T10:00:00Z',
    versions: {},
  };
  writeFileSync(join(run, 'run.json'), JSON.stringify(meta));
  writeFileSync(join(run, 'hosts', 'manager1.log'), unknown.printed);
  writeFileSync(join(stateDir, 'portainer-admin-password'), `${kept.portainer}\n`);
  writeFileSync(join(stateDir, 'portainer-admin-password.older'), `${kept.older}\n`);
  writeFileSync(join(stateDir, 'unlock-key'), `${kept.unlock}\n`);
}

async function plantedWorld() {
  const cluster = await loadCluster({ file: 'swarmup.yaml', cwd: folder, env });
  const world = worldWithRegistry();
  const simple = { ...cluster, services: [], objects: [], stacks: [], docker: { ...cluster.docker, daemon: {} } };
  expect((await world.run('up', simple)).units.flatMap(({ error }) => error?.message ?? [])).toEqual([]);
  const ContainerSpec = {
    Image: 'nginx',
    Args: ['app', unknown.specArgs],
    Env: [`X=${unknown.specEnv}`],
    Healthcheck: { Test: ['CMD', unknown.health] },
    Mounts: [
      {
        Type: 'volume',
        Source: 'd',
        Target: '/d',
        VolumeOptions: { DriverConfig: { Options: { o: unknown.driver } } },
      },
    ],
  };
  const service = {
    Name: 'web',
    Labels: { users: unknown.specLabel },
    TaskTemplate: { ContainerSpec },
    Mode: { Replicated: { Replicas: 1 } },
  };
  await Promise.resolve(world.swarm.docker('manager1').createService({}, service as never));
  world.swarm.tasks = world.swarm.tasks.map((task) => ({
    ...task,
    Status: { State: 'failed', Err: `exec app --password ${unknown.taskError}: ${known.join(' ')}` },
  }));
  world.swarm.tokens = { manager: kept.manager, worker: kept.manager };
  world.swarm.printed.push([
    1,
    `2026-01-01T10:00:00Z com.docker.swarm.task.id=abcdefgh it says ${unknown.log} and ${file.secret}\n`,
  ]);
  writeRecord(cluster.stateDir);
  const credentials = async () => ({ server: 'r.test', username: 'bob', secret: new Secret(kept.registry) });
  const images = { ...world.context(cluster).images, credentials };
  const made = { cluster, file: join(folder, 'swarmup.yaml'), env };
  return { world, made, change: { answer, learned: kept.sudo, context: { images } } };
}

function leaksIn(files: ReadonlyMap<string, string>): string[] {
  return [...PLANTED].flatMap(([where, word]) => {
    const cores = [0, 1, 2].map((offset) =>
      Buffer.concat([Buffer.alloc(offset), Buffer.from(word)])
        .toString('base64')
        .slice(4, -4),
    );
    const forms = [word, encodeURIComponent(word), Buffer.from(word).toString('hex'), ...cores];
    return [...files].flatMap(([name, text]) =>
      forms.some((form) => text.includes(form)) ? [`${where} in ${name}`] : [],
    );
  });
}

describe('a diagnosis of a cluster full of secrets', () => {
  it('has none of them, in any form', async () => {
    const { world, made, change } = await plantedWorld();
    const { files, missing } = await diagnose(world, made, change);
    expect(PLANTED.size).toBeGreaterThan(40);
    expect(leaksIn(files)).toEqual([]);
    const all = [...files.values()].join('\n');
    for (const shape of ['PRIVATE KEY', 'SWMTKN-', 'SWMKEY-', key.split('\n')[2] ?? '-'])
      expect(all).not.toContain(shape);
    // Nothing is missing that has no reason to be: redaction didn't leave out whole files.
    expect(missing.split('\n').filter((line) => !line.includes('worker1'))).toEqual(['']);
  });

  it('has what a helper needs', async () => {
    const { world, made, change } = await plantedWorld();
    const { files } = await diagnose(world, made, change);
    const json = (name: string): unknown => JSON.parse(files.get(name) ?? `missing: ${name}`);
    expect([...files.keys()].toSorted()).toEqual([
      'cluster-file.json',
      'contents.txt',
      'missing.txt',
      'network.txt',
      ...[
        'daemon.json',
        'docker-info.json',
        'docker-service.json',
        'engine.log',
        'facts.json',
        'resources.txt',
        'versions.txt',
      ].map((name) => `nodes/manager1/${name}`),
      'nodes/worker1/facts.json',
      'preflight.json',
      ...['errors.json', 'events.json', 'run.json'].map((name) => `run/${name}`),
      'status.json',
      ...['networks.json', 'nodes.json', 'services.json', 'tasks.json'].map((name) => `swarm/${name}`),
      'versions.json',
    ]);
    expect(files.get('nodes/manager1/engine.log')).toContain('no space left on device');
    expect(json('nodes/manager1/daemon.json')).toEqual({ mtu: 1400, proxies: '***', 'log-opts': '***' });
    expect(json('nodes/manager1/docker-info.json')).toEqual({
      ServerVersion: '28.2.2',
      RegistryConfig: { Mirrors: ['https://***@mirror.test/'] },
    });
    expect(json('cluster-file.json')).toMatchObject({
      services: {
        web: {
          env: { DB_PASSWORD: '***', GIVEN: '***', COLOUR: '***' },
          labels: { users: '***' },
          command: ['app', '--requirepass', '***'],
        },
      },
      docker: { daemon: { 'log-opts': '***', proxies: '***' } },
    });
    expect(json('swarm/services.json')).toMatchObject([
      { Spec: { Name: 'web', Labels: ['users'], TaskTemplate: { ContainerSpec: { Image: 'nginx' } } } },
    ]);
    expect(json('run/errors.json')).toMatchObject([{ task: 'deploy-services', error: { code: 'SERVICE_FAILED' } }]);
    expect(json('run/events.json')).toHaveLength(7);
    expect(files.get('swarm/tasks.json')).toContain('exec app --password ***');
  });

  it('has the output of containers only when that is wanted, with what is known masked', async () => {
    const { world, made, change } = await plantedWorld();
    const { files } = await diagnose(world, made, { ...change, logs: true });
    expect(files.get('logs/web.log')).toContain(unknown.log);
    expect(files.get('logs/web.log')).toContain('and ***');
    expect(files.get('run/errors.json')).toContain(unknown.containerOutput);
    expect(files.get('run/errors.json')).toContain(unknown.postMortem);
    const wanted = [unknown.log, unknown.containerOutput, unknown.postMortem];
    const others = leaksIn(files).filter(
      (leak) => !wanted.some((word) => leak.startsWith([...PLANTED].find(([, one]) => one === word)?.[0] ?? '-')),
    );
    expect(others).toEqual([]);
    expect(files.get('contents.txt')).toContain('read them first');
  });

  it('has what this computer knows when no session can be opened', async () => {
    const { world, made, change } = await plantedWorld();
    const inSession = async () => {
      throw new SwarmupError('CLOUD_CREDENTIALS', `no credentials; ${kept.aws}`, { fix: 'x' });
    };
    const { files, missing } = await diagnose(world, made, { ...change, inSession });
    expect(missing).toBe('the machines and the swarm: no credentials; ***\n');
    expect(files.get('run/errors.json')).toContain('SERVICE_FAILED');
    // The recorder knew these; without a session nothing else does.
    const learned = /^(the sudo password|the password of a registry|a join token) in run/;
    expect(leaksIn(files).filter((leak) => !learned.test(leak))).toEqual([]);
  });
});
