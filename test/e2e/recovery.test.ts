import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Cli, type StatusDocument, type UpDocument } from '../support/cli.ts';
import { expectOk } from '../support/expect.ts';
import { get, onNode, qemuProcesses } from '../support/machines.ts';
import { needPackages } from '../support/packages.ts';

/** Ways back after a loss: a back-up, a surviving manager, and a swarm restored onto new machines. */
const CLUSTER = `name: e2e-recovery
provider: { type: qemu }
nodes: { managers: 3 }
swarm: { autolock: true, heartbeat: 10s }
images: { whenUnreachable: build }
secrets: { key: { value: of-the-house } }
configs: { greeting: { value: Hello } }
services:
  web:
    image: nginx
    mode: global
    ports: ['80:80']
    secrets: [key]
    configs: [greeting]
    mounts: ['data:/data']
    verify: { body: Welcome }
`;

const PASSPHRASE = 'seven-words-that-nobody-else-would-choose';
const folder = mkdtempSync(join(tmpdir(), 'swarmup-e2e-'));
const cli = new Cli(folder, { SWARMUP_BACKUP_PASSPHRASE: PASSPHRASE });
const sshConfig = join(folder, 'ssh_config');
const file = join(folder, 'cluster.age');
const engine = (node: string, command: string) => onNode(sshConfig, node, command);
const status = async () => (await cli.json<StatusDocument>('status')).document;
const errorsOf = ({ document }: { document: UpDocument }) => document.units.flatMap(({ error }) => error?.code ?? []);

/** The ids of all objects that the managers keep, as one manager lists them. */
const ids = (node: string) =>
  engine(
    node,
    'docker service ls -q --no-trunc; docker secret ls -q; docker config ls -q; docker info -f {{.Swarm.Cluster.ID}}',
  );

function kill(node: string): void {
  const [pid] = qemuProcesses('e2e-recovery', node);
  if (pid === undefined) throw new Error(`no machine of ${node} runs`);
  process.kill(pid, 'SIGKILL');
}

let before = '';

beforeAll(async () => {
  needPackages('openssh-client');
  writeFileSync(join(folder, 'swarmup.yaml'), CLUSTER);
  expectOk(await cli.json<UpDocument>('up'));
  writeFileSync(sshConfig, (await cli.run(['ssh-config'])).stdout);
  before = await ids('manager1');
  await engine('manager2', 'echo what counts > /var/lib/docker/volumes/data/_data/content');
}, 900_000);

afterAll(async () => {
  if (qemuProcesses('e2e-recovery').length > 0) await cli.run(['down', '--yes']);
  rmSync(folder, { recursive: true, force: true });
});

describe('a cluster whose managers are lost', () => {
  it('is backed up to a file that reveals nothing', async () => {
    const made = await cli.run(['backup', '-o', file, '--volume', 'manager2:data']);
    expect(made.stderr + made.stdout).toContain('verified');
    expect(made.status).toBe(0);
    const text = readFileSync(file, 'latin1');
    expect(text.startsWith('age-encryption.org/v1\n')).toBe(true);
    for (const word of ['manager1', 'greeting', 'SWMKEY', 'what counts']) expect(text).not.toContain(word);
    // The manager that was stopped for the back-up is active again, unlocked.
    expect((await status()).nodes.map(({ swarm }) => swarm?.state)).toEqual(['ready', 'ready', 'ready']);
    expect((await cli.json<UpDocument>('up')).document.changed).toBe(0);
    expect((await cli.run(['backup', '-o', file])).stderr).toContain('never overwrites a file');
  });

  it('explains what is lost with the majority, and changes nothing without confirmation', async () => {
    kill('manager2');
    kill('manager3');
    // A loss of the leader is noticed after some seconds.
    for (let i = 0; i < 100 && (await leads('manager1')); i++) await new Promise((resolve) => setTimeout(resolve, 500));
    const verify = await cli.json<UpDocument>('verify');
    expect(verify.status).toBe(1);
    const error = verify.document.units.flatMap(({ error: one }) => one ?? [])[0];
    expect(error).toMatchObject({
      code: 'SWARM_NO_QUORUM',
      message: expect.stringContaining('of 3 managers only manager1 can be reached, and 2 are needed'),
      fix: expect.stringContaining('swarmup recover'),
    });
    const asked = await cli.run(['recover']);
    expect(asked.status).not.toBe(0);
    expect(qemuProcesses('e2e-recovery')).toHaveLength(1);
  });

  it('is rebuilt from the surviving manager by recover', async () => {
    const recovered = await cli.json<UpDocument>('recover', '--yes');
    expectOk(recovered);
    expect(recovered.document.units.flatMap(({ changes }) => changes)).toEqual([
      expect.stringMatching(/^machine manager2 \(stopped\), with all data on its disk/),
      expect.stringMatching(/^machine manager3 \(stopped\), with all data on its disk/),
      expect.stringMatching(/^a swarm of manager1 alone/),
    ]);
    expect(await engine('manager1', "docker node ls --format '{{.Hostname}} {{.ManagerStatus}}'")).toBe(
      'manager1 Leader',
    );
    expect(await ids('manager1')).toBe(before);
    // The engine starts its containers and the routing mesh after the new swarm is there.
    await vi.waitFor(async () => expect((await get(await pageOf('manager1'))).body).toContain('Welcome'), {
      timeout: 240_000,
      interval: 1000,
    });
    expect((await cli.json<UpDocument>('recover', '--yes')).document.changed).toBe(0);
  });

  it('is restored from its back-up onto new machines, unchanged', async () => {
    // Otherwise a swarm that is as the back-up says counts as restored, if its manager survived.
    await engine('manager1', 'docker service update --detach --label-add by=hand web');
    const inUse = await cli.json<UpDocument>('restore', file, '--yes');
    expect(errorsOf(inUse)).toEqual(['SWARM_ELSEWHERE']);
    expectOk(await cli.json<UpDocument>('down', '--yes'));
    const wrong = new Cli(folder, { SWARMUP_BACKUP_PASSPHRASE: 'a-passphrase-of-somebody-else' });
    const refused = await wrong.run(['restore', file, '--yes']);
    expect(refused.status).toBe(1);
    expect(refused.stderr).toMatch(/passphrase/);
    // The back-up has its own unlock key, even if another is in use elsewhere.
    const elsewhere = { SWARMUP_BACKUP_PASSPHRASE: PASSPHRASE, SWARMUP_UNLOCK_KEY: 'SWMKEY-1-b2YgYW5vdGhlciBzd2FybQ' };
    expectOk(await new Cli(folder, elsewhere).json<UpDocument>('restore', file, '--yes'));
    writeFileSync(sshConfig, (await cli.run(['ssh-config'])).stdout);
    expect(await ids('manager1')).toBe(before);
    expect(await engine('manager2', 'cat /var/lib/docker/volumes/data/_data/content')).toBe('what counts');
    expect((await status()).nodes.map(({ role }) => role.split(',')[0])).toEqual(['manager', 'manager', 'manager']);
    expect(await engine('manager3', 'docker info -f {{.Swarm.Cluster.ID}}')).toBe(before.split('\n').at(-1));
    expect((await cli.json<UpDocument>('up')).document.changed).toBe(0);
  });
});

/** Whether a manager answers and its swarm has a leader. */
function leads(node: string): Promise<boolean> {
  return engine(node, 'docker node ls').then(
    () => true,
    () => false,
  );
}

async function pageOf(node: string): Promise<string> {
  const web = (await status()).services.find(({ name }) => name === 'web');
  return web?.urls.find((one) => one.node === node)?.url ?? '';
}
