import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Cli, type StatusDocument, type UpDocument } from '../support/cli.ts';
import { cloudImage, KERNEL_ARGUMENTS } from '../support/cloud-image.ts';
import { expectOk } from '../support/expect.ts';
import { get } from '../support/machines.ts';
import { StandIn } from '../support/virtualbox.ts';

/**
 * Two machines of VirtualBox, which a stand-in boots with QEMU. One is created separately and stands for an existing host;
 * the other is the cluster's. Together they are a cluster of two providers.
 */
const folder = mkdtempSync(join(tmpdir(), 'swarmup-e2e-'));
const cli = new Cli(folder);
let standIn: StandIn;

const BOX = () =>
  `{ type: virtualbox, image: { path: image.raw }, network: 192.168.58.0/24, memory: 1024MiB, vboxManage: ${standIn.program} }`;

const nodesOf = async (...flags: string[]) => (await cli.json<StatusDocument>('status', ...flags)).document.nodes;

beforeAll(async () => {
  const image = await cloudImage();
  execFileSync('qemu-img', ['convert', '-O', 'raw', image.disk, join(folder, 'image.raw')]);
  const { kernel = '', initrd = '' } = image;
  standIn = new StandIn(folder, { boot: { kernel, initrd, append: KERNEL_ARGUMENTS } });
}, 600_000);

afterAll(() => {
  standIn.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('a cluster of several providers', () => {
  it('starts with a machine of VirtualBox, which answers at its configured address', async () => {
    writeFileSync(
      join(folder, 'somebody.yaml'),
      `name: somebody\nprovider: ${BOX()}\nnodes: [{ name: guest1, role: manager }]\n`,
    );
    expectOk(await cli.json<UpDocument>('up', '-f', 'somebody.yaml', '--only', 'provision'));
    const [guest] = await nodesOf('-f', 'somebody.yaml');
    expect(guest).toMatchObject({ name: 'guest1', machine: 'running', address: '192.168.58.11' });
    expect((await cli.run(['ssh', 'guest1', '-f', 'somebody.yaml', '--', 'hostname'])).stdout.trim()).toBe('guest1');
    writeFileSync(
      join(folder, 'swarmup.yaml'),
      `name: both
providers:
  box: ${BOX()}
  own: { type: hosts, user: root, identityFile: .swarmup/somebody/ssh/id_ed25519 }
nodes:
  - { name: manager1, role: manager, provider: box }
  - { name: worker1, role: worker, provider: own, address: ${guest?.address} }
images: { whenUnreachable: build }
services:
  web: { image: nginx, replicas: 2, ports: ['80:80'], verify: { body: Welcome } }
`,
    );
  });

  it('comes up: one machine is created, the other used as it is, after doctor checked both', async () => {
    const up = await cli.json<UpDocument>('up', '--accept-new');
    expectOk(up);
    const of = (task: string) =>
      up.document.units.filter((unit) => unit.task === task).map(({ target, outcome }) => `${target} ${outcome}`);
    expect(of('provision').toSorted()).toEqual(['manager1 changed', 'worker1 unchanged']);
    expect(of('preflight').toSorted()).toEqual(['manager1 unchanged', 'worker1 unchanged']);
    const nodes = await nodesOf();
    expect(nodes.map(({ name, role, swarm }) => `${name} ${role} ${swarm?.state}`)).toEqual([
      'manager1 manager ready',
      'worker1 worker ready',
    ]);
    for (const { address } of nodes)
      expect(await get(`http://${address}:80/`)).toMatchObject({
        status: 200,
        body: expect.stringContaining('Welcome'),
      });
  });

  it('changes nothing when it is run again', async () => {
    const again = await cli.json<UpDocument>('up');
    expectOk(again);
    expect(again.document.changed).toBe(0);
  });

  it('restarts a machine that lost power', async () => {
    await standIn.by('controlvm', 'swarmup-both-manager1', 'poweroff');
    expect((await nodesOf()).find(({ name }) => name === 'manager1')?.machine).toBe('stopped');
    const up = await cli.json<UpDocument>('up');
    expectOk(up);
    expect(
      up.document.units.find(({ task, target }) => task === 'provision' && target === 'manager1')?.changes,
    ).toEqual(['start machine manager1']);
  });

  it('is taken down: one machine is removed, the other leaves the swarm and stays', async () => {
    expectOk(await cli.json<UpDocument>('down', '--yes'));
    expect(standIn.box.state.vms.map(({ name }) => name.replace(/image-.*/, 'image')).toSorted()).toEqual([
      'swarmup-image',
      'swarmup-somebody-guest1',
    ]);
    expect(readdirSync(join(folder, '.swarmup'))).toEqual(['somebody']);
    const swarm = ['exec', '-f', 'somebody.yaml', '--', 'docker', 'info', '--format', '{{.Swarm.LocalNodeState}}'];
    expect((await cli.run(swarm)).stdout.trim()).toBe('guest1  inactive');
    expectOk(await cli.json<UpDocument>('down', '-f', 'somebody.yaml', '--yes'));
    expect(standIn.box.state.interfaces).toEqual([]);
  });
});
