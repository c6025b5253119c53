import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  copyFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { pipelines } from '../../Taskfile.ts';
import { portIsFree } from '../../lib/remote/sockets.ts';
import { whileAsking } from '../support/asking.ts';
import { Cli, program, ROOT, type StatusDocument, type UpDocument } from '../support/cli.ts';
import { expectOk } from '../support/expect.ts';
import { isLong } from '../support/long.ts';
import { get, onNode, qemuProcesses } from '../support/machines.ts';
import { startProxy } from '../support/proxy.ts';
import { needPackages } from '../support/packages.ts';
import { buildStandIn } from '../support/standin.ts';
import { whenLong } from '../support/when-long.ts';

/** Two real machines from bare images of two releases, which stand for existing hosts. The manager has the oldest Docker. */
const MACHINES = `name: e2e-machines
providers:
  new: { type: qemu, image: debian-13, start: boot }
  old: { type: qemu, image: debian-12, start: boot }
nodes:
  - { name: alpha, role: manager, provider: old }
  - { name: beta, role: worker, provider: new }
docker: { source: distro }
services:
  web: { image: nginx, ports: ['80:80', '9000:9000'] }
`;

/** Docker is installed on them through a bastion, and every task runs. */
const CLUSTER = `name: e2e-hosts
provider: { type: hosts, sshConfig: ssh_config, user: root, bastion: gate }
nodes:
  - { name: manager1, role: manager, address: ADDRESS1 }
  - { name: worker1, role: worker, address: ADDRESS2, labels: { zone: a } }
docker: { source: distro, proxy: PROXY, noProxy: [.test], daemon: { log-opts: { max-size: 10m } } }
images: { load: [portainer.tar], whenUnreachable: build }
services:
  web: { image: nginx, replicas: 3, ports: ['80:80'], verify: { path: /, status: 200, body: Welcome } }
stacks:
  portainer: { file: stacks/portainer-agent.yml, verify: { port: 9000, path: /api/status } }
portainer: {}
`;

/** Compose features that were lost, crashed or changed when swarmup rewrote Compose files. */
const MERGED = `version: '3.8'
x-base: &base
  image: nginx
  deploy: &deploy { replicas: 2, labels: [origin=base] }
services:
  plain:
    <<: *base
    environment: { BIG: 123456789012345678, WORD: "\${WORD} and \${OTHER:-none}" }
    env_file: ../vars.env
    configs: [{ source: page, target: /usr/share/nginx/html/page.txt }]
  aliased: { image: nginx, deploy: *deploy, secrets: [{ source: portainer_admin_password, mode: 0400 }] }
secrets:
  portainer_admin_password: { external: true }
configs:
  page: { file: page.txt }
`;

const PASSWORD = 'a-password-for-sudo';
const folder = mkdtempSync(join(tmpdir(), 'swarmup-e2e-'));
const cli = new Cli(folder, { SWARMUP_SUDO_PASSWORD: PASSWORD, SSH_AUTH_SOCK: '' });
let proxy: Awaited<ReturnType<typeof startProxy>>;
/** OpenSSH's configuration for the machines themselves. */
const machines = join(folder, 'machines');
const state = join(folder, '.swarmup', 'e2e-hosts');

const onMachine = (name: string, command: string) => onNode(machines, name, command);
const manager = (command: string) => onMachine('alpha', command);

/** A stack that somebody deployed without swarmup. */
const BY_HAND = `version: "3.8"
services:
  page:
    image: nginx
    environment: { A: "1", WORDS: "a word and $$5" }
    command: [/usr/sbin/nginx, -c, /etc/nginx/nginx.conf]
    volumes: ["files:/files", "/etc/hostname:/etc/outside:ro"]
    configs: [{ source: text, target: /srv/text, mode: 0440 }]
    healthcheck: { test: [CMD, nginx, -t], interval: 3s }
    logging: { driver: json-file, options: { max-size: 1m } }
    deploy:
      replicas: 2
      labels: { team: ops }
      update_config: { parallelism: 2, order: start-first }
      restart_policy: { condition: on-failure, max_attempts: 3 }
      resources: { limits: { cpus: "0.50", memory: 64M } }
      placement: { constraints: ["node.platform.os == linux"], preferences: [{ spread: node.labels.zone }] }
  each: { image: nginx, networks: { back: { aliases: [every] } }, ports: ["8099:80/tcp"], deploy: { mode: global } }
configs: { text: { file: /etc/hostname } }
networks: { back: { driver: overlay, attachable: true } }
volumes: { files: {} }
`;

