import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Diagnosis } from '../../lib/contracts/diagnosis.ts';
import { cacheFolder } from '../../lib/util/files.ts';
import { unpacked } from '../diagnose/rig.ts';
import { whileAsking } from '../support/asking.ts';
import type { DoctorReport } from '../../lib/preflight/report.ts';
import type { OverlayLink } from '../../lib/contracts/mesh.ts';
import { Cli, type StatusDocument, type UpDocument } from '../support/cli.ts';
import { dockerCli } from '../support/docker-cli.ts';
import { expectOk } from '../support/expect.ts';
import { onNode, qemuProcesses } from '../support/machines.ts';
import { isLong } from '../support/long.ts';
import { needPackages } from '../support/packages.ts';
import { PASSWORD, startRegistry, USER, type Registry } from '../support/registry.ts';
import { whenLong } from '../support/when-long.ts';

type DoctorDocument = DoctorReport & { readonly links: readonly OverlayLink[] };

/** The life of a cluster of three managers and a worker: services with all options, and everything that happens to them. */
const BASE = `name: e2e-life
provider: { type: qemu }
nodes:
  - { name: m1, role: manager }
  - { name: m2, role: manager }
  - { name: m3, role: manager }
  - { name: w1, role: worker, labels: { zone: a } }
swarm: { autolock: true, rotateTokens: true, heartbeat: 10s }
DOCKER
images: { whenUnreachable: build, registryAuth: true }
networks: { back: { encrypted: true } }
secrets: { key: { value: of-the-house-1 } }
configs: { greeting: { file: greeting.txt } }
services:
  web:
    image: nginx
    replicas: 2
    ports: ['80:80']
    env: { COLOUR: red }
    networks: [back]
    secrets: [key]
    configs: [{ source: greeting, target: /etc/greeting, mode: 0o440 }]
    hostname: '{{.Node.Hostname}}'
    stopGracePeriod: 5s
    labels: { team: red }
    mounts: ['data:/data', { type: tmpfs, target: /scratch, size: 16MiB }]
    limits: { cpus: 0.8, memory: 64MiB, pids: 100 }
    restart: { condition: any, delay: 1s }
    update: { parallelism: 1, monitor: 2s, order: start-first }
    rollback: { parallelism: 0, monitor: 2s, order: start-first }
    healthcheck: { test: [CMD, nginx, -t], interval: 8s }
    capDrop: [NET_RAW]
    extraHosts: { db: 10.0.0.9 }
    verify: { body: Welcome }
  edge:
    image: nginx
    mode: global
    ports: [{ published: 8081, target: 80, mode: host }]
    constraints: [node.role == worker]
    verify: { port: 8081 }
`;

const folder = mkdtempSync(join(tmpdir(), 'swarmup-e2e-'));
const home = join(folder, 'home');
const cli = new Cli(folder, {
  HOME: home,
  // OpenSSH's client would look in the home of this user's passwd entry.
  SWARMUP_SSH_CONFIG: join(home, '.ssh', 'config'),
  SWARMUP_CACHE_DIR: cacheFolder(process.env),
});
const sshConfig = join(folder, 'ssh_config');
let text = BASE;
let registry: Registry | undefined;
/** The registry's address for the machines: this computer's loopback. */
const registryName = () => `192.168.76.2:${registry?.port}`;
const write = (...changes: readonly (readonly [string, string])[]) => {
  text = registry
    ? BASE.replace('DOCKER', `docker: { daemon: { insecure-registries: ['${registryName()}'] } }`)
    : BASE.replace('DOCKER\n', '');
  for (const [from, to] of changes) {
    if (!text.includes(from)) throw new Error(`the file has no '${from}'`);
    text = text.replace(from, to);
  }
  writeFileSync(join(folder, 'swarmup.yaml'), text);
};
const status = async () => (await cli.json<StatusDocument>('status')).document;
const up = (...argv: readonly string[]) => cli.json<UpDocument>('up', ...argv);
const summaries = ({ document }: { document: UpDocument }) => document.units.flatMap(({ changes }) => changes);
const engine = (node: string, command: string) => onNode(sshConfig, node, command);
const poweredOff = (node: string) => {
  const [pid] = qemuProcesses('e2e-life', node);
  if (pid === undefined) throw new Error(`no machine of '${node}' runs`);
  process.kill(pid, 'SIGKILL');
};
/** A node that runs a task of a service. */
const holderOf = async (service: string) => {
  const nodes = await engine('m1', `docker service ps ${service} -f desired-state=running --format '{{.Node}}'`);
  return nodes.split('\n')[0] ?? '';
};
/** Polls a condition until it holds, with a limit. */
const until = async (isSo: () => Promise<boolean>) => {
  for (let i = 0; i < 200 && !(await isSo()); i++) await new Promise((resolve) => setTimeout(resolve, 300));
};
const errorOf = ({ document }: { document: UpDocument }) => document.units.find(({ error }) => error)?.error;

