import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Cli, type StatusDocument, type UpDocument } from '../support/cli.ts';
import { expectOk } from '../support/expect.ts';
import { get, onNode, qemuProcesses } from '../support/machines.ts';
import { needPackages } from '../support/packages.ts';

/** Three managers with Docker in their image: kills, locks, power cycles, changes while they run, and failures. */
const BASE = `name: e2e-managers
provider: { type: qemu }
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
  it('start although the run is interrupted once and killed ten times on the way, with nothing doubled', async () => {
    const interrupted = await cli.run(['up'], /booting/);
    expect(interrupted.status).toBe(130);
    expect(interrupted.stdout).toContain('stopped in the middle: provision on ');
    expect(interrupted.stdout).toContain('Run the same command again');
    const moments: string[] = [];
    while (moments.length < 10) {
      // At any moment: each run continues where the one before was cut off.
      const end = await cli.killed(['up'], 2_000 + Math.random() * 20_000);
      if (end.signal === 'SIGKILL') moments.push(`${end.after} ms: ${end.last}`);
      // On a fast computer the run may finish first: then it starts over.
      else expectOk(await cli.json<UpDocument>('down', '--yes'));
    }
    console.log(`killed at\n${moments.join('\n')}`);
    expectOk(await cli.json<UpDocument>('up'));
    writeFileSync(sshConfig, (await cli.run(['ssh-config'])).stdout);
    const nodes = (
      await onNode(sshConfig, 'manager2', "docker node ls --format '{{.Hostname}} {{.Status}} {{.ManagerStatus}}'")
    )
      .split('\n')
      .toSorted();
    expect(nodes.map((line) => line.split(' ')[0])).toEqual(['manager1', 'manager2', 'manager3']);
    expect(nodes.filter((line) => line.endsWith(' Leader'))).toHaveLength(1);
    expect(nodes.filter((line) => line.endsWith(' Reachable'))).toHaveLength(2);
    expect(await onNode(sshConfig, 'manager1', "docker service ls --format '{{.Name}} {{.Replicas}}'")).toBe('web 3/3');
    expect(qemuProcesses('e2e-managers')).toHaveLength(3);
    expect((await cli.json<UpDocument>('up')).document.changed).toBe(0);
  });

  it('are left alone while a run from another computer holds the lock', async () => {
    const lock = '/run/swarmup/e2e-managers.lock';
    const other = { token: 'x', user: 'ann', host: 'elsewhere', pid: 1, command: 'up', since: '2026-01-01T00:00:00Z' };
    const plant = (age: number) =>
      onNode(
        sshConfig,
        'manager1',
        `mkdir -p /run/swarmup; printf 'x\\n%s\\n' '${JSON.stringify(other)}' > ${lock}; touch -d '${age} seconds ago' ${lock}`,
      );
    await plant(0);
    const held = await cli.json<{ error: { message: string } }>('up');
    expect(held.status).toBe(4);
    expect(held.document.error.message).toContain("'swarmup up' of ann on elsewhere");
    expect((await cli.run(['verify'])).status).toBe(0);
    expect((await cli.run(['unlock'])).stdout).toContain('of ann on elsewhere');
    expect((await cli.run(['unlock', '--yes'])).stdout).toContain('is unlocked');
    await plant(120);
    const after = await cli.json<UpDocument>('up');
    expectOk(after);
    expect(after.document.warnings).toEqual([]);
    expect(after.stderr).toContain("stale lock of a run that is gone: 'swarmup up' of ann on elsewhere");
    expect(await onNode(sshConfig, 'manager1', `ls /run/swarmup`)).not.toContain('e2e-managers.lock\n');
  });

  it('are completed as far as possible when one of them fails, with a list of the rest', async () => {
    await onNode(sshConfig, 'manager3', 'systemctl mask --now docker.service docker.socket 2>&1');
    const result = await cli.json<UpDocument & { notDone: string[]; record: string }>('up', '--keep-going');
    expect(result.status).toBe(1);
    expect(result.document.units.filter((unit) => unit.error).map((unit) => `${unit.task}@${unit.target}`)).toEqual([
      'install-docker@manager3',
    ]);
    expect(result.document.notDone).toEqual([
      'unlock-managers@manager3',
      'join-managers@manager3',
      'configure-nodes@manager3',
      'pull-images@manager3',
      'verify-http@manager3:80',
    ]);
    expect(result.document.units.find((unit) => unit.target === 'web')?.outcome).toMatch(/changed/);
    expect(existsSync(join(folder, result.document.record, 'hosts', 'manager3.log'))).toBe(true);
    await onNode(sshConfig, 'manager3', 'systemctl unmask docker.service docker.socket 2>&1');
    expectOk(await cli.json<UpDocument>('up'));
  });

  it('get a new service with a new port while they run', async () => {
    write(`  second: { image: nginx, replicas: 1, ports: ['8080:80'], env: { A: b }, verify: { body: Welcome } }\n`);
    const plan = await cli.json<UpDocument>('plan');
    expect(plan.document.units.flatMap((unit) => unit.changes).toSorted()).toEqual([
      'manager1: open port 8080',
      'manager2: open port 8080',
      'manager3: open port 8080',
      'service second: nginx, 1 replica',
    ]);
    expectOk(await cli.json<UpDocument>('up'));
    const urls = (await status()).services.flatMap((service) => (service.name === 'second' ? service.urls : []));
    expect(urls).toHaveLength(3);
    for (const { url } of urls) expect((await get(url)).status).toBe(200);
  });

  it('report at once why a service can never run', async () => {
    write(`  picky: { image: nginx, replicas: 1, constraints: [node.labels.gpu==yes] }\n`);
    const failed = await cli.json<UpDocument>('up');
    expect(failed.status).toBe(1);
    const unit = failed.document.units.find((one) => one.outcome === 'failed');
    expect(unit).toMatchObject({ task: 'deploy-services', target: 'picky', error: { code: 'SERVICE_FAILED' } });
    expect(unit?.error?.message).toContain('no suitable node');
    expect(unit?.error?.fix).toContain('constraints');
    expect(unit?.error?.postMortem?.refusals).toEqual(
      [1, 2, 3].map((n) => ({
        node: `manager${n}`,
        reasons: ['constraint node.labels.gpu == yes, has no label gpu'],
      })),
    );
    expect(unit?.ms).toBeLessThan(120_000);
    write();
  });

  it('are powered off cleanly, one by name, and come back with all their data', async () => {
    expectOk(await cli.json<UpDocument>('stop', '--yes', '--node', 'manager3'));
    expect(qemuProcesses('e2e-managers')).toHaveLength(2);
    expect((await status()).nodes.map((node) => node.machine)).toEqual(['running', 'running', 'stopped']);
    const plan = await cli.json<UpDocument>('plan');
    expect(plan.document.units.flatMap((unit) => unit.changes)).toContain('start machine manager3');
    expectOk(await cli.json<UpDocument>('up'));
    expect(await onNode(sshConfig, 'manager3', 'journalctl --list-boots | wc -l')).toMatch(/^\d+$/);
    expect((await status()).nodes.every((node) => node.swarm?.state === 'ready')).toBe(true);
    expect((await cli.json<UpDocument>('up')).document.changed).toBe(0);
  });

  it('become two, and lose services and a label, only with --prune', async () => {
    const nodes = 'nodes: [{ name: manager1, role: manager, labels: { zone: a } }, { name: manager2, role: manager }]';
    const fewer = BASE.replace('nodes: { managers: 3 }', nodes);
    writeFileSync(join(folder, 'swarmup.yaml'), fewer);
    expectOk(await cli.json<UpDocument>('up'));
    writeFileSync(join(folder, 'swarmup.yaml'), fewer.replace(', labels: { zone: a }', ''));
    // The services are from the tests before: no file since then has had them.
    const surplus = ['manager1: label zone', 'node manager3 and its machine', 'service picky', 'service second'];
    const plan = await cli.json<UpDocument>('plan');
    expect(plan.document.units.flatMap((unit) => unit.changes).toSorted()).toEqual(surplus);
    const kept = await cli.json<UpDocument>('up');
    expect(kept.document.changed).toBe(0);
    for (const one of surplus) expect(kept.document.warnings.join()).toContain(one);
    expect(qemuProcesses('e2e-managers')).toHaveLength(3);
    expectOk(await cli.json<UpDocument>('up', '--prune', '--yes'));
    expect(qemuProcesses('e2e-managers')).toHaveLength(2);
    expect(
      (await onNode(sshConfig, 'manager1', "docker node ls --format '{{.Hostname}} {{.ManagerStatus}}'"))
        .split('\n')
        .toSorted(),
    ).toEqual([
      expect.stringMatching(/^manager1 (Leader|Reachable)$/),
      expect.stringMatching(/^manager2 (Leader|Reachable)$/),
    ]);
    expect(await onNode(sshConfig, 'manager1', "docker service ls --format '{{.Name}}'")).toBe('web');
    expect(await onNode(sshConfig, 'manager1', "docker node inspect self --format '{{.Spec.Labels}}'")).not.toContain(
      'zone',
    );
    expect((await cli.run(['plan', '--detailed-exitcode'])).status).toBe(0);
  });

  it('are removed even if the local folder was lost', async () => {
    rmSync(join(folder, '.swarmup'), { recursive: true });
    expect((await status()).nodes.map((node) => node.machine)).toEqual(['lost', 'lost']);
    expectOk(await cli.json<UpDocument>('down', '--yes'));
    expect(qemuProcesses('e2e-managers')).toEqual([]);
    expect(readdirSync(folder).includes('.swarmup')).toBe(false);
  });
});
