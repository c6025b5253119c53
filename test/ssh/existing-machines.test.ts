import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readBanner } from '../../lib/remote/sockets.ts';
import { existingMachinesContract, openCluster, type ExistingSubject } from '../../lib/testing/index.ts';
import { Cli, ROOT, type StatusDocument, type UpDocument } from '../support/cli.ts';
import { startSshd, type TestSshd } from '../support/sshd.ts';
import { fakeTerraform, terraformOutput } from '../support/terraform.ts';

/** A machine and a bastion in front of another one, all real OpenSSH servers on loopback. */
let near: TestSshd;
let gate: TestSshd;
let far: TestSshd;
const home = mkdtempSync(join(tmpdir(), 'swarmup-existing-'));

beforeAll(async () => {
  // Started one after the other, as each takes the next free port.
  near = await startSshd();
  gate = await startSshd();
  far = await startSshd();
});
afterAll(() => {
  for (const server of [near, gate, far]) server.stop();
  rmSync(home, { recursive: true, force: true });
});

const keyOf = ({ endpoint }: TestSshd) => endpoint.hostKey.split(' ').slice(0, 2).join(' ');
const never = new AbortController().signal;
const answers = async (host: string, port: number) => 'banner' in (await readBanner(host, port, 10_000, never));

/** An OpenSSH configuration for all three, without known host keys. */
function sshConfig(): string {
  const block = (alias: string, { endpoint }: TestSshd, more = '') =>
    `Host ${alias}\n  HostName 127.0.0.1\n  Port ${endpoint.port}\n  User ${endpoint.user}\n  IdentityFile ${endpoint.identityFiles[0]}\n${more}`;
  return [
    block('near', near),
    block('gate', gate),
    block('far', far, '  ProxyJump gate\n'),
    'Host *\n  UserKnownHostsFile none\n  GlobalKnownHostsFile none\n',
  ].join('\n');
}

/** A folder with a cluster file, the OpenSSH configuration, the example of docs/providers.md, and a fake terraform. */
function folderWith(clusterFile: string, machines: Parameters<typeof terraformOutput>[0] = {}) {
  const folder = mkdtempSync(join(home, 'cluster-'));
  writeFileSync(join(folder, 'swarmup.yaml'), clusterFile);
  writeFileSync(join(folder, 'ssh_config'), sshConfig());
  copyFileSync(join(ROOT, 'docs/examples/terraform-provider.ts'), join(folder, 'terraform-provider.ts'));
  return { folder, env: { PATH: fakeTerraform(folder, terraformOutput(machines)), SSH_AUTH_SOCK: '' } };
}

const HOSTS = `name: own
provider: { type: hosts, sshConfig: ssh_config }
nodes: [{ name: m1, role: manager, address: near }, { name: w1, role: worker, address: far, advertise: 192.0.2.9 }]
`;
const TERRAFORM = `name: own
provider: { type: EXAMPLE, sshConfig: ssh_config }
nodes: [{ name: m1, role: manager }, { name: w1, role: worker }]
`;
const machine = (address: string, more: object = {}) => ({ address, private_address: '127.0.0.1', ...more });

describe.each([
  ['hosts', 'a machine', HOSTS, 'm1'],
  ['hosts', 'a machine behind a bastion', HOSTS, 'w1'],
  ['the example with Terraform', 'a machine', TERRAFORM, 'm1'],
  ['the example with Terraform', 'a machine behind a bastion', TERRAFORM, 'w1'],
])('%s, with %s,', (_provider, _machine, text, name) => {
  let subject: ExistingSubject;
  beforeAll(async () => {
    // Loaded from docs/: in Vitest, `import ... from 'swarmup'` is resolved without Node.js's hooks.
    const file = text.replace('EXAMPLE', join(ROOT, 'docs/examples/terraform-provider.ts'));
    const { folder, env } = folderWith(file, { m1: machine('near'), w1: machine('far') });
    const { cluster, provider } = await openCluster(join(folder, 'swarmup.yaml'), env);
    const node = cluster.nodes.find((one) => one.name === name)!;
    const hostKeys = Object.fromEntries(
      [near, gate, far].map((server) => [`127.0.0.1:${server.endpoint.port}`, keyOf(server)]),
    );
    subject = { provider, node, port: 80, answers, hostKeys };
  });
  existingMachinesContract({ it, expect }, () => subject);
});

describe('the example of a provider, as a user’s module', () => {
  const text = TERRAFORM.replace('EXAMPLE', './terraform-provider.ts');

  it('adds its machines to a cluster, with host keys from the output and accepted ones', async () => {
    const { folder, env } = folderWith(text, { m1: machine('near', { host_key: keyOf(near) }), w1: machine('far') });
    const cli = new Cli(folder, env);
    const plan = await cli.json<UpDocument>('plan', '--only', 'provision', '--accept-new');
    expect(plan.document.units.map(({ task, target, changes }) => ({ task, target, changes }))).toEqual([
      { task: 'provision', target: 'm1', changes: [] },
      { task: 'provision', target: 'w1', changes: [] },
    ]);
    const status = await cli.json<StatusDocument>('status');
    expect(status.document.nodes).toMatchObject([
      { name: 'm1', machine: 'running', address: '127.0.0.1', ssh: { port: near.endpoint.port } },
      { name: 'w1', machine: 'running', address: '127.0.0.1', ssh: { port: far.endpoint.port } },
    ]);
    const up = await cli.json<UpDocument>('up', '--only', 'provision');
    expect(up.document.units.map(({ outcome, error }) => error ?? outcome)).toEqual(['unchanged', 'unchanged']);
    expect((await cli.run(['exec', '--', 'echo', 'hello'])).stdout.split('\n').toSorted()).toEqual([
      '',
      'm1  hello',
      'w1  hello',
    ]);
    expect((await cli.run(['stop', '--yes'])).stdout).toContain('it existed before swarmup, which never powers it off');
  });

  it('refuses a machine whose host key differs from the output', async () => {
    const { folder, env } = folderWith(text, { m1: machine('near', { host_key: keyOf(gate) }), w1: machine('far') });
    const { stdout, status } = await new Cli(folder, env).run(['exec', '--accept-new', '--node', 'm1', '--', 'true']);
    expect(stdout).toContain('another host key');
    expect(status).toBe(1);
  });

  it('refuses a host key that the user revoked, even if the output has it', async () => {
    const { folder, env } = folderWith(text, { m1: machine('near', { host_key: keyOf(near) }), w1: machine('far') });
    writeFileSync(join(folder, 'known_hosts'), `@revoked * ${keyOf(near)}\n`);
    writeFileSync(
      join(folder, 'ssh_config'),
      sshConfig().replace('UserKnownHostsFile none', 'UserKnownHostsFile ' + join(folder, 'known_hosts')),
    );
    const { stderr, status } = await new Cli(folder, env).run(['exec', '--accept-new', '--', 'true']);
    expect(stderr).toContain('shows a host key that was revoked');
    expect(status).toBe(1);
  });
});
