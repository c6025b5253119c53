import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Cloud, CREDENTIALS } from '../ec2/cloud.ts';
import { VirtualMachines } from '../ec2/virtual-machines.ts';
import { Cli, type StatusDocument, type UpDocument } from '../support/cli.ts';
import { expectOk } from '../support/expect.ts';
import { get, onNode } from '../support/machines.ts';
import { needPackages } from '../support/packages.ts';

const folder = mkdtempSync(join(tmpdir(), 'swarmup-e2e-'));
const cli = new Cli(folder, { ...CREDENTIALS });
const sshConfig = join(folder, 'ssh-config');
let cloud: Cloud;
let before: readonly string[];

beforeAll(async () => {
  needPackages('openssh-client');
  // EC2's real half minute until a machine runs would only make the test wait.
  const latency = {
    visible: 500,
    pending: 2_000,
    address: 1_000,
    stopping: 1_000,
    shuttingDown: 1_000,
    interface: 2_000,
  };
  cloud = await Cloud.open(await VirtualMachines.open(), latency);
  before = await cloud.contents();
  writeFileSync(
    join(folder, 'swarmup.yaml'),
    `name: e2e-aws
provider: ${cloud.section('image: debian-13')}
nodes: { managers: 1, workers: 1 }
images: { whenUnreachable: build }
services:
  web: { image: nginx, replicas: 2, ports: ['80:80'], verify: { body: Welcome to nginx } }
`,
  );
});

afterAll(async () => {
  await cloud.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('a cluster on an emulated EC2, with a real machine for each instance', () => {
  const status = async () => (await cli.json<StatusDocument>('status')).document;
  const members = async () => {
    writeFileSync(sshConfig, (await cli.run(['ssh-config'])).stdout);
    const listed = await onNode(sshConfig, 'manager1', "sudo docker node ls --format '{{.Hostname}} {{.Status}}'");
    return listed.split('\n').toSorted();
  };

  it('comes up from RunInstances to HTTP 200 on every node', async () => {
    const up = await cli.json<UpDocument>('up');
    expectOk(up);
    const { services } = await status();
    const urls = services.find((service) => service.name === 'web')?.urls ?? [];
    expect(urls.map((url) => url.node)).toEqual(['manager1', 'worker1']);
    for (const { url } of urls)
      expect(await get(url)).toMatchObject({ status: 200, body: expect.stringContaining('Welcome to nginx') });
    expect(await members()).toEqual(['manager1 Ready', 'worker1 Ready']);
    expect(cloud.front.account.failures).toEqual([]);
  });

  it('changes nothing when it is run again', async () => {
    const again = await cli.json<UpDocument>('up');
    expectOk(again);
    expect(again.document.changed).toBe(0);
    expect((await cli.run(['plan', '--detailed-exitcode'])).status).toBe(0);
  });

  it('is repaired after an instance was terminated outside swarmup, with no dead node left in the swarm', async () => {
    const { account } = cloud.front;
    const old = [...account.instances.values()].find((one) => one.node === 'worker1');
    await cloud.terminate(old?.id ?? '');
    const up = await cli.json<UpDocument>('up');
    expectOk(up);
    expect(up.document.units.find((unit) => unit.task === 'join-workers')?.changes).toHaveLength(2);
    expect(await members()).toEqual(['manager1 Ready', 'worker1 Ready']);
    expect((await cli.json<UpDocument>('up')).document.changed).toBe(0);
  });

  it('is taken down, and leaves the account as it was', async () => {
    expectOk(await cli.json<UpDocument>('down', '--yes'));
    expect(await cloud.contents()).toEqual(before);
    expect(readdirSync(folder)).not.toContain('.swarmup');
    expect(cloud.front.account.failures).toEqual([]);
  });
});
