import { randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { Host } from '../../lib/contracts/host.ts';
import { SwarmupError } from '../../lib/util/errors.ts';
import { Secret } from '../../lib/util/secret.ts';
import { strict } from '../fakes/strict.ts';
import { deployStack, type Deployment } from '../../lib/swarm/stack-deploy.ts';
import { stackHash } from '../../lib/swarm/stack.ts';
import type { StackSpec } from '../../lib/config/model.ts';
import { dockerStandIn, dockerWith, localManager, stackOn, type Files } from '../support/deploying.ts';
import { RecordingManager } from '../support/recording-manager.ts';
import { hasOracle } from './docker.ts';

const never = new AbortController().signal;
const NONE: Deployment = {
  additions: [],
  objects: { secrets: new Map(), configs: new Map() },
  resolveImage: 'never',
  home: process.env['HOME'],
};

/** Instead of deploying, docker prints what it would deploy: same files, same parser. */
const READS = `[ "$1 $3 $5 $6 $7" = '--host --config --tls=false stack deploy' ] || exit 64
shift 7
left=$#
while [ "$left" -gt 1 ]; do
  one=$1; shift; left=$((left - 1))
  case $one in
    --resolve-image) shift; left=$((left - 1)) ;;
    --with-registry-auth) ;;
    *) set -- "$@" "$one" ;;
  esac
done
shift
exec "$docker" stack config "$@"`;

interface Config {
  readonly services: Readonly<Record<string, Record<string, unknown>>>;
  readonly [section: string]: unknown;
}

/** A stack as docker on a manager reads it, from what swarmup sends there. */
async function read(stack: StackSpec, deployment: Partial<Deployment> = {}, env = {}, shell = 'sh'): Promise<Config> {
  const { host, ran } = localManager(dockerStandIn(READS), { env, shell });
  await deployStack(host, stack, { ...NONE, ...deployment }, never);
  const { argv, stdout } = ran[0]!;
  expect(argv.join(' ')).not.toMatch(/k\$x|secret value/);
  const config = parse(stdout.replaceAll('/proc/self/cwd/root/', '/')) as Config;
  return withoutExtensions(config);
}

/** Without top-level extensions, which docker keeps of the first file only, and uses for nothing. */
function withoutExtensions(config: Config): Config {
  // eslint-disable-next-line typescript/no-unsafe-type-assertion -- the services stay
  return Object.fromEntries(Object.entries(config).filter(([key]) => !key.startsWith('x-'))) as unknown as Config;
}

/** Removes what swarmup adds to every service. */
function withoutMark(config: Config, stack: StackSpec): Config {
  for (const service of Object.values(config.services)) {
    const deploy = service['deploy'] as { labels?: Record<string, string> };
    expect(deploy.labels?.['swarmup.stack']).toBe(stackHash(stack, NONE.objects));
    delete deploy.labels?.['swarmup.stack'];
    if (Object.keys(deploy.labels ?? {}).length === 0) delete deploy.labels;
    if (Object.keys(deploy).length === 0) delete service['deploy'];
  }
  return config;
}

const CASES = new URL('cases/', import.meta.url);
const fileOf = (name: string) => readFileSync(new URL(name, CASES), 'utf8');
const names = (ending: string) =>
  readdirSync(CASES).flatMap((name) => (name.endsWith(ending) ? [name.slice(0, -ending.length)] : []));
const A = (lines: string) => `services:\n  a:\n    image: x\n    ${lines.trim().split('\n').join('\n    ')}\n`;

describe.runIf(hasOracle)('a stack, as docker on a manager reads it', () => {
  it.each(names('.expected.yml'))('%s equals what docker reads from the user’s own file', async (name) => {
    const text = fileOf(`${name}.yml`);
    const { stack, compose } = stackOn({
      files: { 'stack.yml': text },
      env: text.includes('$') ? { P: '8080' } : {},
    });
    expect(withoutMark(await read(stack), stack)).toEqual(withoutExtensions(compose as unknown as Config));
  });

  it.each(names('.refused.yml'))(
    '%s is refused by docker, and nothing that swarmup adds makes it valid',
    async (name) => {
      const { stack } = stackOn({ files: { 'stack.yml': 'services: { a: { image: x } }\n' } });
      const text = fileOf(`${name}.refused.yml`);
      await expect(read({ ...stack, files: stack.files.map((file) => ({ ...file, text })) })).rejects.toThrow();
    },
  );

  it.each<[string, Files]>([
    ['relative binds and `~`', { files: { 'stack.yml': A('volumes: [./a:/a, ../b:/b, "~/c:/c", .:/d]') } }],
    [
      'binds beside an environment file',
      {
        files: { 'stack.yml': A('env_file: ./a.env\nvolumes: ["./a$$b:/a:ro", /etc:/etc]'), 'a.env': 'A=1\nB\n' },
        references: [['env_file', './a.env']],
      },
    ],
    [
      'binds beside an environment file, in a version without the long form',
      {
        files: {
          'stack.yml': `version: "3.1"\n${A('env_file: a.env\nvolumes: [./a:/a:ro, ./b:/b]')}`,
          'a.env': 'A=1\n',
        },
        references: [['env_file', 'a.env']],
      },
    ],
    [
      'files in several folders',
      {
        files: {
          'x/y/stack.yml': `${A('env_file: [../e/1.env, 2.env]\nsecrets: [s]')}secrets: { s: { file: ../../s.txt, labels: { a: b } } }\n`,
          'x/more/b.yml':
            'services: { a: { env_file: ../y/2.env, volumes: [./v:/v] }, b: { image: y } }\nconfigs: { c: { file: ./c } }\n',
          'x/e/1.env': 'A=1\nX=1\n',
          'x/y/2.env': 'X=2 # no comment\n',
        },
        compose: ['x/y/stack.yml', 'x/more/b.yml'],
        references: [
          ['env_file', '../e/1.env'],
          ['env_file', '2.env'],
          ['env_file', '../y/2.env'],
          ['secret', '../../s.txt'],
          ['config', './c'],
        ],
      },
    ],
    [
      'names that a shell or docker’s options would take apart',
      {
        files: {
          'a b,\'$(id)"\n;*/stack,".yml': `${A('volumes: [./v:/v]\nsecrets: [s]')}secrets: { s: { file: "é,x" } }\n`,
        },
        compose: ['a b,\'$(id)"\n;*/stack,".yml'],
        references: [['secret', 'é,x']],
      },
    ],
    [
      'lists of which a merge of files keeps one',
      {
        files: {
          'stack.yml': `${A('ports: [53:53/tcp, 53:53/udp, "80", "443"]\nsecrets: [{ source: s, target: a }, { source: s, target: b }]\nvolumes: [./x:/x]')}secrets: { s: { external: true } }\n`,
        },
      },
    ],
    [
      'such lists beside absolute volumes and an environment file',
      {
        files: {
          'stack.yml': A('env_file: a.env\nports: [53:53/tcp, 53:53/udp]\nvolumes: [/var/run/docker.sock:/s]'),
          'a.env': 'A=1\n',
        },
        references: [['env_file', 'a.env']],
      },
    ],
    [
      'values that a merge of files takes for none',
      {
        files: {
          'stack.yml': A(
            'init: false\nstop_grace_period: 0s\ndeploy: { replicas: 0, update_config: { parallelism: 0 } }',
          ),
        },
      },
    ],
  ])('means the same as here: %s', async (_title, files) => {
    const { stack, compose } = stackOn(files);
    expect(withoutMark(await read(stack), stack)).toEqual(withoutExtensions(compose as unknown as Config));
  });

  it('is the user’s text byte for byte: comments, dollar signs, and a last line without a newline', async () => {
    const text = "# $P\nservices:\n  a: { image: x, command: ['echo', '$$HOME', \"\\t\"] } # the end";
    const { stack } = stackOn({ files: { 'stack.yml': text } });
    expect((await read(stack)).services['a']).toMatchObject({ command: ['echo', '$HOME', '\t'] });
  });

  it.each(['', 'version: "3"\n', "version: '3.3'\n", 'version: "3.13"\n'])(
    'declares the version that the file declares: %j',
    async (line) => {
      const { stack } = stackOn({ files: { 'stack.yml': `${line}services: { a: { image: x } }\n` } });
      expect((await read(stack)).services['a']).toHaveProperty('image', 'x');
    },
  );
});

describe.runIf(hasOracle)('what swarmup adds to a stack', () => {
  it('is beside the file’s values in any notation, and secrets are unchanged', async () => {
    const text = `version: "3.8"
x-env: &env { MINE: '', OTHER: }
x-deploy: &deploy { placement: { constraints: [node.role == manager], max_replicas_per_node: 1 }, labels: [a=] }
services:
  a: { image: x, environment: *env, deploy: { <<: *deploy, replicas: 1 } }
  b: { image: x, environment: [MINE=1] }
  c: { image: x }
`;
    const { stack } = stackOn({ files: { 'stack.yml': text } });
    const additions = ['a', 'b'].map((service) => ({ service, node: 'n1', environment: { KEY: new Secret('k$x') } }));
    const { services } = withoutMark(await read(stack, { additions }), stack);
    const pinned = { 'swarmup.pinned': 'n1' };
    expect(services).toEqual({
      a: {
        image: 'x',
        environment: { MINE: '', OTHER: null, KEY: 'k$x' },
        deploy: {
          replicas: 1,
          labels: { a: '', ...pinned },
          placement: { constraints: ['node.id == n1', 'node.role == manager'], max_replicas_per_node: 1 },
        },
      },
      b: {
        image: 'x',
        environment: { MINE: '1', KEY: 'k$x' },
        deploy: { labels: pinned, placement: { constraints: ['node.id == n1'] } },
      },
      c: { image: 'x' },
    });
  });

  it.each(['', 'version: "3.1"\n'])('maps the cluster file’s secrets to their names in the swarm: %j', async (line) => {
    const text = `${line}services: { a: { image: x, secrets: [k, l] } }
secrets: { k: { external: true }, l: { external: { name: m } } }
`;
    const { stack } = stackOn({ files: { 'stack.yml': text } });
    const secrets = new Map([
      ['k', 'k-0123'],
      ['m', 'm-$4567'],
    ]);
    const { secrets: found, services } = await read(stack, { objects: { secrets, configs: new Map() } });
    expect(found).toEqual({ k: { external: true, name: 'k-0123' }, l: { external: true, name: 'm-$4567' } });
    expect(services['a']).toMatchObject({ secrets: [{ source: 'k' }, { source: 'l' }] });
  });

  it.each([
    [A('deploy: { replicas: 3 }'), 5],
    [A('deploy: { replicas: 3 }'), 0],
    [A('hostname: h'), 0],
    [A('hostname: h'), 7],
  ])('keeps the number of tasks that somebody else chose', async (text, replicas) => {
    const { stack } = stackOn({ files: { 'stack.yml': text } });
    const additions = [{ service: 'a', environment: {}, replicas }];
    expect((await read(stack, { additions })).services['a']).toMatchObject({ deploy: { replicas } });
  });

  it('replaces an image', async () => {
    const { stack } = stackOn({ files: { 'stack.yml': A('ports: ["80:80"]') } });
    const services = stack.services.map((one) => ({ ...one, image: 'y:$1', imageReplaced: true as const }));
    expect((await read({ ...stack, services })).services['a']).toMatchObject({ image: 'y:$1' });
  });
});

const HOSTILE = {
  PATH: '/nowhere',
  HOME: '/home/other',
  IFS: 'a/:=',
  ENV: '/nowhere',
  PWD: '/nowhere',
  LANG: 'nowhere',
  DEBUG: '1',
  DOCKER_HOST: 'tcp://127.0.0.1:1',
  DOCKER_CONTEXT: 'nowhere',
  DOCKER_CONFIG: '/nowhere',
  DOCKER_TLS: '1',
  DOCKER_CERT_PATH: '/nowhere',
  DOCKER_CONTENT_TRUST: '1',
  DOCKER_DEFAULT_PLATFORM: 'nowhere',
  HTTP_PROXY: 'http://127.0.0.1:1',
  HTTPS_PROXY: 'http://127.0.0.1:1',
  ALL_PROXY: 'http://127.0.0.1:1',
  folder: 'f',
  docker: 'd',
  one: '1',
  files: 'secret value',
  value: '  two\n\nlines\n\n',
};

describe.runIf(hasOracle)('the environment of docker on a manager', () => {
  const engine = new RecordingManager();
  beforeAll(() => engine.listen());
  beforeEach(() => engine.reset());
  afterAll(() => engine.close());

  it.each(['dash', 'bash'])('has the variables of here, and none changes how docker runs: %s', async (shell) => {
    const keys = Object.keys(HOSTILE);
    const text = A(`environment: [${keys.map((key) => `"V_${key}=\${${key}}"`).join(', ')}]`);
    const { stack } = stackOn({ files: { 'stack.yml': text } });
    const environment = Object.fromEntries(Object.entries(HOSTILE).map(([key, value]) => [key, new Secret(value)]));
    const bin = dockerWith(engine.socket);
    await deployStack(localManager(bin, { shell }).host, { ...stack, environment }, NONE, never);
    const [body] = engine.bodies('/services/create');
    const { Env } = (body as { TaskTemplate: { ContainerSpec: { Env: string[] } } }).TaskTemplate.ContainerSpec;
    expect(Env).toEqual(
      Object.entries(HOSTILE)
        .map(([key, value]) => `V_${key}=${value}`)
        .toSorted(),
    );
  });

  it.each(['dash', 'bash'])('lacks what is not set here, whatever is set on the manager: %s', async (shell) => {
    const text = A('environment: [A, "P=${P:-none}", "H=${HOME-none}", "F=${folder-none}"]');
    const { stack } = stackOn({ files: { 'stack.yml': text } });
    const { services } = await read(stack, {}, { P: '9', A: 'there', folder: 'there', UID: '7' }, shell);
    expect(services['a']?.['environment']).toEqual({ A: null, P: 'none', H: 'none', F: 'none' });
  });

  it.each(['LD_PRELOAD', 'UID', 'DOCKER_API_VERSION', 'DOCKER_TLS_VERIFY', '_swarmup_value', 'a-b'])(
    'never has %s',
    async (name) => {
      const { stack } = stackOn({ files: { 'stack.yml': A('hostname: h') } });
      const environment = { [name]: new Secret('1') };
      await expect(read({ ...stack, environment })).rejects.toMatchObject({ code: 'STACK_INVALID' });
    },
  );

  it('has credentials in a private file, for the registries that get them', async () => {
    const { stack } = stackOn({
      files: { 'stack.yml': 'services: { a: { image: registry.test/x }, b: { image: y } }\n' },
    });
    const secret = new Secret('p:w');
    const credentials = [
      { server: 'registry.test', username: 'me', secret },
      { server: 'https://index.docker.io/v1/', username: '<token>', secret },
    ];
    const bin = dockerWith(engine.socket);
    const { host, ran } = localManager(bin);
    await deployStack(host, stack, { ...NONE, credentials, resolveImage: 'always' }, never);
    expect(ran[0]?.argv.join(' ')).not.toContain('p:w');
    const given = engine.recorded
      .filter(({ path }) => path === '/services/create')
      .map(({ body, auth }) => [body['Name'], auth]);
    expect(Object.fromEntries(given)).toMatchObject({
      s_a: { username: 'me', password: 'p:w', serveraddress: 'registry.test' },
      s_b: { identitytoken: 'p:w' },
    });
    engine.reset();
    await deployStack(localManager(bin).host, stack, NONE, never);
    expect(engine.recorded.find(({ path }) => path === '/services/create')).not.toHaveProperty('auth.username');
  });
});

describe.runIf(hasOracle)('the folder of a stack on a manager', () => {
  const stack = () => stackOn({ files: { 'stack.yml': A('hostname: h') }, env: { K: 'secret value' } }).stack;
  const flags = mkdtempSync(join(tmpdir(), 'swarmup-flags-'));
  let count = 0;
  /** A docker that notes the folder in which it runs, and does something. */
  const noting = (rest: string) => {
    const flag = join(flags, String(count++));
    const bin = dockerStandIn(`pwd -P >'${flag}.new'; mv '${flag}.new' '${flag}'; ${rest}`);
    return { bin, flag, folder: () => readFileSync(flag, 'utf8').trim() };
  };

  it('is private, in memory, and removed afterwards', async () => {
    const { bin, folder } = noting('find . -exec stat -c "%a %F %n" {} +');
    const { host, ran } = localManager(bin);
    await deployStack(host, stack(), NONE, never);
    const found = ran[0]!.stdout.trim().split('\n');
    expect(found).toEqual(expect.arrayContaining(['600 regular file ./variables/K', '700 directory .']));
    expect(found.filter((line) => !/^(?:700 directory|600 regular file|777 symbolic link) /.test(line))).toEqual([]);
    expect(folder()).toMatch(/^\/(?:run|dev\/shm)\/swarmup-stack\.\w{10}$/);
    expect(existsSync(folder())).toBe(false);
  });

  it('is removed after a failure, which docker’s words explain', async () => {
    const { bin, folder } = noting('echo not today >&2; exit 3');
    await expect(deployStack(localManager(bin).host, stack(), NONE, never)).rejects.toMatchObject({
      output: 'not today',
    });
    expect(existsSync(folder())).toBe(false);
  });

  it('is not in the error, which has docker’s words and not the script that runs it', async () => {
    const failed = new SwarmupError('COMMAND_FAILED', "manager1: 'sh -c umask 077' ended with exit code 1", {
      fix: 'Correct it.',
      output: 'not today',
    });
    const host = strict<Host>('host', { name: 'manager1', run: () => Promise.reject(failed) });
    await expect(deployStack(host, stack(), NONE, never)).rejects.toMatchObject({
      code: 'ENGINE_REFUSED',
      message: `manager1: 'docker stack deploy ${stack().name}' failed`,
      fix: `Correct what Docker names. For what was deployed: swarmup config --stack ${stack().name} --effective`,
      output: 'not today',
    });
  });

  it('is removed after an abort, which ends docker', async () => {
    const { bin, flag, folder } = noting('exec sleep 600');
    const stop = new AbortController();
    const run = deployStack(localManager(bin).host, stack(), NONE, stop.signal);
    const ended = expect(run).rejects.toThrow("'docker stack deploy s' failed");
    await expect.poll(() => existsSync(flag), { timeout: 30_000 }).toBe(true);
    expect(existsSync(folder())).toBe(true);
    stop.abort();
    await ended;
    expect(existsSync(folder())).toBe(false);
  });

  it('of a killed deployment is removed by the next one after an hour, and nothing else is', async () => {
    const unique = () => randomBytes(5).toString('hex');
    const old = `/dev/shm/swarmup-stack.${unique()}`;
    const young = `/dev/shm/swarmup-stack.${unique()}`;
    const other = `/dev/shm/swarmup-stack.${unique()}x`;
    for (const path of [old, young, other]) mkdirSync(path);
    writeFileSync(`${old}/file`, '');
    const past = Date.now() / 1000 - 2 * 3600;
    for (const path of [old, other]) utimesSync(path, past, past);
    try {
      await deployStack(localManager(dockerStandIn('exit 0')).host, stack(), NONE, never);
      expect([old, young, other].map((path) => existsSync(path))).toEqual([false, true, true]);
    } finally {
      for (const path of [young, other]) rmdirSync(path);
    }
  });
});