interface DoctorDocument {
  readonly ok: boolean;
  readonly findings: readonly { readonly node: string; readonly check: string; readonly message: string }[];
}

/** The findings, as `node check`, and the whole output. */
async function doctor(): Promise<{ found: string[]; ok: boolean; text: string }> {
  const { document } = await cli.json<DoctorDocument>('doctor', '--accept-new');
  const found = document.findings.map(({ node, check }) => `${node} ${check}`).toSorted();
  return { found, ok: document.ok, text: JSON.stringify(document.findings) };
}

/** Changes the cluster file. */
function change(from: string, to: string): void {
  const file = join(folder, 'swarmup.yaml');
  const text = readFileSync(file, 'utf8');
  if (!text.includes(from)) throw new Error(`the file has no '${from}'`);
  writeFileSync(file, text.replace(from, to));
}

/** The cluster file without its proxy. */
function withoutProxy(): string {
  const text = readFileSync(join(folder, 'swarmup.yaml'), 'utf8').replace(/, proxy: \S+, noProxy: \[\.test\]/, '');
  if (text.includes('proxy')) throw new Error('the file still has a proxy');
  return text;
}

/** Signs in as Portainer's administrator, without swarmup. @returns the token */
async function signIn(password: string): Promise<string> {
  const request = {
    method: 'POST',
    body: JSON.stringify({ username: 'admin', password: password.trim() }),
    headers: { 'content-type': 'application/json' },
  };
  const url = `${(await urls(9000)).at(-1)}/api/auth`;
  // If Portainer has just restarted here, the other node's routing mesh may not know it yet.
  const answer = await vi.waitFor(() => fetch(url, request), { timeout: 60_000, interval: 500 });
  expect(answer.status).toBe(200);
  return ((await answer.json()) as { jwt: string }).jwt;
}

/** The addresses that serve a published port of the machines. */
async function urls(port: number): Promise<readonly string[]> {
  const { document } = await cli.json<StatusDocument>('status', '-f', 'machines.yaml');
  return document.services
    .flatMap((service) => service.urls)
    .filter((url) => url.port === port)
    .map(({ url }) => url);
}

beforeAll(async () => {
  proxy = await startProxy();
  needPackages('openssh-client', 'mmdebstrap');
  mkdirSync(join(folder, 'stacks'));
  copyFileSync(join(ROOT, 'config/stacks/portainer-agent.yml'), join(folder, 'stacks/portainer-agent.yml'));
  await buildStandIn(join(folder, 'portainer.tar'));
  writeFileSync(join(folder, 'machines.yaml'), MACHINES);
  const made = await cli.json<UpDocument>('up', '-f', 'machines.yaml', '--only', 'provision');
  expectOk(made);
  writeFileSync(machines, (await cli.run(['ssh-config', '-f', 'machines.yaml'])).stdout);
  const { nodes } = (await cli.json<StatusDocument>('status', '-f', 'machines.yaml')).document;
  const [first, second] = nodes.map(({ address }) => address ?? '');
  writeFileSync(
    join(folder, 'swarmup.yaml'),
    CLUSTER.replace('ADDRESS1', first ?? '')
      .replace('ADDRESS2', second ?? '')
      // This computer's loopback, as the machines see it.
      .replace('PROXY', `http://192.168.76.2:${proxy.port}`),
  );
  const key = nodes[0]?.ssh.identityFile ?? '';
  writeFileSync(
    join(folder, 'ssh_config'),
    `Host gate\n  HostName 127.0.0.1\n  Port ${nodes[0]?.ssh.port}\n  User root\nHost *\n  IdentityFile ${key}\n  UserKnownHostsFile none\n`,
  );
  const enrol = [
    'apt-get update -q && apt-get install -y -q --no-install-recommends sudo',
    // The usual hash takes two seconds per command under emulation.
    `useradd -m -G sudo -s /bin/bash -p "$(perl -e 'print crypt(q(${PASSWORD}), q($5$rounds=1000$emulated))')" admin`,
    'cp -r /root/.ssh /home/admin/ && chown -R admin /home/admin/.ssh',
  ].join(' && ');
  await Promise.all(['alpha', 'beta'].map((name) => onMachine(name, enrol)));
}, 600_000);

afterAll(async () => {
  proxy.stop();
  if (qemuProcesses('e2e-machines').length > 0) await cli.run(['down', '-f', 'machines.yaml', '--yes']);
  rmSync(folder, { recursive: true, force: true });
});

