import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import terraform from '../../docs/examples/terraform-provider.ts';
import { systemClock } from '../../lib/async/clock.ts';
import { generateKeyPair } from '../../lib/remote/keys.ts';
import { localCommands } from '../../lib/remote/local.ts';
import type { EventBody } from '../../lib/contracts/events.ts';
import type { Provider } from '../../lib/contracts/provider.ts';
import { clusterOf } from '../support/cluster.ts';
import { ROOT } from '../support/cli.ts';
import { fakeTerraform, terraformOutput } from '../support/terraform.ts';

const EXAMPLE = join(ROOT, 'docs/examples/terraform-provider.ts');
const home = mkdtempSync(join(tmpdir(), 'swarmup-terraform-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));
const { signal } = new AbortController();
const io = { signal, report: () => undefined, warn: () => undefined };

/** The example's provider with a stand-in for terraform. `events` has what its commands would leave in the record. */
async function stage(output: string, status = 0): Promise<{ provider: Provider; folder: string; events: EventBody[] }> {
  const folder = mkdtempSync(join(home, 'infra-'));
  const env = { PATH: fakeTerraform(folder, output, status) };
  const cluster = await clusterOf('name: cloud\nprovider: { type: qemu }\n');
  const reading = await terraform.read({ folder });
  if ('issues' in reading) throw new Error(JSON.stringify(reading.issues));
  const events: EventBody[] = [];
  const local = localCommands((event) => events.push(event), env);
  const options = { cluster, clock: systemClock, local, env, mayInstall: false };
  return { provider: await reading.configured.create(options), folder, events };
}

const { publicKey } = generateKeyPair('m1');
const MACHINES = {
  m1: { address: '203.0.113.7', private_address: '10.0.0.7', user: 'admin', host_key: `${publicKey}\n` },
  w1: { address: '203.0.113.8', private_address: '10.0.0.8', user: null, host_key: null },
};

describe('the example of a provider', () => {
  it('has less than 100 lines', () => {
    expect(readFileSync(EXAMPLE, 'utf8').trimEnd().split('\n').length).toBeLessThan(100);
  });

  it('is quoted in full in the documentation', () => {
    const page = readFileSync(join(ROOT, 'docs/providers.md'), 'utf8');
    expect(page).toContain(`\`\`\`ts\n${readFileSync(EXAMPLE, 'utf8')}\`\`\``);
  });

  it('lists the machines in the output with their addresses, users and host keys', async () => {
    const { provider } = await stage(terraformOutput(MACHINES));
    expect(await provider.list(signal)).toMatchObject([
      {
        name: 'm1',
        address: '10.0.0.7',
        external: true,
        ssh: { host: '203.0.113.7', user: 'admin', hostKey: publicKey.split(' ').slice(0, 2).join(' ') },
      },
      { name: 'w1', address: '10.0.0.8', external: true, ssh: { host: '203.0.113.8', hostKey: '' } },
    ]);
    expect((await provider.unknownHosts?.())?.map(({ names }) => names)).toEqual([['w1']]);
  });

  it('keeps the output, which may hold sensitive values, out of the record', async () => {
    const { provider, events } = await stage(terraformOutput(MACHINES));
    await provider.list(signal);
    expect(events).toContainEqual(
      expect.objectContaining({ command: expect.stringMatching(/\/terraform output -json$/) }),
    );
    expect(JSON.stringify(events)).not.toMatch(/hush|private_address/);
  });

  it('plans a machine that Terraform must create, and says so when asked to create it', async () => {
    const { provider, folder } = await stage(terraformOutput(MACHINES));
    const node = { name: 'w2', role: 'worker', labels: {}, availability: 'active' } as const;
    expect(provider.plan(node, undefined)).toMatchObject([{ action: 'create' }]);
    await expect(provider.create(node, io)).rejects.toMatchObject({
      code: 'MACHINE_ABSENT',
      message: 'Terraform has no machine w2',
      fix: expect.stringContaining(`terraform -chdir=${folder} apply`),
    });
  });

  const one = (more: object) => terraformOutput({ m1: { ...MACHINES.m1, ...more } });

  it.each([
    ['is not JSON', 'No outputs found\n', /it is not JSON/],
    ['has no outputs', '{}\n', /expected object[^]*at machines/],
    [
      'has a list of machines',
      '{"machines":{"sensitive":false,"type":["list","string"],"value":["a"]}}',
      /at machines\.value/,
    ],
    ['has an invalid node name', terraformOutput({ '../m1': MACHINES.m1 }), /at machines\.value/],
    [
      'has an address that OpenSSH would take for an option',
      one({ address: '-oProxyCommand=id' }),
      /machines\.value\.m1\.address/,
    ],
    ['has an invalid private address', one({ private_address: 'inside' }), /machines\.value\.m1\.private_address/],
    ['has an invalid host key', one({ host_key: 'SHA256:abc' }), /expected a public host key[^]*m1\.host_key/],
  ])('refuses an output that %s, and says what is expected', async (_what, output, message) => {
    const { provider } = await stage(output);
    await expect(provider.list(signal)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(message),
      fix: expect.stringContaining("Define an output 'machines'"),
    });
  });

  it('says how to find out why terraform failed', async () => {
    const { provider, folder } = await stage('', 1);
    await expect(provider.list(signal)).rejects.toMatchObject({
      code: 'LOCAL_COMMAND_FAILED',
      fix: `Run it by hand to see why: terraform -chdir=${folder} output`,
    });
  });
});
