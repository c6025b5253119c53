import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Cli, program, type StatusDocument, type UpDocument } from '../support/cli.ts';
import { expectOk } from '../support/expect.ts';
import { get, onNode, qemuProcesses } from '../support/machines.ts';

/** What Swarm users have: stacks with files and variables, jobs, an order, TLS. With the engine of Debian 13. */
const CLUSTER = `name: e2e-stacks
provider: { type: qemu }
nodes: { managers: 1, workers: 1 }
images: { whenUnreachable: build }
networks: { shared_net: {} }
secrets: { api_key: { value: the-key-of-the-house }, tls_key: { file: tls/key.pem } }
configs: { tls_conf: { file: tls/nginx.conf }, tls_cert: { file: tls/cert.pem } }
services:
  migrate: { image: nginx, mode: replicated-job, total: 2, concurrent: 1, command: [/usr/sbin/nginx, -t] }
  web: { image: nginx, ports: ['80:80'], dependsOn: { migrate: completed } }
  tls:
    image: nginx
    ports: ['443:443']
    configs: [{ source: tls_conf, target: /etc/nginx/nginx.conf }, { source: tls_cert, target: /etc/nginx/cert.pem }]
    secrets: [{ source: tls_key, target: key.pem }]
    verify: { https: true, ca: tls/cert.pem, host: swarm.test, body: Welcome }
stacks:
  app:
    file: [app/compose.yml, app/compose.prod.yml]
    env: { REPLICAS: 2, GREETING: hello }
    envFile: app/prod.env
    verify: { port: 8080, path: /hello.txt, body: first }
`;

const FILES = {
  'swarmup.yaml': CLUSTER,
  'app/compose.yml': `# The shop.
x-base: &base
  image: "nginx:\${TAG:-latest}"
  networks: [shared, default]
services:
  front:
    <<: *base
    ports: ["\${PORT:?set PORT}:80"]
    env_file: [front.env]
    environment: { WORD: "\${GREETING} for $$5" }
    secrets: [password, api_key]
    configs: [{ source: hello, target: /usr/share/nginx/html/hello.txt }]
    volumes: ["./data:/data:ro"]
    deploy: { replicas: "\${REPLICAS}" }
secrets:
  password: { file: ../secrets/password.txt }
  api_key: { external: true }
configs: { hello: { file: ./conf/hello.txt } }
networks: { shared: { external: true, name: shared_net } }
`,
  'app/compose.prod.yml': 'services: { front: { environment: { TIER: prod }, deploy: { labels: { tier: prod } } } }\n',
  'app/prod.env': 'PORT=8080\nGREETING=overridden by env\n',
  'app/front.env': 'FROM_FILE=one $TWO\n',
  'app/conf/hello.txt': 'the first page\n',
  'secrets/password.txt': 'of-the-shop',
  'tls/nginx.conf': `daemon off;
error_log stderr notice;
events {}
http {
  server {
    listen 443 ssl;
    ssl_certificate /etc/nginx/cert.pem;
    ssl_certificate_key /run/secrets/key.pem;
    root /usr/share/nginx/html;
  }
}
`,
};

const folder = mkdtempSync(join(tmpdir(), 'swarmup-stacks-'));
const cli = new Cli(folder);
const sshConfig = join(folder, 'ssh-config');
const manager = (command: string) => onNode(sshConfig, 'manager1', command);
const up = (...argv: string[]) => cli.json<UpDocument>('up', '--yes', ...argv);
const changesOf = ({ document }: { document: UpDocument }) => document.units.flatMap(({ changes }) => changes);