/** Faults of a host without Docker: how to provoke each, and how to repair it. */
const BARE_FAULTS = {
  clock: ["date -s '+1 hour'", "date -s '-1 hour'"],
  disk: ['fallocate -l 6G /var/fill', 'rm /var/fill'],
  'daemon-json': [
    'mkdir -p /etc/docker && echo \'{"live-restore": true}\' > /etc/docker/daemon.json',
    'rm -r /etc/docker',
  ],
  'host-name': ['hostname alpha', 'hostname beta'],
  // Starting and stopping it removes all rules, so it comes before those of the next fault.
  firewall: [
    'systemctl start nftables 2>/dev/null || systemd-run --unit=nftables --remain-after-exit true',
    'systemctl stop nftables',
  ],
  network: ['iptables -A INPUT -p udp --dport 4789 -j DROP', 'iptables -F INPUT'],
  ports: [
    `setsid perl -MSocket -e 'socket(S,PF_INET,SOCK_STREAM,6); bind(S,sockaddr_in(80,INADDR_ANY)) or die; listen(S,5); sleep 900' </dev/null >/dev/null 2>&1 & echo $! > /run/taker`,
    'kill $(cat /run/taker)',
  ],
  'package-lock': [holding('/var/lib/apt/lists/lock'), 'kill $(cat /run/holder)'],
  // As after an upgrade of the kernel; last, as the others load modules.
  'kernel-modules': ['mv /lib/modules/$(uname -r) /lib/modules/gone', 'mv /lib/modules/gone /lib/modules/$(uname -r)'],
} as const;

/** A command that holds a lock as apt does, under the name of a fresh machine's first update. */
function holding(file: string): string {
  const lock = '$l=pack(q(s s x4 q q i x4),F_WRLCK,0,0,0,0); fcntl(F,F_SETLK,$l) or die';
  const program = `use Fcntl; $0=q(apt-get); open(F,q(+>>),q(${file})) or die; ${lock}; sleep 3600`;
  return `setsid perl -e '${program}' </dev/null >/dev/null 2>&1 & echo $! > /run/holder`;
}

/** The events of all runs so far, as recorded. */
function recorded(): string {
  const runs = join(state, 'runs');
  return existsSync(runs)
    ? readdirSync(runs)
        .map((run) => join(runs, run, 'events.jsonl'))
        .filter((file) => existsSync(file))
        .map((file) => readFileSync(file, 'utf8'))
        .join('')
    : '';
}

/** Tasks with nothing to do here: one manager, hosts that share nothing, and a file without these keys. */
const NOT_ASKED_FOR: readonly string[] = [
  'roll-images',
  'join-managers',
  'prepare-provider',
  'configure-swarm',
  'rotate-tokens',
  'create-networks',
  'create-objects',
];

