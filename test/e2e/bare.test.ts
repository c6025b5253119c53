import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  copyFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pipelines } from '../../Taskfile.ts';
import { portIsFree } from '../../lib/remote/sockets.ts';
import { Cli, program, ROOT, type StatusDocument, type UpDocument } from '../support/cli.ts';
import { expectOk } from '../support/expect.ts';
import { get, onNode, qemuProcesses } from '../support/machines.ts';
import { needPackages } from '../support/packages.ts';
import { buildStandIn } from '../support/standin.ts';

/** Two real machines from a bare image: Docker is installed on them, and every task runs. */
const CLUSTER = `name: e2e-bare
provider: { type: qemu, image: debian-13, cpus: 1, memory: 1536MiB, disk: 10GiB }
nodes:
  - { name: manager1, role: manager }
  - { name: worker1, role: worker, labels: { zone: a } }
docker: { source: distro, daemon: { log-opts: { max-size: 10m } } }
images: { load: [portainer.tar], whenUnreachable: build }
services:
  web: { image: nginx, replicas: 3, ports: ['80:80'], verify: { path: /, status: 200, body: Welcome } }
stacks:
  portainer: { file: stacks/portainer-agent.yml, verify: { port: 9000, path: /api/status } }
portainer: {}
`;

const folder = mkdtempSync(join(tmpdir(), 'swarmup-e2e-'));
const cli = new Cli(folder);
const sshConfig = join(folder, 'ssh_config');
const state = join(folder, '.swarmup', 'e2e-bare');

async function status(): Promise<StatusDocument> {
  return (await cli.json<StatusDocument>('status')).document;
}

const manager = (command: string) => onNode(sshConfig, 'manager1', command);

beforeAll(async () => {
  needPackages('openssh-client', 'mmdebstrap');
  mkdirSync(join(folder, 'stacks'));
  copyFileSync(join(ROOT, 'config/stacks/portainer-agent.yml'), join(folder, 'stacks/portainer-agent.yml'));
  await buildStandIn(join(folder, 'portainer.tar'));
  writeFileSync(join(folder, 'swarmup.yaml'), CLUSTER);
});

afterAll(async () => {
  if (qemuProcesses('e2e-bare').length > 0) await cli.run(['down', '--yes']);
  rmSync(folder, { recursive: true, force: true });
});