function write(name: string, text: string): void {
  const file = join(folder, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

function change(name: string, from: string, to: string): void {
  const text = readFileSync(join(folder, name), 'utf8');
  if (!text.includes(from)) throw new Error(`${name} has no '${from}'`);
  write(name, text.replace(from, to));
}

interface Spec {
  readonly Labels: Record<string, string>;
  readonly Mode: { readonly Replicated?: { readonly Replicas: number } };
  readonly TaskTemplate: {
    readonly ContainerSpec: {
      readonly Image: string;
      readonly Env: readonly string[];
      readonly Mounts: readonly object[];
      readonly Secrets: readonly { readonly SecretName: string }[];
    };
  };
}

async function specOf(service: string): Promise<Spec> {
  const [{ Spec }] = JSON.parse(await manager(`docker service inspect ${service}`)) as [{ Spec: Spec }];
  return Spec;
}

async function urlsOf(service: string): Promise<readonly string[]> {
  const { document } = await cli.json<StatusDocument>('status');
  return document.services.find(({ name }) => name === service)?.urls.map(({ url }) => url) ?? [];
}

/** How often the tasks of a job have completed, in all its iterations. */
async function completed(job: string): Promise<number> {
  const states = await manager(`docker service ps ${job} --format '{{.CurrentState}}'`);
  return states.split('\n').filter((state) => state.startsWith('Complete')).length;
}

afterAll(async () => {
  await cli.run(['down', '--yes']);
  expect(qemuProcesses('e2e-stacks')).toEqual([]);
  rmSync(folder, { recursive: true, force: true });
});

describe('what Swarm users have', () => {
  it('runs as it is: files, variables, a job before what needs it, and TLS', async () => {
    for (const [name, text] of Object.entries(FILES)) write(name, text);
    const key = ['-newkey', 'rsa:2048', '-nodes', '-keyout', join(folder, 'tls/key.pem')];
    const name = ['-subj', '/CN=swarm.test', '-addext', 'subjectAltName=DNS:swarm.test'];
    await program('openssl', ['req', '-x509', ...key, ...name, '-days', '2', '-out', join(folder, 'tls/cert.pem')]);
    expectOk(await up('--only', 'provision'));
    writeFileSync(sshConfig, (await cli.run(['ssh-config'])).stdout);
    // A bind mount of a stack means the same path on the nodes.
    await onNode(sshConfig, 'manager1', `mkdir -p '${folder}/app/data'`);
    const lacking = (await up()).document.units.find(({ error }) => error)?.error;
    expect(lacking).toMatchObject({
      code: 'BIND_SOURCE_ABSENT',
      message: `service app_front mounts ${folder}/app/data, which worker1 does not have`,
    });
    // The command works as printed.
    const [, command = ''] = /swarmup (exec --node worker1 -- \S.*?) \(copy/.exec(lacking?.fix ?? '') ?? [];
    expect(await cli.run(command.split(' '))).toMatchObject({ status: 0 });
    expectOk(await up());
  });

  it('has the specification that Docker makes of its files', async () => {
    const { Labels, Mode, TaskTemplate } = await specOf('app_front');
    const { Image, Env, Mounts, Secrets } = TaskTemplate.ContainerSpec;
    expect(Image).toMatch(/^nginx:latest(@|$)/);
    expect(Env.toSorted()).toEqual(['FROM_FILE=one $TWO', 'TIER=prod', 'WORD=hello for $5']);
    expect(Labels).toMatchObject({ tier: 'prod', 'com.docker.stack.namespace': 'app' });
    expect(Mode.Replicated?.Replicas).toBe(2);
    expect(Mounts).toEqual([{ Type: 'bind', Source: `${folder}/app/data`, Target: '/data', ReadOnly: true }]);
    const names = Secrets.map(({ SecretName }) => SecretName).toSorted();
    expect(names[0]).toMatch(/^api_key/);
    expect(names[1]).toBe('app_password');
  });

  it('serves the files of the stack through every node, and its secrets reach the containers', async () => {
    const pages = await urlsOf('app_front');
    expect(pages).toHaveLength(2);
    for (const url of pages) expect((await get(`${url}/hello.txt`)).body).toBe('the first page\n');
    const [node = ''] = (
      await manager("docker service ps app_front -f desired-state=running --format '{{.Node}}'")
    ).split('\n');
    const found = await onNode(sshConfig, node, 'cat /var/lib/docker/containers/*/mounts/secrets/*');
    expect(found).toContain('of-the-shop');
    expect(found).toContain('the-key-of-the-house');
  });

  it('leaves none of its files on the manager', async () => {
    expect(
      await manager("find /run /dev/shm /tmp -name 'password.txt' -o -name 'front.env' -o -name 'compose*.yml'"),
    ).toBe('');
  });

  it('answers over TLS with the certificate of the file', async () => {
    const [url = ''] = await urlsOf('tls');
    const { port } = new URL(url);
    const argv = ['-sS', '--max-time', '30', '--cacert', join(folder, 'tls/cert.pem')];
    const page = await program('curl', [
      ...argv,
      '--resolve',
      `swarm.test:${port}:127.0.0.1`,
      `https://swarm.test:${port}/`,
    ]);
    expect(page).toContain('Welcome to nginx');
  });

  it('ran the job before the service that depends on it', async () => {
    const created = await manager("docker service inspect web --format '{{json .CreatedAt}}'");
    const ids = (await manager('docker service ps migrate -q')).split('\n');
    expect(ids).toHaveLength(2);
    for (const id of ids) {
      const [end, state] = (
        await manager(`docker inspect ${id} --format '{{json .Status.Timestamp}} {{.Status.State}}'`)
      ).split(' ');
      expect(state).toBe('complete');
      expect(Date.parse(JSON.parse(end ?? '') as string)).toBeLessThan(Date.parse(JSON.parse(created) as string));
    }
  });

  it('changes nothing on a second run, nor for a comment or another order of keys', async () => {
    expect(changesOf(await up())).toEqual([]);
    change('app/compose.yml', '# The shop.', '# The shop, with a comment.');
    change('app/compose.yml', 'secrets: [password, api_key]', 'secrets: [password, api_key] # two');
    expect(changesOf(await up())).toEqual([]);
    expect(await completed('migrate')).toBe(2);
  });

  it('is put right when somebody has changed it by hand, and the plan says what was', async () => {
    await manager('docker service scale -d app_front=1 && docker service update -d --env-add HAND=1 app_front');
    const plan = changesOf(await cli.json<UpDocument>('plan')).join('\n');
    expect(plan).toMatch(/1.*2/);
    expect(plan).toContain('app');
    expectOk(await up());
    const { Mode, TaskTemplate } = await specOf('app_front');
    expect(Mode.Replicated?.Replicas).toBe(2);
    expect(TaskTemplate.ContainerSpec.Env).not.toContain('HAND=1');
    expect(changesOf(await up())).toEqual([]);
  });

  it('is deployed again when a file that it names has other content', async () => {
    change('app/front.env', 'one', 'another');
    expectOk(await up());
    expect((await specOf('app_front')).TaskTemplate.ContainerSpec.Env).toContain('FROM_FILE=another $TWO');
  });

  it("keeps a config whose content Docker can't change, and the error says what to do", async () => {
    change('app/conf/hello.txt', 'first', 'second');
    const { document, status } = await up();
    expect(status).toBe(1);
    const error = document.units.find((unit) => unit.error)?.error;
    expect(error).toMatchObject({
      code: 'STACK_INVALID',
      message: expect.stringMatching(/^stack app: app\/compose\.yml:\d+:\d+: config app_hello: its content/),
      fix: expect.stringContaining('below configs.hello: name: app_hello_2'),
      output: expect.stringContaining('only updates to Labels are allowed'),
    });
    change('app/conf/hello.txt', 'second', 'first');
  });

  const EXTRA = `services:
  page:
    image: nginx
    ports: ['8090:80']
    # Its workers end at this signal, and the container only when its time is over.
    stop_signal: SIGWINCH
    stop_grace_period: 8s
    deploy: { placement: { constraints: [node.role == manager] } }
`;
  const errorOf = ({ document }: { document: UpDocument }) => document.units.find(({ error }) => error)?.error;

  it('names what a stack needs and nobody has, before it is deployed', async () => {
    change('swarmup.yaml', 'stacks:\n', 'stacks:\n  extra: { file: extra.yml }\n');
    write(
      'extra.yml',
      `${EXTRA.replace('image: nginx', 'image: nginx\n    networks: [nowhere]')}networks:\n  nowhere: { external: true }\n`,
    );
    const plan = await cli.json<UpDocument>('plan');
    expect(errorOf(plan)).toMatchObject({
      code: 'STACK_INVALID',
      message: expect.stringMatching(/external network nowhere \(extra\.yml:11:\d+\)$/),
    });
  });

  it('names the service that has a port, and the command that frees it', async () => {
    write('extra.yml', EXTRA);
    await manager('docker service create -d --quiet --no-resolve-image --name squatter -p 8090:80 nginx');
    const error = errorOf(await up());
    expect(error?.message).toMatch(/extra_page.*8090.*squatter/);
    const [, fix = ''] = /swarmup ssh manager1 -- (sudo docker service rm \S+)/.exec(error?.fix ?? '') ?? [];
    expect(fix).toBe('sudo docker service rm squatter');
    await manager(fix);
    expectOk(await up());
  });

  it('names the local network that has the name of a network of the stack', async () => {
    await manager('docker stack rm extra');
    await expect.poll(() => manager('docker network ls -q -f name=extra_default'), { timeout: 60_000 }).toBe('');
    await manager('docker network create extra_default');
    const error = errorOf(await up());
    expect(error).toMatchObject({ code: 'STACK_INVALID', message: expect.stringContaining('network extra_default') });
    await manager('docker network rm extra_default');
    expectOk(await up());
  });

  it('is deployed again right after its removal, while its old network is still there', async () => {
    await manager('docker stack rm extra');
    expect(await manager('docker network ls -q -f name=extra_default')).not.toBe('');
    expectOk(await up());
    expect(await manager("docker service ls -f name=extra_page --format '{{.Replicas}}'")).toBe('1/1');
    change('swarmup.yaml', '  extra: { file: extra.yml }\n', '');
    expectOk(await up('--prune', '--yes'));
  });

  it('runs a job again when asked', async () => {
    expect((await cli.run(['rerun', 'migrate', '--yes'])).status).toBe(0);
    expect(await manager("docker service inspect migrate --format '{{.JobStatus.JobIteration.Index}}'")).toBe('1');
    expect(changesOf(await up())).toEqual([]);
  });

  it('stops at a job that fails, with its last lines, before what depends on it', async () => {
    change(
      'swarmup.yaml',
      'command: [/usr/sbin/nginx, -t]',
      'command: [/usr/sbin/nginx, -c, /no/such], restart: { condition: none }',
    );
    change('swarmup.yaml', "ports: ['80:80'],", "ports: ['80:80'], replicas: 2,");
    const { document, status } = await up();
    expect(status).toBe(1);
    const failed = document.units.find(({ error }) => error);
    expect(`${failed?.task} ${failed?.target}`).toBe('deploy-services migrate');
    expect(`${failed?.error?.message}${failed?.error?.output}`).toContain('/no/such');
    expect(failed?.error?.postMortem?.tasks[0]).toMatchObject({
      node: expect.stringMatching(/^(?:manager|worker)\d$/),
      state: 'failed',
      exitCode: 1,
      log: expect.stringContaining('/no/such'),
    });
    expect((await specOf('web')).Mode.Replicated?.Replicas).toBe(1);
  });
});
