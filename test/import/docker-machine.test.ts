import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { clusterText } from '../../lib/import/cluster-text.ts';
import { fromDockerMachine } from '../../lib/import/docker-machine.ts';
import { clusterOf } from '../support/cluster.ts';

let store: string;
beforeEach(() => {
  store = mkdtempSync(join(tmpdir(), 'swarmup-store-'));
});
afterEach(() => rmSync(store, { recursive: true, force: true }));

/** An entry of the store: its config.json as a text or an object, and whether it has a key. */
function entry(name: string, config: string | object | undefined, key = true): void {
  const folder = join(store, 'machines', name);
  mkdirSync(folder, { recursive: true });
  const text = typeof config === 'string' ? config : JSON.stringify(config);
  if (config !== undefined) writeFileSync(join(folder, 'config.json'), text);
  if (key) writeFileSync(join(folder, 'id_rsa'), 'a key');
}

const good = (address: string, more: object = {}, driver: object = {}) => ({
  ConfigVersion: 3,
  Driver: { IPAddress: address, SSHUser: 'docker', SSHPort: 22, SSHKeyPath: '', ...driver },
  DriverName: 'generic',
  ...more,
});

/** What becomes of the store: the nodes, and what is noted about entries. */
async function imported() {
  const written = await fromDockerMachine(store, 'test');
  const text = clusterText(written);
  const cluster = await clusterOf(text);
  return { nodes: cluster.nodes, text, notes: written.notes.join('\n') };
}

describe('an entry of docker-machine that can not be used', () => {
  it.each<[string, string | object | undefined, string]>([
    ['without config.json', undefined, 'it has no config.json'],
    ['with an empty one', ' \n', 'its config.json is empty'],
    ['with a truncated one', '{ "Name": 3', "its config.json can't be read: "],
    ['with a list', '[1]', 'its config.json describes no machine'],
    ['with null', 'null', 'its config.json describes no machine'],
    ['that was never started', good(''), 'it has no address (never started?)'],
    ['with an address that is invalid', good('a b; rm -rf /'), 'its address is invalid'],
    ['with an option as its address', good('-oProxyCommand=x'), 'its address is invalid'],
    ['with a user that is invalid', good('192.0.2.1', {}, { SSHUser: '$(id)`x`' }), 'its login user has characters'],
    ['with a port that is invalid', good('192.0.2.1', {}, { SSHPort: 70000 }), 'its SSH port is invalid'],
    [
      'of the driver none',
      good('192.0.2.1', { DriverName: 'none' }),
      'its driver is none: docker-machine has no login for it',
    ],
  ])('%s is noted with the reason, beside those that can', async (_what, config, reason) => {
    entry('odd', config);
    entry('fine', good('192.0.2.9'));
    const { nodes, notes } = await imported();
    expect(nodes.map(({ name }) => name)).toEqual(['fine']);
    expect(notes).toContain(`Skipped: odd, as ${reason}`);
  });

  it('is listed in the error when no other can', async () => {
    entry('odd', '');
    await expect(fromDockerMachine(store, 'x')).rejects.toMatchObject({
      code: 'CONFIG_NOT_FOUND',
      output: 'odd: its config.json is empty',
    });
  });

  it('is one that is not a folder', async () => {
    entry('fine', good('192.0.2.9'));
    writeFileSync(join(store, 'machines', 'notes.txt'), 'x');
    writeFileSync(join(store, 'machines', '.DS_Store'), 'x');
    expect((await imported()).notes).toMatch(/Skipped: notes\.txt, as its config\.json can't be read/);
    expect((await imported()).notes).not.toContain('DS_Store');
  });
});

describe('a machine of docker-machine', () => {
  it('of an old version has the name of its folder', async () => {
    entry('elder', good('192.0.2.1'));
    const { nodes, notes } = await imported();
    expect(nodes).toMatchObject([{ name: 'elder', role: 'manager', host: { address: '192.0.2.1' } }]);
    expect(notes).toContain('elder was stored by an old docker-machine without its name');
  });

  it('from another computer has the key beside its configuration, or none', async () => {
    entry('a', good('192.0.2.1', { Name: 'a' }, { SSHKeyPath: '/Users/someone/.docker/machine/machines/a/id_rsa' }));
    entry('b', good('192.0.2.2', { Name: 'b' }, { SSHKeyPath: 'C:\\Users\\x\\id_rsa' }), false);
    const { nodes, notes } = await imported();
    expect(nodes[0]?.host?.identityFile).toBe(join(store, 'machines/a/id_rsa'));
    expect(nodes[1]?.host?.identityFile).toBeUndefined();
    expect(notes).toContain('b has no private key in the store');
  });

  it('of an unknown driver is used as it is stored', async () => {
    entry('x', good('192.0.2.1', { Name: 'x', DriverName: 'ovh' }, { SSHUser: '' }));
    expect((await imported()).nodes).toMatchObject([{ name: 'x', host: { user: 'root', port: 22 } }]);
  });

  it('gets another name when two have the same one', async () => {
    entry('a', good('192.0.2.1', { Name: 'Web_1' }));
    entry('b', good('192.0.2.2', { Name: 'web-1' }));
    const { nodes, notes } = await imported();
    expect(nodes.map(({ name }) => name)).toEqual(['web-1', 'web-1-2']);
    expect(notes).toContain('web-1 is named web-1-2 here, as another machine has its name.');
  });

  it('is mentioned when another has the same address', async () => {
    entry('a', good('192.0.2.1', { Name: 'a' }));
    entry('b', good('192.0.2.1', { Name: 'b' }));
    expect((await imported()).notes).toContain('a and b have the same address: remove those that are gone.');
  });

  it('in a standalone Swarm is a manager if it was its master', async () => {
    const swarm = (Master: boolean) => ({ HostOptions: { SwarmOptions: { IsSwarm: true, Master } } });
    entry('a', good('192.0.2.1', { Name: 'a', ...swarm(false) }));
    entry('b', good('192.0.2.2', { Name: 'b', ...swarm(true) }));
    const { nodes, notes } = await imported();
    expect(nodes.map(({ name, role }) => `${name} ${role}`)).toEqual(['b manager', 'a worker']);
    expect(notes).toContain('b was in a standalone Swarm (swarm-agent), which swarm mode replaces.');
  });

  it('can say nothing but itself in the file', async () => {
    const name = 'x\nservices: { evil: { image: x } }';
    entry('a', good('192.0.2.1', { Name: name, DriverName: 'y\nprovider: { type: qemu }' }, { SSHUser: 'me' }));
    const { nodes, text } = await imported();
    expect(nodes.map((node) => node.name)).toEqual(['x-services-evil-image-x']);
    expect(text.split('\n').filter((line) => line.startsWith('services') || line.startsWith('provider'))).toEqual([
      'provider:',
    ]);
  });

  it.each([
    ['"text"'],
    ['{"Driver": 3, "DriverName": [], "Name": {}}'],
    ['{"Driver": {"IPAddress": {"a": 1}, "SSHPort": {}, "SSHKeyPath": 1}}'],
    ['{"__proto__": {"DriverName": "x"}, "Driver": {"IPAddress": "192.0.2.7", "SSHPort": "2222"}}'],
    ['['.repeat(50_000)],
  ])('is never an exception, whatever is stored: %#', async (config) => {
    entry('odd', config);
    entry('fine', good('192.0.2.9', { Name: 'fine' }));
    expect((await imported()).nodes.length).toBeGreaterThan(0);
  });
});