beforeAll(async () => {
  needPackages('openssh-client');
  if (isLong) {
    needPackages('docker-registry', 'apache2-utils');
    registry = await startRegistry(join(folder, 'registry'));
  }
  mkdirSync(join(home, '.ssh'), { recursive: true });
  writeFileSync(join(home, '.ssh', 'config'), 'Host *\n  ServerAliveInterval 30\n');
  writeFileSync(join(folder, 'greeting.txt'), 'Hello\n');
  write();
});

afterAll(async () => {
  registry?.stop();
  if (qemuProcesses('e2e-life').length > 0) await cli.run(['down', '--yes']);
  rmSync(folder, { recursive: true, force: true });
});

const urlOf = async (node: string) =>
  (await status()).services.find(({ name }) => name === 'web')?.urls.find((one) => one.node === node)?.url ?? '';

describe('a cluster in use', () => {
  it('runs services with all options of the file, and a second run changes nothing', async () => {
    expectOk(await up());
    // They didn't boot.
    for (const name of ['m1', 'm2', 'm3', 'w1'])
      expect(readFileSync(join(folder, '.swarmup/e2e-life/machines', name, 'machine.json'), 'utf8')).toContain(
        '"state":',
      );
    writeFileSync(sshConfig, (await cli.run(['ssh-config'])).stdout);
    const spec = JSON.parse(await engine('m2', 'docker service inspect web')) as [
      { Spec: { Labels: object; TaskTemplate: { ContainerSpec: object } } },
    ];
    expect(spec[0].Spec.Labels).toMatchObject({ team: 'red', 'swarmup.cluster': 'e2e-life' });
    expect(spec[0].Spec.TaskTemplate.ContainerSpec).toMatchObject({
      Env: ['COLOUR=red'],
      Hostname: '{{.Node.Hostname}}',
      CapabilityDrop: ['CAP_NET_RAW'],
      Hosts: ['10.0.0.9 db'],
      Secrets: [{ File: { Name: 'key' }, SecretName: expect.stringMatching(/^key-[0-9a-f]{12}$/) }],
    });
    // What the container sees; its image has no shell.
    const inside = await engine(
      await holderOf('web'),
      "root=/proc/$(docker inspect -f '{{.State.Pid}}' $(docker ps -q -f name=web | head -1))/root; cat $root/run/secrets/key; echo; cat $root/etc/greeting",
    );
    expect(inside).toBe('of-the-house-1\nHello');
    expect(await engine('m1', "docker service ls -f name=edge --format '{{.Mode}} {{.Replicas}}'")).toBe('global 1/1');
    const key = join(folder, '.swarmup/e2e-life/unlock-key');
    expect(statSync(key).mode & 0o777).toBe(0o600);
    expect(await engine('m3', 'docker swarm unlock-key -q')).toBe(readFileSync(key, 'utf8').trim());
    expect((await up()).document.changed).toBe(0);
  });

  it('rolls a bad update back, fails with the output of the task, and serves requests all the time', async () => {
    write(['env: { COLOUR: red }', 'env: { COLOUR: blue }\n    command: [nginx, -c, /nope]']);
    const { result, asked, failed } = await whileAsking(await urlOf('m2'), up());
    expect(result.status).toBe(1);
    expect(errorOf(result)).toMatchObject({
      code: 'SERVICE_FAILED',
      message: expect.stringMatching(/^service web was rolled back instead of updated: .*exit code 1\)$/),
      output: expect.stringContaining('open() "/nope" failed'),
      postMortem: {
        service: 'web',
        refusals: [],
        unknown: [],
        next: expect.arrayContaining(['swarmup logs web']),
      },
    });
    const [task] = errorOf(result)?.postMortem?.tasks ?? [];
    expect(task).toMatchObject({
      name: expect.stringMatching(/^web\.\d$/),
      node: expect.stringMatching(/^(?:m1|m2|m3|w1)$/),
      error: expect.stringContaining('non-zero exit (1)'),
      exitCode: 1,
      log: expect.stringContaining('open() "/nope" failed'),
    });
    // The commands work as printed.
    for (const command of errorOf(result)?.postMortem?.next ?? []) {
      const [, ...words] = command.split(' ');
      expect(await cli.run(words)).toMatchObject({ status: 0 });
    }
    const lines = result.stderr.split('\n').filter((line) => /^ {2}(?:why|task|more) | │ /.test(line));
    expect(lines.join('\n')).toMatch(/open\(\) "\/nope" failed/);
    expect(failed).toEqual([]);
    expect(asked).toBeGreaterThan(20);
    write();
    expectOk(await up());
  });

  it('moves services to a secret whose content changed, and goes back on request', async () => {
    write(['of-the-house-1', 'of-the-house-2'], ['COLOUR: red', 'COLOUR: green']);
    const changed = await up();
    expectOk(changed);
    expect(summaries(changed)).toEqual([
      expect.stringMatching(/^secret key-/),
      'service web: env COLOUR → COLOUR (other values)',
      expect.stringMatching(/^service web: secrets key-\w+ → key-\w+$/),
    ]);
    const back = await cli.json<UpDocument>('rollback', 'web');
    expectOk(back);
    expect(back.document.warnings.join()).toContain("the next 'swarmup up'");
    expect(await engine('m1', "docker service inspect web --format '{{.Spec.TaskTemplate.ContainerSpec.Env}}'")).toBe(
      '[COLOUR=red]',
    );
    expect((await cli.json<UpDocument>('rollback', 'web')).document.changed).toBe(0);
    write();
    // The other content was tried, and is now needed for a roll-back only.
    expect((await up()).document.changed).toBe(0);
  });

  it('names what has a port on a node before the service that is to have it is deployed', async () => {
    const taker = `setsid perl -MSocket -e 'socket(S,PF_INET,SOCK_STREAM,6); bind(S,sockaddr_in(8090,INADDR_ANY)) or die; listen(S,5); sleep 900' </dev/null >/dev/null 2>&1 & echo $! > /run/taker`;
    await engine('w1', taker);
    await engine(
      'm1',
      'docker service create -d -q --no-resolve-image --name foreign -p 8091:80 --replicas 0 nginx:latest',
    );
    const spec = () => engine('m1', "docker service inspect web --format '{{json .Spec}}'");
    const before = await spec();
    write(["ports: ['80:80']", "ports: ['80:80', '8090:80', '8091:80']"]);
    for (const command of ['plan', 'up']) {
      const { document } = await cli.json<UpDocument>(command);
      expect(errorOf({ document })).toMatchObject({ code: 'PORT_TAKEN', message: expect.stringMatching(/^2 ports/) });
      const output = errorOf({ document })?.output ?? '';
      expect(output).toMatch(
        /service web is to publish 8090\/tcp \(swarmup\.yaml:\d+:\d+\), and the port is already in use: on w1, perl \(pid \d+\) listens on 0\.0\.0\.0:8090/,
      );
      expect(output).toMatch(/8091\/tcp \(.*\), and service foreign \(not in the cluster file\) publishes it already/);
      expect(output).toMatch(/swarmup ssh m\d -- sudo docker service rm foreign/);
    }
    expect(await spec()).toBe(before);
    await engine('w1', 'kill $(cat /run/taker)');
    await engine('m1', 'docker service rm foreign');
    const { document } = await cli.json<UpDocument>('plan');
    expect(summaries({ document })).toEqual([expect.stringMatching(/^service web: ports /)]);
    write();
    expect((await up()).document.changed).toBe(0);
  });

  it('shows the logs of its services', async () => {
    const shown = await cli.run(['logs', 'edge', '--tail', '3']);
    expect(shown.stdout).toMatch(/^edge\.w1@w1 {2}.*GET \/ HTTP/m);
    const followed = await cli.run(['logs', 'edge', '-f', '--tail', '1'], /GET/);
    expect(followed.status).toBe(130);
  });

  whenLong('runs an image from a private registry, with the credentials that Docker has here', async () => {
    const image = `${registryName()}/team/web:1`;
    await engine(
      'm1',
      `docker tag nginx:latest ${image} && echo ${PASSWORD} | docker login -u ${USER} --password-stdin ${registryName()} && docker push -q ${image} && docker rmi ${image} && docker logout ${registryName()}`,
    );
    const config = join(home, '.docker', 'config.json');
    const configured = existsSync(config) ? readFileSync(config, 'utf8') : undefined;
    const own = `  own:\n    image: ${image}\n    replicas: 2\n    constraints: [node.role == manager]\n    networks: [back]\n`;
    writeFileSync(join(folder, 'shop.yml'), `services: { page: { image: '${image}' } }\n`);
    write(['  edge:\n', `${own}  edge:\n`], ['services:\n', 'stacks: { shop: { file: shop.yml } }\nservices:\n']);
    const refused = await up('--only', 'pull-images');
    expect(errorOf(refused)).toMatchObject({
      code: 'IMAGE_UNREACHABLE',
      message: expect.stringMatching(/no basic auth credentials|unauthorized|authentication required/),
    });
    const auth = Buffer.from(`${USER}:${PASSWORD}`).toString('base64');
    mkdirSync(join(home, '.docker'), { recursive: true });
    writeFileSync(config, JSON.stringify({ auths: { [registryName()]: { auth } } }));
    expectOk(await up());
    expect(await engine('m2', "docker service ls -f name=own --format '{{.Replicas}}'")).toBe('2/2');
    expect(await engine('m2', "docker service ls -f name=shop_page --format '{{.Replicas}}'")).toBe('1/1');
    // Another version under the same tag.
    const build = `printf 'FROM nginx:latest\\nLABEL version=2\\n' | docker build -q -t ${image} - `;
    const login = `echo ${PASSWORD} | docker login -u ${USER} --password-stdin ${registryName()}`;
    await engine('m1', `${build} && ${login} && docker push -q ${image} && docker logout ${registryName()}`);
    expect((await up()).document.changed).toBe(0);
    const rolled = await up('--pull');
    expectOk(rolled);
    expect(summaries(rolled)).toEqual([
      expect.stringMatching(/^service own: image \S+@sha256:\w+ → \S+@sha256:\w+$/),
      expect.stringMatching(/^service shop_page: image \S+@sha256:\w+ → \S+@sha256:\w+$/),
    ]);
    expect((await up('--pull')).document.changed).toBe(0);
    write(['  edge:\n', `  other: { image: '${registryName()}/team/web:nope' }\n  edge:\n`]);
    expect(errorOf(await up('--only', 'pull-images'))).toMatchObject({
      code: 'IMAGE_UNREACHABLE',
      message: expect.stringContaining(`${registryName()} has no image of this name and tag`),
    });
    // An image for which a disk has no room.
    const large = `${registryName()}/team/large:1`;
    const content = `mkdir /tmp/large && head -c 100000000 /dev/urandom >/tmp/large/data && printf 'FROM nginx:latest\\nCOPY data /data\\n' >/tmp/large/Dockerfile`;
    const made = `${content} && docker build -q -t ${large} /tmp/large && rm -r /tmp/large`;
    await engine('m1', `${made} && ${login} && docker push -q ${large} && docker logout ${registryName()}`);
    // All that is free, also what only root may use, but 30 MB.
    const rest = "$(($(stat -f -c '%f*%S' /var/lib/docker) - 30000000))";
    await engine('w1', `fallocate -l ${rest} /var/lib/docker/full`);
    write(['  edge:\n', `  large: { image: '${large}', constraints: [node.role == worker] }\n  edge:\n`]);
    expect(errorOf(await up('--only', 'pull-images'))).toMatchObject({
      code: 'DISK_FULL',
      message: expect.stringContaining(`w1: ${large} can't be pulled: the disk of w1 is full (`),
      output: expect.stringMatching(/^now \/var\/lib\/docker has \d+ of \d+ MiB free/),
    });
    await engine('w1', 'rm /var/lib/docker/full');
    expectOk(await up('--only', 'pull-images'));
    expect(readFileSync(cli.log, 'utf8')).not.toContain(PASSWORD);
    if (configured === undefined) rmSync(config);
    else writeFileSync(config, configured);
    write();
    expectOk(await up('--only', 'prune', '--prune', '--yes'));
  });

  it('can be used with the docker command through its own context', async () => {
    const docker = dockerCli(join(folder, 'docker'), home);
    expect((await cli.run(['context'])).stdout).toContain('docker --context e2e-life node ls');
    const nodes = docker('--context', 'e2e-life', 'node', 'ls', '--format', '{{.Hostname}}').trim().split('\n');
    expect(nodes.toSorted()).toEqual(['m1', 'm2', 'm3', 'w1']);
    expect(readFileSync(join(home, '.ssh/config'), 'utf8')).toMatch(/^# swarmup.*\nInclude .*\nHost \*\n/);
  });

  it('passes doctor, which fetches through its overlay network from every node to every other', async () => {
    const { document } = await cli.json<DoctorDocument>('doctor');
    expect(document.findings.filter(({ severity, check }) => severity === 'fatal' || check === 'overlay')).toEqual([]);
    expect(document).toMatchObject({ ok: true, overlay: { tried: 12, works: 12 } });
    const nodes = ['m1', 'm2', 'm3', 'w1'];
    const ways = nodes.flatMap((from) => nodes.filter((to) => to !== from).map((to) => `${from} ${to}`));
    expect(document.links.map(({ from, to }) => `${from} ${to}`).toSorted()).toEqual(ways);
    expect(document.links.filter(({ large }) => !large.ok)).toEqual([]);
    // Nothing of the probe is left; Docker's own name server listens there.
    for (const node of nodes)
      expect(
        await engine(
          node,
          'pgrep -f "probe of an [o]verlay"; nsenter --net=/run/docker/netns/ingress_sbox ss -Htln | grep -v -F 127.0.0.11:; true',
        ),
      ).toBe('');
  });

  it('names the chain that a flushed firewall took from a node, and the engine puts it back', async () => {
    await engine('w1', 'iptables -t nat -F DOCKER-INGRESS; iptables -F DOCKER-INGRESS');
    const flushed = await cli.json<UpDocument>('verify');
    expect(flushed.status).toBe(1);
    const failed = flushed.document.units.flatMap(({ task, target, error }) =>
      error && error.code !== 'INTERRUPTED' ? [{ unit: `${task}@${target}`, error }] : [],
    );
    expect(failed).toEqual([
      {
        unit: 'verify-http@w1:80',
        error: {
          code: 'INGRESS_RULES_LOST',
          message:
            "w1 lost Docker's firewall rules for published ports: DOCKER-INGRESS of its nat table doesn't forward port 80",
          fix: expect.stringContaining('swarmup ssh w1 -- sudo systemctl restart docker.'),
          output: expect.stringContaining('iptables-save on w1: DOCKER-INGRESS in nat forwards no port'),
        },
      },
    ]);
    const { document } = await cli.json<DoctorDocument>('doctor');
    expect(document.findings.filter(({ severity }) => severity === 'fatal')).toEqual([
      expect.objectContaining({ node: 'w1', check: 'ingress' }),
    ]);
    await engine('w1', 'systemctl restart docker');
    await until(async () => (await cli.json<UpDocument>('verify')).status === 0);
    expectOk(await cli.json<UpDocument>('verify'));
  });

  whenLong('swaps manager roles, the leader last, without losing the majority', async () => {
    write(
      ['{ name: m1, role: manager }', '{ name: m1, role: worker }'],
      ['{ name: w1, role: worker,', '{ name: w1, role: manager,'],
    );
    const swapped = await up('--only', 'set-roles');
    expectOk(swapped);
    expect(summaries(swapped)).toEqual(['w1: role worker → manager', 'm1: role manager → worker']);
    const roles = async () =>
      Object.fromEntries((await status()).nodes.map(({ name, role }) => [name, role.split(',')[0]]));
    expect(await roles()).toEqual({ m1: 'worker', m2: 'manager', m3: 'manager', w1: 'manager' });
    write();
    expectOk(await up('--only', 'set-roles'));
    expect(await roles()).toEqual({ m1: 'manager', m2: 'manager', m3: 'manager', w1: 'worker' });
  });

  whenLong('rotates tokens, root certificate and unlock key', async () => {
    const tokens = () => engine('m1', 'docker swarm join-token -q worker');
    const before = await tokens();
    expect((await cli.run(['rotate', 'tokens'])).status).toBe(0);
    expect(await tokens()).not.toBe(before);
    expect((await cli.run(['rotate', 'ca', '--yes'])).stdout).toContain(
      '4 nodes have certificates signed by the new one',
    );
    const key = await engine('m1', 'docker swarm unlock-key -q');
    expect((await cli.run(['rotate', 'unlock-key'])).status).toBe(0);
    const next = await engine('m1', 'docker swarm unlock-key -q');
    expect(next).not.toBe(key);
    expect(readFileSync(join(folder, '.swarmup/e2e-life/unlock-key'), 'utf8').trim()).toBe(next);
    const shown = (await cli.run(['rotate', 'unlock-key', '--print'])).stdout.trim();
    expect(shown).toBe(await engine('m1', 'docker swarm unlock-key -q'));
    expect((await up()).document.changed).toBe(0);
    expect(readFileSync(join(folder, '.swarmup/e2e-life/unlock-key'), 'utf8')).not.toContain('SWMKEY');
    expect((await cli.run(['rotate', 'unlock-key'])).status).toBe(0);
    expect((await up()).document.changed).toBe(0);
  });

  whenLong('explains a manager that the leader cannot connect to, and leaves no record of it behind', async () => {
    await engine('m1', 'docker node demote m3');
    await until(
      async () => (await engine('m1', "docker node ls --format '{{.Hostname}} {{.ManagerStatus}}' | grep m3")) === 'm3',
    );
    await engine('m3', 'docker swarm leave');
    await until(
      async () => (await engine('m1', "docker node ls --format '{{.Hostname}} {{.Status}}' | grep m3")) === 'm3 Down',
    );
    await engine('m1', 'docker node rm m3');
    const { nodes } = await status();
    const leader = nodes.find((node) => node.swarm?.leader);
    const rule = `INPUT -p tcp -s ${leader?.address} --dport 2377 -j DROP`;
    await engine('m3', `iptables -I ${rule}`);
    const refused = await up('--only', 'join-managers');
    const address = nodes.find(({ name }) => name === 'm3')?.address;
    expect(errorOf(refused)).toMatchObject({
      code: 'JOIN_FAILED',
      message: expect.stringMatching(
        new RegExp(
          `^m3 can't become a manager: the leader ${leader?.name} couldn't connect to ${address}:2377, .*${leader?.name}, which is the leader and has to, can't reach m3 at ${address} on 2377/tcp \\(no answer\\); m3 reaches ${leader?.name}$`,
        ),
      ),
      fix: expect.stringContaining('swarmup ssh m3 -- sudo nft list ruleset'),
    });
    expect((await engine('m1', "docker node ls --format '{{.Hostname}}'")).split('\n').toSorted()).toEqual([
      'm1',
      'm2',
      'w1',
    ]);
    expect(await engine('m3', "docker info --format '{{.Swarm.LocalNodeState}}'")).toBe('inactive');
    await engine('m3', `iptables -D ${rule}`);
    expectOk(await up());
    expect((await status()).nodes.map(({ swarm }) => swarm?.state)).toEqual(['ready', 'ready', 'ready', 'ready']);
    expect((await up()).document.changed).toBe(0);
  });

  whenLong('makes a worker whose certificate expired leave and join again', async () => {
    const id = await engine('w1', "docker info --format '{{.Swarm.NodeID}}'");
    // As if it had been off for that long; the engine looks at its certificate only when it starts.
    await engine(
      'w1',
      "timedatectl set-ntp false; date -s '+100 days' && systemctl restart docker && date -s '-100 days'",
    );
    expect(await engine('w1', "docker info --format '{{.Swarm.LocalNodeState}}: {{.Swarm.Error}}'")).toMatch(
      new RegExp(`^error: .*certificate \\(1 - ${id}\\) not valid after`),
    );
    await until(async () => (await engine('m1', `docker node inspect ${id} --format '{{.Status.State}}'`)) === 'down');
    const mended = await up();
    expectOk(mended);
    expect(summaries(mended)).toEqual(
      expect.arrayContaining([
        expect.stringMatching(new RegExp(`^dead node w1 \\(${id}\\), its certificate expired on `)),
        expect.stringMatching(/^w1 leaves the swarm; its certificate expired on /),
        'w1 joins as worker',
      ]),
    );
    expect((await status()).nodes.map(({ swarm }) => swarm?.state)).toEqual(['ready', 'ready', 'ready', 'ready']);
    expect((await up()).document.changed).toBe(0);
  });

  it('continues through another manager when the leader loses power during an update', async () => {
    write(['COLOUR: red', 'COLOUR: yellow']);
    const leader = (await status()).nodes.find((node) => node.swarm?.leader)?.name ?? '';
    const other = ['m1', 'm2', 'm3'].find((name) => name !== leader) ?? '';
    const url = await urlOf(other);
    const run = cli.json<UpDocument>('up');
    const question =
      "docker service inspect web --format '{{.UpdateStatus.State}} {{.Spec.TaskTemplate.ContainerSpec.Env}}'";
    // A busy manager may not answer the first time; it is asked again.
    await until(() =>
      engine(other, question).then(
        (answer) => answer === 'updating [COLOUR=yellow]',
        () => false,
      ),
    );
    poweredOff(leader);
    const { result, asked, failed } = await whileAsking(url, run);
    console.log(`leader lost: ${asked} requests, ${failed.length} failed`);
    const update = result.document.units.find(({ task, target }) => task === 'deploy-services' && target === 'web');
    if (update?.error) console.log(await engine(other, 'docker node ls; docker service ps web --no-trunc'));
    // The update is complete; only what needs the lost manager fails.
    expect(update?.error).toBeUndefined();
    const failures = result.document.units.filter(({ error }) => error).map(({ task, target }) => `${task}@${target}`);
    expect(failures).toEqual([`verify-http@${leader}:80`]);
    expect(await engine(other, "docker service inspect web --format '{{.Spec.TaskTemplate.ContainerSpec.Env}}'")).toBe(
      '[COLOUR=yellow]',
    );
  });

  it('is described by a diagnosis, without its secrets, while one manager is gone', async () => {
    const archive = join(folder, 'help.tar.gz');
    const { document, status: code } = await cli.json<Diagnosis & { archive: string }>(
      'diagnose',
      '--yes',
      '-o',
      archive,
    );
    expect(code).toBe(0);
    expect(document.archive).toBe(archive);
    expect(statSync(archive).mode & 0o777).toBe(0o600);
    const files = unpacked(archive);
    expect(document.files.map(({ name }) => name).toSorted()).toEqual([...files.keys()].toSorted());
    const gone = ['m1', 'm2', 'm3'].filter((name) => !files.has(`nodes/${name}/docker-info.json`));
    expect(gone).toHaveLength(1);
    expect(document.missing.some(({ what }) => what.includes(`the machine ${gone[0]} `))).toBe(true);
    const [here = ''] = ['m1', 'm2'].filter((name) => name !== gone[0]);
    expect(files.get(`nodes/${here}/docker-info.json`)).toContain('"LocalNodeState": "active"');
    expect(files.get(`nodes/${here}/facts.json`)).toContain('"codename": "trixie"');
    expect(files.get(`nodes/${here}/versions.txt`)).toMatch(/^Docker version /m);
    expect(`${files.get(`nodes/${here}/engine.log`)}${files.get(`nodes/${here}/engine-latest.log`)}`).toContain(
      'dockerd[',
    );
    expect(files.get('run/errors.json')).toContain('"task": "verify-http"');
    expect(JSON.parse(files.get('swarm/nodes.json') ?? '[]')).toHaveLength(4);
    const all = [...files.values()].join('\n');
    for (const secret of ['of-the-house', 'SWMTKN-', 'SWMKEY-', 'PRIVATE KEY', 'COLOUR=yellow'])
      expect.soft(all.includes(secret), secret).toBe(false);
  });

  whenLong('is rebuilt by recover when the certificates of all managers have expired', async () => {
    write(['autolock: true', 'autolock: false']);
    expectOk(await up());
    const services = await engine('m1', 'docker service ls -q');
    const all = ['m1', 'm2', 'm3', 'w1'];
    // The clocks stay: the certificates are renewed by them.
    await Promise.all(
      all.map((node) =>
        engine(node, "timedatectl set-ntp false; systemctl stop docker.socket docker; date -s '+100 days'"),
      ),
    );
    await Promise.all(all.map((node) => engine(node, 'systemctl start docker')));
    const planned = await cli.json<UpDocument>('plan');
    expect(errorOf(planned)).toMatchObject({
      code: 'SWARM_CERTIFICATE',
      message: expect.stringMatching(
        /m1's certificate expired on \S+, m2's certificate expired on \S+, m3's certificate/,
      ),
    });
    expectOk(await cli.json<UpDocument>('recover', '--yes'));
    expect((await engine('m1', 'docker service ls -q')).split('\n').toSorted()).toEqual(
      services.split('\n').toSorted(),
    );
    expectOk(await up());
    expect((await status()).nodes.map(({ swarm }) => swarm?.state)).toEqual(['ready', 'ready', 'ready', 'ready']);
    expect((await up()).document.changed).toBe(0);
  });

  it('is removed with everything that led to it', async () => {
    expectOk(await cli.json<UpDocument>('down', '--yes'));
    expect(qemuProcesses('e2e-life')).toEqual([]);
    expect(readFileSync(join(home, '.ssh/config'), 'utf8')).toBe('Host *\n  ServerAliveInterval 30\n');
    expect(readdirSync(join(home, '.docker/contexts/meta'))).toEqual([]);
  });
});