describe('a cluster from bare machines', () => {
  it('plans everything before anything is there', async () => {
    const plan = await cli.json<UpDocument>('plan');
    expectOk(plan);
    expect(plan.document.units.flatMap((unit) => unit.changes)).toEqual(
      expect.arrayContaining(['machine worker1', 'swarm on manager1', 'service web: nginx, 3 replicas']),
    );
    expect(qemuProcesses('e2e-bare')).toEqual([]);
    expect((await cli.run(['plan', '--detailed-exitcode'])).status).toBe(3);
  });

  it('comes up with every task of the pipeline', async () => {
    const up = await cli.json<UpDocument>('up');
    expectOk(up);
    expect(up.status).toBe(0);
    expect(new Set(up.document.units.map((unit) => unit.task))).toEqual(
      new Set(pipelines.up.filter((id) => id !== 'join-managers' && id !== 'prepare-provider')),
    );
    expect(up.document.units.filter((unit) => unit.outcome === 'skipped')).toEqual([]);
    expect(up.document.units.filter((unit) => unit.task === 'install-docker').map((unit) => unit.outcome)).toEqual([
      'changed',
      'changed',
    ]);
    writeFileSync(sshConfig, (await cli.run(['ssh-config'])).stdout);
  });

  it('is there when asked by other means: the engines, and HTTP through every node', async () => {
    const nodes = (await manager("docker node ls --format '{{.Hostname}} {{.Status}} {{.ManagerStatus}}'"))
      .split('\n')
      .map((line) => line.trim())
      .toSorted();
    expect(nodes).toEqual(['manager1 Ready Leader', 'worker1 Ready']);
    expect(await manager("docker service ls --format '{{.Name}} {{.Replicas}}'")).toContain('web 3/3');
    expect(await manager("docker node inspect worker1 --format '{{.Spec.Labels.zone}}'")).toBe('a');
    expect(await manager('cat /etc/docker/daemon.json')).toContain('"max-size": "10m"');
    const { services } = await status();
    const urls = services.flatMap((service) => (service.name === 'web' ? service.urls : []));
    expect(urls.map((url) => url.node)).toEqual(['manager1', 'worker1']);
    for (const { url } of urls) {
      const answers = await Promise.all(Array.from({ length: 6 }, () => get(url)));
      for (const answer of answers)
        expect(answer).toMatchObject({ status: 200, body: expect.stringContaining('Welcome to nginx') });
    }
    expect(await program('curl', ['-sS', '--max-time', '30', urls[0]?.url ?? ''])).toContain('Welcome to nginx');
  });

  it('has Portainer with its administrator, its environment and an agent a node', async () => {
    const { services } = await status();
    const portainer = services
      .find((service) => service.name === 'portainer_portainer')
      ?.urls.find((url) => url.port === 9000 && url.node === 'worker1');
    expect(portainer).toBeDefined();
    const file = join(state, 'portainer-admin-password');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const password = readFileSync(file, 'utf8').trim();
    expect(password.length).toBeGreaterThanOrEqual(12);
    const answer = await fetch(`${portainer?.url}/api/auth`, {
      method: 'POST',
      body: JSON.stringify({ username: 'admin', password }),
      headers: { 'content-type': 'application/json' },
    });
    const { jwt } = (await answer.json()) as { jwt: string };
    const agents = await fetch(`${portainer?.url}/api/endpoints/1/docker/v2/agents`, {
      headers: { authorization: `Bearer ${jwt}` },
    });
    const names = ((await agents.json()) as { NodeName: string }[]).map((agent) => agent.NodeName);
    expect(names.toSorted()).toEqual(['manager1', 'worker1']);
  });

  it('changes nothing when it is run again, whole or one task alone', async () => {
    const again = await cli.json<UpDocument>('up');
    expectOk(again);
    expect(again.document.changed).toBe(0);
    expect(again.document.units.map((unit) => unit.outcome)).toEqual(again.document.units.map(() => 'unchanged'));
    expect((await cli.run(['plan', '--detailed-exitcode'])).status).toBe(0);
    // Every task is run alone in test/partial.test.ts; here those that ask different things of real machines.
    for (const id of ['provision', 'install-docker', 'join-workers', 'deploy-stacks', 'verify-http']) {
      const alone = await cli.json<UpDocument>('up', '--only', id);
      expectOk(alone);
      expect(alone.document.changed).toBe(0);
    }
    const verify = await cli.json<UpDocument>('verify');
    expectOk(verify);
  });

  it('scales up and down', async () => {
    expectOk(await cli.json<UpDocument>('scale', 'web=4'));
    expect(await manager("docker service ls --filter name=web --format '{{.Replicas}}'")).toBe('4/4');
    expectOk(await cli.json<UpDocument>('scale', 'web=2'));
    expect(await manager("docker service ls --filter name=web --format '{{.Replicas}}'")).toBe('2/2');
  });

  it('drains and activates a node', async () => {
    expectOk(await cli.json<UpDocument>('drain', 'worker1'));
    expect(await onNode(sshConfig, 'worker1', 'docker ps -q')).toBe('');
    expect(await manager("docker node inspect worker1 --format '{{.Spec.Availability}}'")).toBe('drain');
    expectOk(await cli.json<UpDocument>('activate', 'worker1'));
    expect(await manager("docker node inspect worker1 --format '{{.Spec.Availability}}'")).toBe('active');
  });

  it('runs commands on nodes', async () => {
    expect((await cli.run(['ssh', 'worker1', '--', 'hostname'])).stdout.trim()).toBe('worker1');
    expect((await cli.run(['ssh', 'worker1', '--', 'exit 3'])).status).toBe(3);
    const all = await cli.run(['exec', '--role', 'worker', '--', 'hostname']);
    expect(
      all.stdout
        .trim()
        .split('\n')
        .map((line) => line.trim())
        .toSorted(),
    ).toEqual(['worker1  worker1']);
  });

  it('has told no secret to anybody', async () => {
    const secrets = [
      await manager('docker swarm join-token -q worker'),
      await manager('docker swarm join-token -q manager'),
      readFileSync(join(state, 'portainer-admin-password'), 'utf8').trim(),
      readFileSync(join(state, 'ssh', 'id_ed25519'), 'utf8').split('\n')[2] ?? '',
    ];
    const printed = readFileSync(cli.log, 'utf8');
    const kept = readdirSync(state, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !/^(portainer-admin-password|id_ed25519|disk\.qcow2)$/.test(entry.name))
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'));
    for (const secret of secrets) {
      expect(secret.length).toBeGreaterThan(11);
      for (const text of [printed, ...kept]) expect(text.includes(secret)).toBe(false);
    }
  });

  it('is taken away with nothing left', async () => {
    const ports = (await status()).nodes.map((node) => node.ssh.port);
    const refused = await cli.run(['down']);
    expect(refused.status).toBe(2);
    expect(refused.stderr).toContain('--yes');
    expectOk(await cli.json<UpDocument>('down', '--yes'));
    expect(qemuProcesses('e2e-bare')).toEqual([]);
    expect(readdirSync(folder)).not.toContain('.swarmup');
    expect(await Promise.all(ports.map(portIsFree))).toEqual(ports.map(() => true));
    expect((await cli.json<UpDocument>('down', '--yes')).document.changed).toBe(0);
  });
});
