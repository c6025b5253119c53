import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Cli, type StatusDocument, type UpDocument } from '../support/cli.ts';
import { expectOk } from '../support/expect.ts';
import { get, onNode, qemuProcesses } from '../support/machines.ts';
import { needPackages } from '../support/packages.ts';

/** Three managers with Docker in their image: powering off and on, changes while it runs, and what goes wrong. */
const BASE = `name: e2e-managers
provider: { type: qemu, image: debian-13, cpus: 1, memory: 1280MiB, disk: 8GiB }
nodes: { managers: 3 }
images: { whenUnreachable: build }
services:
  web: { image: nginx, replicas: 3, ports: ['80:80'], verify: { body: Welcome } }
`;

const folder = mkdtempSync(join(tmpdir(), 'swarmup-e2e-'));
const cli = new Cli(folder);
const sshConfig = join(folder, 'ssh_config');
const write = (extra = '') => writeFileSync(join(folder, 'swarmup.yaml'), `${BASE}${extra}`);
const status = async () => (await cli.json<StatusDocument>('status')).document;

beforeAll(() => {
  needPackages('openssh-client');
  write();
});

afterAll(async () => {
  if (qemuProcesses('e2e-managers').length > 0) await cli.run(['down', '--yes']);
  rmSync(folder, { recursive: true, force: true });
});

describe('three managers', () => {
  it('come up with one leader and two that it can reach', async () => {
    expectOk(await cli.json<UpDocument>('up'));
    writeFileSync(sshConfig, (await cli.run(['ssh-config'])).stdout);
    const roles = (await onNode(sshConfig, 'manager2', "docker node ls --format '{{.Hostname}} {{.ManagerStatus}}'"))
      .split('\n')
      .toSorted();
    expect(roles.filter((line) => line.endsWith(' Leader'))).toHaveLength(1);
    expect(roles.filter((line) => line.endsWith(' Reachable'))).toHaveLength(2);
    expect(roles.map((line) => line.split(' ')[0])).toEqual(['manager1', 'manager2', 'manager3']);
  });

  it('take a new service with a new port while they run', async () => {
    write(`  second: { image: nginx, replicas: 1, ports: ['8080:80'], env: { A: b }, verify: { body: Welcome } }\n`);
    const plan = await cli.json<UpDocument>('plan');
    expect(plan.document.units.flatMap((unit) => unit.changes).toSorted()).toEqual([
      'manager1: open port 8080',
      'manager2: open port 8080',
      'manager3: open port 8080',
      'service second: nginx, 1 replicas',
    ]);
    expectOk(await cli.json<UpDocument>('up'));
    const urls = (await status()).services.flatMap((service) => (service.name === 'second' ? service.urls : []));
    expect(urls).toHaveLength(3);
    for (const { url } of urls) expect((await get(url)).status).toBe(200);
  });

  it('say at once why a service can never run', async () => {
    write(`  picky: { image: nginx, replicas: 1, constraints: [node.labels.gpu==yes] }\n`);
    const failed = await cli.json<UpDocument>('up');
    expect(failed.status).toBe(1);
    const unit = failed.document.units.find((one) => one.outcome === 'failed');
    expect(unit).toMatchObject({ task: 'deploy-services', target: 'picky', error: { code: 'SERVICE_FAILED' } });
    expect(unit?.error?.message).toContain('no suitable node');
    expect(unit?.error?.fix).toContain('constraints');
    expect(unit?.ms).toBeLessThan(120_000);
    write();
  });

  it('survive the loss of their leader: the others still answer', async () => {
    const leader = (await status()).nodes.find((node) => node.swarm?.leader)?.name ?? '';
    const [pid] = qemuProcesses('e2e-managers', leader);
    expect(pid).toBeGreaterThan(0);
    process.kill(pid ?? 0, 'SIGKILL');
    const left = (await status()).nodes.filter((node) => node.name !== leader);
    expect(left.map((node) => node.machine)).toEqual(['running', 'running']);
    expectOk(await cli.json<UpDocument>('up'));
    expect((await status()).nodes.every((node) => node.swarm?.state === 'ready')).toBe(true);
  });

  it('are powered off cleanly and come back with all they had', async () => {
    expectOk(await cli.json<UpDocument>('stop'));
    expect(qemuProcesses('e2e-managers')).toEqual([]);
    expect((await status()).nodes.map((node) => node.machine)).toEqual(['stopped', 'stopped', 'stopped']);
    expectOk(await cli.json<UpDocument>('up'));
    expect(await onNode(sshConfig, 'manager1', 'journalctl --list-boots | wc -l')).toMatch(/^\d+$/);
    expect((await cli.json<UpDocument>('up')).document.changed).toBe(0);
  });

  it('are taken away even when the local folder was lost', async () => {
    rmSync(join(folder, '.swarmup'), { recursive: true });
    expect((await status()).nodes.map((node) => node.machine)).toEqual(['lost', 'lost', 'lost']);
    expectOk(await cli.json<UpDocument>('down', '--yes'));
    expect(qemuProcesses('e2e-managers')).toEqual([]);
    expect(readdirSync(folder).includes('.swarmup')).toBe(false);
  });
});