describe('existing hosts', () => {
  it('pass doctor without findings', async () => {
    expect(await doctor()).toMatchObject({ ok: true, found: [] });
    expect((await cli.run(['plan', '--detailed-exitcode'])).status).toBe(3);
  });

  it('pass doctor for a user whose sudo needs a password', async () => {
    writeFileSync(
      join(folder, 'admin.yaml'),
      readFileSync(join(folder, 'swarmup.yaml'), 'utf8').replace('user: root', 'user: admin'),
    );
    const { document } = await cli.json<DoctorDocument>('doctor', '-f', 'admin.yaml');
    expect(document).toMatchObject({ ok: true, findings: [] });
  });

  it('have each fault explained, all at once, before anything is changed', async () => {
    const alphaId = await onMachine('alpha', 'cat /etc/machine-id');
    for (const [provoke] of Object.values(BARE_FAULTS)) await onMachine('beta', provoke);
    await onMachine('beta', `echo ${alphaId} > /tmp/id && mount --bind /tmp/id /etc/machine-id`);
    const { found, ok, text } = await doctor();
    expect(found).toEqual(
      [...Object.keys(BARE_FAULTS), 'machine-id']
        .map((check) => `worker1 ${check}`)
        .concat('manager1 host-name', 'manager1 machine-id')
        .toSorted(),
    );
    expect(ok).toBe(false);
    expect(text).toMatch(/60 min ahead[^]*UDP 4789[^]*can't be reached from manager1/);
    expect(text).toMatch(/apt-get \(process \d+\) holds \/var\/lib\/apt\/lists\/lock; installing waits for it/);
    expect(text).toMatch(/its running kernel \S+ has no modules on the disk any more/);
    expect(text).toContain('nftables is on');
    const up = await cli.json<UpDocument>('up');
    expect(up.status).toBe(1);
    expect(up.document.changed).toBe(0);
    expect(up.document.units.flatMap(({ error }) => error?.code ?? [])).toEqual([
      'PREFLIGHT_FAILED',
      'PREFLIGHT_FAILED',
    ]);
    expect(await manager('ls /usr/bin/docker 2>/dev/null || echo none')).toBe('none');
    await onMachine('beta', 'umount /etc/machine-id');
    for (const [, mend] of Object.values(BARE_FAULTS)) await onMachine('beta', mend);
  });

  it('may have a proxy that the cluster file does not name', async () => {
    writeFileSync(join(folder, 'direct.yaml'), withoutProxy());
    await onMachine('beta', "echo 'https_proxy=http://me:hidden@proxy.test:3128' >> /etc/environment");
    const { document } = await cli.json<DoctorDocument>('doctor', '-f', 'direct.yaml');
    expect(document.findings.filter(({ check }) => check === 'proxy')).toEqual([
      expect.objectContaining({
        node: 'worker1',
        message: expect.stringContaining('it is configured with a proxy (https_proxy=http://***@proxy.test:3128)'),
      }),
    ]);
    await onMachine('beta', "sed -i '/proxy.test/d' /etc/environment");
  });

  it("are told when Docker's repository has no packages for their release, and get no list of it", async () => {
    const empty = createServer((_request, response) => response.writeHead(404).end()).listen(0, '127.0.0.1');
    await once(empty, 'listening');
    const { port } = empty.address() as AddressInfo;
    const source = `source: official, repository: 'http://192.168.76.2:${port}'`;
    // apt knows no networks in NO_PROXY, and would ask the proxy for this computer.
    writeFileSync(join(folder, 'official.yaml'), withoutProxy().replace('source: distro', source));
    const up = await cli.json<UpDocument>('up', '-f', 'official.yaml', '--to', 'install-docker');
    empty.close();
    expect(up.status).toBe(1);
    const errors = up.document.units.flatMap(({ error }) => error ?? []);
    expect(errors.length).toBeGreaterThan(0);
    for (const error of errors)
      expect(error).toMatchObject({
        code: 'INSTALL_UNSUPPORTED',
        message: expect.stringMatching(/\/debian has no packages for (trixie|bookworm), which /),
        fix: expect.stringContaining('docker.source: distro'),
      });
    for (const name of ['alpha', 'beta'])
      expect(await onMachine(name, 'ls /etc/apt/sources.list.d /etc/apt/keyrings')).not.toContain('docker');
  });

  it('may have a path between them that drops full-size packets', async () => {
    await onMachine('beta', 'iptables -A INPUT -p udp -m length --length 1450: -j DROP');
    const { found, text } = await doctor();
    expect(found).toEqual(['manager1 path-mtu']);
    expect(text).toContain('packets of 1500 bytes');
    await onMachine('beta', 'iptables -F INPUT');
  });

  it('may have a route into the address pool of the cluster file, also of a VPN with a table of its own', async () => {
    change('docker: {', 'swarm: { addressPool: [10.64.0.0/12] }\ndocker: {');
    await onMachine(
      'beta',
      'ip route add 10.77.3.0/24 dev eth1 table 51820 && ip route add 0.0.0.0/1 dev eth1 table 52',
    );
    const { found, text } = await doctor();
    expect(found).toEqual(['worker1 address-pool']);
    expect(text).toMatch(
      /swarm\.addressPool 10\.64\.0\.0\/12 \(swarmup\.yaml:\d+:\d+\) overlaps another network: worker1 has a route to 10\.77\.3\.0\/24 \(eth1\)/,
    );
    const up = await cli.json<UpDocument>('up');
    expect(up.document.units.flatMap(({ error }) => error?.code ?? [])).toEqual(['PREFLIGHT_FAILED']);
    expect(up.document.changed).toBe(0);
    await onMachine('beta', 'ip route flush table 51820 && ip route flush table 52');
    change('swarm: { addressPool: [10.64.0.0/12] }\n', '');
  });

  it('become a cluster with every task of the pipeline, after the package lists are free', async () => {
    // Within Docker's default pool.
    await onMachine('beta', 'ip route add 10.0.5.0/24 dev eth1');
    // As on a fresh machine, whose first update reads the lists: apt-get itself fails at once.
    await onMachine('beta', holding('/var/lib/apt/lists/lock'));
    const running = cli.json<UpDocument>('up');
    const waiting = /waiting: apt-get \(process \d+\) holds \/var\/lib\/apt\/lists\/lock/;
    await vi.waitFor(() => expect(recorded()).toMatch(waiting), { timeout: 600_000, interval: 1000 });
    await onMachine('beta', 'kill $(cat /run/holder)');
    const up = await running;
    expectOk(up);
    expect(up.status).toBe(0);
    expect(new Set(up.document.units.map((unit) => unit.task))).toEqual(
      new Set(pipelines.up.filter((id) => !NOT_ASKED_FOR.includes(id))),
    );
    expect(up.document.units.filter((unit) => unit.outcome === 'skipped')).toEqual([]);
    expect(up.document.units.filter((unit) => unit.task === 'install-docker').map((unit) => unit.outcome)).toEqual([
      'changed',
      'changed',
    ]);
  });

  it('can be queried by other means: the engines, and HTTP through every node', async () => {
    const nodes = (await manager("docker node ls --format '{{.Hostname}} {{.Status}} {{.ManagerStatus}}'"))
      .split('\n')
      .map((line) => line.trim())
      .toSorted();
    expect(nodes).toEqual(['alpha Ready Leader', 'beta Ready']);
    expect(await manager("docker service ls --format '{{.Name}} {{.Replicas}}'")).toContain('web 3/3');
    expect(await manager("docker node inspect beta --format '{{.Spec.Labels.zone}}'")).toBe('a');
    expect(await manager("docker network inspect ingress --format '{{range .IPAM.Config}}{{.Subnet}}{{end}}'")).toMatch(
      /^10\.200\./,
    );
    expect(await manager('cat /etc/docker/daemon.json')).toContain('"max-size": "10m"');
    const engine = "docker info --format '{{.ServerVersion}} {{.HTTPProxy}} {{.NoProxy}}'";
    const throughProxy = `http://192.168.76.2:${proxy.port} localhost,127.0.0.0/8,`;
    expect(await onMachine('alpha', engine)).toMatch(new RegExp(`^20\\.10\\S* ${throughProxy}`));
    expect(await onMachine('beta', engine)).toMatch(new RegExp(`^26\\.1\\S* ${throughProxy}`));
    // The packages came through it.
    expect(proxy.asked.size).toBeGreaterThan(0);
    const pages = await urls(80);
    expect(pages).toHaveLength(2);
    for (const url of pages) {
      const answers = await Promise.all(Array.from({ length: 6 }, () => get(url)));
      for (const answer of answers)
        expect(answer).toMatchObject({ status: 200, body: expect.stringContaining('Welcome to nginx') });
    }
    expect(await program('curl', ['-sS', '--max-time', '30', pages[0] ?? ''])).toContain('Welcome to nginx');
  });

  it('hold Docker’s packages together, which unattended upgrades would restart', async () => {
    const held = async (name: string) => (await onMachine(name, 'apt-mark showhold')).trim().split('\n');
    expect(await held('alpha')).toEqual(['containerd', 'docker.io', 'runc']);
    expect(await held('beta')).toEqual(['containerd', 'docker-cli', 'docker.io', 'runc']);
    await onMachine('beta', 'systemd-run --unit=unattended-upgrades --remain-after-exit true');
    expect((await doctor()).found).not.toContain('worker1 upgrades');
    await onMachine('beta', 'apt-mark unhold containerd');
    const { found, text } = await doctor();
    expect(found).toContain('worker1 upgrades');
    expect(text).toContain(
      'unattended-upgrades upgrades packages unattended, also containerd: that may restart Docker',
    );
    const up = await cli.json<UpDocument>('up', '--only', 'upgrade-docker');
    expectOk(up);
    expect(up.document.units.flatMap(({ changes }) => changes)).toEqual([
      'worker1: hold containerd, which only swarmup upgrades',
    ]);
    expect(await held('beta')).toContain('containerd');
    await onMachine('beta', 'systemctl stop unattended-upgrades');
  });

  it('run a stack unchanged through a manager with Docker 20.10: merge keys, aliases, octal and large numbers, files and variables', async () => {
    writeFileSync(join(folder, 'stacks', 'merged.yml'), MERGED);
    writeFileSync(join(folder, 'stacks', 'page.txt'), 'a page\n');
    writeFileSync(join(folder, 'vars.env'), 'FROM_FILE=1\n');
    change('stacks:\n', 'stacks:\n  merged: { file: stacks/merged.yml, env: { WORD: "a word" } }\n');
    expectOk(await cli.json<UpDocument>('up', '--only', 'deploy-stacks'));
    const again = await cli.json<UpDocument>('up', '--only', 'deploy-stacks');
    expect(again.document.changed).toBe(0);
    const inspect = async (service: string, format: string) =>
      (await manager(`docker service inspect merged_${service} --format '${format}'`)).trim();
    expect(await inspect('plain', '{{.Spec.Mode.Replicated.Replicas}} {{.Spec.Labels.origin}}')).toBe('2 base');
    expect(await inspect('plain', '{{.Spec.TaskTemplate.ContainerSpec.Env}}')).toBe(
      '[BIG=123456789012345678 FROM_FILE=1 WORD=a word and none]',
    );
    const config = await inspect('plain', '{{range .Spec.TaskTemplate.ContainerSpec.Configs}}{{.ConfigName}}{{end}}');
    expect(await manager(`docker config inspect ${config} --pretty`)).toContain('a page');
    expect(await inspect('aliased', '{{.Spec.Mode.Replicated.Replicas}} {{.Spec.Labels.origin}}')).toBe('2 base');
    const secret =
      '{{range .Spec.TaskTemplate.ContainerSpec.Secrets}}{{.SecretName}} {{printf "%o" .File.Mode}}{{end}}';
    expect(await inspect('aliased', secret)).toBe('portainer_admin_password 400');
    change('  merged: { file: stacks/merged.yml, env: { WORD: "a word" } }\n', '');
    expectOk(await cli.json<UpDocument>('up', '--prune', '--yes', '--only', 'prune'));
    expect(await manager("docker service ls --format '{{.Name}}'")).not.toContain('merged');
  });

  it('run Portainer with its administrator, its environment and one agent per node', async () => {
    const portainer = (await urls(9000)).at(-1);
    expect(portainer).toBeDefined();
    const file = join(state, 'portainer-admin-password');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const password = readFileSync(file, 'utf8').trim();
    expect(password.length).toBeGreaterThanOrEqual(12);
    const jwt = await signIn(password);
    const agents = await fetch(`${portainer}/api/endpoints/1/docker/v2/agents`, {
      headers: { authorization: `Bearer ${jwt}` },
    });
    const names = ((await agents.json()) as { NodeName: string }[]).map((agent) => agent.NodeName);
    expect(names.toSorted()).toEqual(['alpha', 'beta']);
  });

  it('pin Portainer to the node with its data, and its agents answer only their server', async () => {
    const id = await manager("docker node inspect self --format '{{.ID}}'");
    const inspect = (what: string) => manager(`docker service inspect portainer_portainer --format '${what}'`);
    expect(await inspect('{{.Spec.TaskTemplate.Placement.Constraints}}')).toBe(
      `[node.id == ${id} node.role == manager]`,
    );
    const secret = /AGENT_SECRET=(\S{24,})\]/.exec(await inspect('{{.Spec.TaskTemplate.ContainerSpec.Env}}'))?.[1];
    expect(secret).toBeDefined();
    expect(
      await manager("docker service inspect portainer_agent --format '{{.Spec.TaskTemplate.ContainerSpec.Env}}'"),
    ).toBe(`[AGENT_SECRET=${secret}]`);
    expect(readFileSync(join(state, 'portainer-agent-secret'), 'utf8').trim()).toBe(secret);
    // Pinning it required no restart.
    expect(await manager('docker service ps portainer_portainer -q | wc -l')).toBe('1');
  });

  whenLong('give Portainer’s administrator another password, also when the current one is lost', async () => {
    const file = join(state, 'portainer-admin-password');
    const first = readFileSync(file, 'utf8');
    expect((await cli.run(['rotate', 'portainer-password'])).status).toBe(0);
    const second = readFileSync(file, 'utf8');
    expect(second).not.toBe(first);
    await signIn(second);
    writeFileSync(file, 'this-is-not-the-password\n');
    rmSync(join(state, 'portainer-admin-password.older'));
    const up = await cli.json<UpDocument>('up', '--only', 'set-up-portainer');
    expect(up.document.units[0]?.error).toMatchObject({
      code: 'PORTAINER_FAILED',
      fix: expect.stringContaining('swarmup rotate portainer-password'),
    });
    const reset = await cli.run(['rotate', 'portainer-password']);
    expect(reset.stderr).toContain('none of the known passwords works');
    expect(reset.status).toBe(0);
    await signIn(readFileSync(file, 'utf8'));
  });

  whenLong('upgrade Portainer to another version, and keep its data', async () => {
    change('portainer: {}', 'portainer: { version: 2.33.6 }');
    const up = await cli.json<UpDocument>('up');
    expectOk(up);
    expect(up.document.units.flatMap(({ changes }) => changes)).toEqual([
      'stack portainer: agent, portainer',
      expect.stringMatching(/^stack portainer, service agent: image .* → portainer\/agent:2\.33\.6$/),
      expect.stringMatching(/^stack portainer, service portainer: image .* → portainer\/portainer-ce:2\.33\.6$/),
    ]);
    expect(await manager("docker service ls --filter name=portainer --format '{{.Image}} {{.Replicas}}'")).toBe(
      'portainer/agent:2.33.6 2/2\nportainer/portainer-ce:2.33.6 1/1',
    );
    await signIn(readFileSync(join(state, 'portainer-admin-password'), 'utf8'));
  });

  it('change nothing on a second run, of the whole pipeline or of one task', async () => {
    const again = await cli.json<UpDocument>('up');
    expectOk(again);
    expect(again.document.changed).toBe(0);
    expect(again.document.units.map((unit) => unit.outcome)).toEqual(again.document.units.map(() => 'unchanged'));
    expect((await cli.run(['plan', '--detailed-exitcode'])).status).toBe(0);
    // test/partial.test.ts runs every task alone; these are the ones that query different things on real machines.
    for (const id of ['provision', 'install-docker', 'join-workers', 'deploy-stacks', 'verify-http']) {
      const alone = await cli.json<UpDocument>('up', '--only', id);
      expectOk(alone);
      expect(alone.document.changed).toBe(0);
    }
    const verify = await cli.json<UpDocument>('verify');
    expectOk(verify);
  });

  it('are a swarm that can be imported: the resulting file changes nothing', async () => {
    await manager(`cat > /root/hand.yml <<'END'\n${BY_HAND}END`);
    await manager('docker stack deploy --resolve-image never -c /root/hand.yml hand 2>&1');
    const running = () => manager("docker stack services hand --format '{{.Replicas}}'");
    await vi.waitFor(async () => expect(await running()).toBe('2/2\n2/2'), { timeout: 240_000, interval: 3000 });
    const address = /address: (\S+) \}/.exec(readFileSync(join(folder, 'swarmup.yaml'), 'utf8'))?.[1] ?? '';
    const access = ['--user', 'root', '--bastion', 'gate', '--ssh-config', 'ssh_config', '--accept-new'];
    const imported = await cli.run(['import', 'swarm', '--manager', address, ...access, '-o', 'imported.yaml']);
    expect(imported.stderr).toContain('imported.yaml: 2 nodes');
    expect(imported.status).toBe(0);
    const text = readFileSync(join(folder, 'imported.yaml'), 'utf8');
    expect(text).toMatch(/# Left unchanged: the stack portainer \(/);
    expect(text).toMatch(
      /name: manager1[^]*name: worker1[^]*daemon:\n +log-opts:[^]*web:\n +image: nginx[^]*stacks:\n +hand:\n +file: hand\.yml\n/,
    );
    const plan = await cli.json<UpDocument>('plan', '-f', 'imported.yaml', '--accept-new');
    expectOk(plan);
    expect(plan.document.units.flatMap(({ changes }) => changes)).toEqual([]);
    rmSync(join(folder, '.swarmup/imported'), { recursive: true, force: true });
    await manager('docker stack rm hand 2>&1');
  });

  it('scale a service up and down', async () => {
    expectOk(await cli.json<UpDocument>('scale', 'web=4'));
    expect(await manager("docker service ls --filter name=web --format '{{.Replicas}}'")).toBe('4/4');
    expectOk(await cli.json<UpDocument>('scale', 'web=2'));
    expect(await manager("docker service ls --filter name=web --format '{{.Replicas}}'")).toBe('2/2');
  });

  it('drain and activate a node', async () => {
    expectOk(await cli.json<UpDocument>('drain', 'worker1'));
    expect(await onMachine('beta', 'docker ps -q')).toBe('');
    expect(await manager("docker node inspect beta --format '{{.Spec.Availability}}'")).toBe('drain');
    expectOk(await cli.json<UpDocument>('activate', 'worker1'));
    expect(await manager("docker node inspect beta --format '{{.Spec.Availability}}'")).toBe('active');
  });

  whenLong('upgrade Docker on an active node, and serve requests all the while', async () => {
    await onMachine(
      'alpha',
      "cd /etc/apt && (cat sources.list sources.list.d/*.list 2>/dev/null || true) | sed 's/bookworm/trixie/g' > sources.list.d/newer.list",
    );
    change('docker: { source: distro,', "docker: { source: distro, version: '26.1',");
    // Through the other node: the engine of this one is down for a while.
    const url = (await urls(80)).at(-1) ?? '';
    const { result, asked, failed } = await whileAsking(url, cli.json<UpDocument>('up'));
    expectOk(result);
    console.log(`Docker upgraded: ${asked} requests, ${failed.length} failed`);
    expect(result.document.units.find(({ task }) => task === 'upgrade-docker')?.changes).toEqual([
      expect.stringMatching(/^manager1: Docker 20\.10\S* → 26\.1$/),
    ]);
    expect(failed).toEqual([]);
    expect(asked).toBeGreaterThan(100);
    expect(await onMachine('alpha', "docker info --format '{{.ServerVersion}} {{.Swarm.LocalNodeState}}'")).toMatch(
      /^26\.1\S* active$/,
    );
    expect(await manager("docker node inspect alpha --format '{{.Spec.Availability}}'")).toBe('active');
  });

  it('run commands on nodes', async () => {
    expect((await cli.run(['ssh', 'worker1', '--', 'hostname'])).stdout.trim()).toBe('beta');
    expect((await cli.run(['ssh', 'worker1', '--', 'exit 3'])).status).toBe(3);
    const all = await cli.run(['exec', '--role', 'worker', '--', 'hostname']);
    expect(
      all.stdout
        .trim()
        .split('\n')
        .map((line) => line.trim())
        .toSorted(),
    ).toEqual(['worker1  beta']);
  });

  it('leak no secret into outputs, records or arguments', async () => {
    const secrets = [
      await manager('docker swarm join-token -q worker'),
      await manager('docker swarm join-token -q manager'),
      readFileSync(join(state, 'portainer-admin-password'), 'utf8').trim(),
      readFileSync(join(state, 'portainer-agent-secret'), 'utf8').trim(),
      PASSWORD,
    ];
    const printed = readFileSync(cli.log, 'utf8');
    const kept = readdirSync(state, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !/^portainer-(admin-password|agent-secret)/.test(entry.name))
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'));
    for (const secret of secrets) {
      expect(secret.length).toBeGreaterThan(11);
      for (const text of [printed, ...kept]) expect(text.includes(secret)).toBe(false);
    }
  });

  it('leave the swarm, and stay', async () => {
    const refused = await cli.run(['down']);
    expect(refused.status).toBe(2);
    expect(refused.stderr).toContain('--yes');
    expectOk(await cli.json<UpDocument>('down', '--yes'));
    expect(qemuProcesses('e2e-machines')).toHaveLength(2);
    for (const name of ['alpha', 'beta'])
      expect(await onMachine(name, "docker info --format '{{.Swarm.LocalNodeState}}'; docker ps -q")).toBe('inactive');
    expect(readdirSync(join(folder, '.swarmup'))).toEqual(['e2e-machines']);
  });

  it('are refused when one belongs to another swarm', async () => {
    await onMachine('beta', 'docker swarm init --advertise-addr eth1');
    const { found, text } = await doctor();
    // Debian 12's engine beside Debian 13's: a warning, unless it was upgraded.
    expect(found).toEqual(isLong ? ['worker1 swarm'] : ['manager1 engine', 'worker1 swarm']);
    expect(text).toContain('it belongs to another swarm');
    const up = await cli.json<UpDocument>('up');
    expect(up.document.changed).toBe(0);
    expect(up.document.units.flatMap(({ error }) => error?.code ?? [])).toEqual(['PREFLIGHT_FAILED']);
    await onMachine('beta', 'docker swarm leave --force');
  });

  it('lose what swarmup installed with --uninstall', async () => {
    expectOk(await cli.json<UpDocument>('down', '--yes', '--uninstall'));
    for (const name of ['alpha', 'beta']) {
      expect(await onMachine(name, 'ls /usr/sbin/dockerd /var/lib/swarmup 2>/dev/null; ls -d /var/lib/docker')).toBe(
        '/var/lib/docker',
      );
      expect((await onMachine(name, 'apt-mark showhold')).trim()).toBe('');
    }
    // The accepted keys were removed with the folder: it is created again for this run, and removed again.
    const again = await cli.json<UpDocument>('down', '--yes', '--uninstall', '--accept-new');
    expectOk(again);
    expect(again.document.units.filter(({ outcome }) => outcome === 'changed').map(({ task }) => task)).toEqual([
      'clean-up',
    ]);
    expect(
      again.document.units.filter(({ task }) => task === 'uninstall-docker').map(({ outcome }) => outcome),
    ).toEqual(['skipped', 'skipped']);
  });

  it('were machines of another cluster, whose down removes them', async () => {
    const down = ['down', '-f', 'machines.yaml', '--yes'];
    const ports = (await cli.json<StatusDocument>('status', '-f', 'machines.yaml')).document.nodes.map(
      (node) => node.ssh.port,
    );
    expectOk(await cli.json<UpDocument>(...down));
    expect(qemuProcesses('e2e-machines')).toEqual([]);
    expect(readdirSync(folder)).not.toContain('.swarmup');
    expect(await Promise.all(ports.map(portIsFree))).toEqual(ports.map(() => true));
    expect((await cli.json<UpDocument>(...down)).document.changed).toBe(0);
  });
});
