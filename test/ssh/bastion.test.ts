import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { machineTable } from '../../lib/providers/machine-table.ts';
import type { SshEndpoint } from '../../lib/contracts/endpoint.ts';
import type { Machine } from '../../lib/contracts/provider.ts';
import { httpClient } from '../../lib/remote/http.ts';
import { generateKeyPair } from '../../lib/remote/keys.ts';
import { knownHosts, sshArguments, sshConfigText } from '../../lib/remote/openssh.ts';
import { SshRemote } from '../../lib/remote/remote.ts';
import { startSshd, type TestSshd } from '../support/sshd.ts';

const never = new AbortController().signal;
let bastion: TestSshd;
let node: TestSshd;
let machine: Machine;

beforeAll(async () => {
  bastion = await startSshd();
  node = await startSshd();
  const ssh = { ...node.endpoint, via: bastion.endpoint };
  machine = { name: 'node1', state: 'running', address: '10.0.0.1', ssh };
});
afterAll(() => {
  bastion.stop();
  node.stop();
});

const remoteTo = (...machines: Machine[]) => new SshRemote(machineTable(machines), () => undefined);

describe('a machine behind a bastion', () => {
  it('is reached through it, with the host keys of both pinned', async () => {
    const remote = remoteTo(machine);
    const host = await remote.host('node1', never);
    expect((await host.run(['sh', '-c', 'echo $SSH_CONNECTION'])).stdout).toMatch(
      new RegExp(`^127\\.0\\.0\\.1 \\d+ 127\\.0\\.0\\.1 ${node.endpoint.port}\n$`),
    );
    await remote.close();
  });

  it('shares one connection to the bastion with other machines', async () => {
    const remote = remoteTo(machine, { ...machine, name: 'node2' });
    // Connections of the previous test may still be closing.
    await expect.poll(() => [bastion.connections(), node.connections()]).toEqual([0, 0]);
    await Promise.all(['node1', 'node2'].map((name) => remote.host(name, never)));
    expect([bastion.connections(), node.connections()]).toEqual([1, 2]);
    await remote.close();
  });

  it('serves HTTP through it', async () => {
    const server = createServer((request, response) => response.end(`you asked for ${request.url}`));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const remote = remoteTo(machine);
    const http = httpClient((via, to, signal) => remote.dial(via, to, signal));
    const asked = { host: '127.0.0.1', path: '/page', timeoutMs: 10_000, signal: never, via: bastion.endpoint };
    expect(await http.ask({ ...asked, port })).toMatchObject({ status: 200, body: 'you asked for /page' });
    await expect(http.ask({ ...asked, port: 1 })).rejects.toThrow(/can't reach 127\.0\.0\.1:1/);
    await remote.close();
    server.close();
  });

  it('is refused when the bastion’s host key differs from the pinned one', async () => {
    const other = { ...bastion.endpoint, hostKey: generateKeyPair('other').publicKey };
    const remote = remoteTo({ ...machine, ssh: { ...machine.ssh, via: other } });
    await expect(remote.host('node1', never)).rejects.toMatchObject({ code: 'SSH_HOST_KEY_CHANGED' });
    await remote.close();
  });

  it('is unreachable when the bastion is down', async () => {
    const remote = remoteTo({ ...machine, ssh: { ...machine.ssh, port: 1 } });
    expect(await remote.answers('node1', never)).toBe(false);
    await remote.close();
  });

  it.each(['plain', 'with a space', '100%d', 'a "quoted" \\ path'])(
    'is reached by OpenSSH too, with arguments and with a configuration, from the folder %s',
    async (name) => {
      const folder = join(node.folder, name);
      mkdirSync(folder);
      const moved = (ssh: SshEndpoint, key: string): SshEndpoint => {
        copyFileSync(ssh.identityFiles[0] ?? '', join(folder, key));
        return { ...ssh, identityFiles: [join(folder, key)] };
      };
      const ssh = moved({ ...node.endpoint, via: moved(bastion.endpoint, 'bastion') }, 'node');
      const own = { ...machine, ssh };
      const file = join(folder, 'known_hosts');
      writeFileSync(file, knownHosts([own]));
      const config = join(folder, 'ssh_config');
      writeFileSync(config, sshConfigText([own], file));
      const run = promisify(execFile);
      expect((await run('ssh', [...sshArguments(own, file), 'echo', 'by', 'arguments'])).stdout).toBe('by arguments\n');
      expect((await run('ssh', ['-F', config, 'node1', 'echo', 'by', 'file'])).stdout).toBe('by file\n');
    },
  );
});
