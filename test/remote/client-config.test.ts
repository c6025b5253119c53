import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clientConfig } from '../../lib/remote/client-config.ts';
import type { ServerName } from '../../lib/remote/server-name.ts';
import { localCommands } from '../../lib/remote/local.ts';
import { needPackages } from '../support/packages.ts';

let folder: string;
let configFile: string;

beforeAll(() => {
  needPackages('openssh-client');
  folder = mkdtempSync(join(tmpdir(), 'swarmup-client-'));
  for (const name of ['of-lab', 'gate.example.org-me', 'own']) writeFileSync(join(folder, name), '');
  configFile = join(folder, 'config');
  writeFileSync(
    configFile,
    `Host web1
  HostName web1.internal
  User deploy
  Port 2200
Host *.lab web1
  IdentityFile ${folder}/of-lab
  IdentityFile ${folder}/nowhere
  ProxyJump me@gate.example.org:2222,inner
  HostKeyAlias lab
Host gate.example.org
  IdentityFile ${folder}/%h-%r
  IdentityAgent none
Host loose
  StrictHostKeyChecking accept-new
  UserKnownHostsFile ${folder}/known ~/.ssh/more
Host odd
  ProxyCommand nc %h %p
`,
  );
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const env = { PATH: process.env['PATH'], SSH_AUTH_SOCK: '/run/agent' };
const read = (server: ServerName, withoutSsh = false) => {
  const local = localCommands(() => undefined, env);
  const options = { local: withoutSsh ? { ...local, which: async () => undefined } : local, env, configFile };
  return clientConfig(server, options);
};

describe("OpenSSH's configuration", () => {
  it('is read by OpenSSH itself: aliases, users, ports, keys, bastions', async () => {
    expect(await read({ host: 'web1' })).toMatchObject({
      host: 'web1.internal',
      user: 'deploy',
      port: 2200,
      identityFiles: [join(folder, 'of-lab')],
      agent: '/run/agent',
      hostKeyAlias: 'lab',
      acceptNew: false,
      jumps: [
        { host: 'gate.example.org', user: 'me', port: 2222 },
        { host: 'inner', user: undefined, port: undefined },
      ],
    });
  });

  it('is overridden by the cluster file', async () => {
    const config = await read({
      host: 'web1',
      user: 'root',
      port: 22,
      identityFile: join(folder, 'own'),
      bastion: 'none',
    });
    expect(config).toMatchObject({ host: 'web1.internal', user: 'root', port: 22, jumps: [] });
    expect(config.identityFiles).toEqual([join(folder, 'own'), join(folder, 'of-lab')]);
  });

  it('may have tokens, no agent, other files, relaxed host key checking, and a proxy command', async () => {
    const gate = await read({ host: 'gate.example.org', user: 'me' });
    expect(gate).toMatchObject({ identityFiles: [join(folder, 'gate.example.org-me')], agent: undefined });
    const loose = await read({ host: 'loose' });
    expect(loose.acceptNew).toBe(true);
    expect(loose.knownHostsFiles.slice(0, 2)).toEqual([join(folder, 'known'), join(userInfo().homedir, '.ssh/more')]);
    expect((await read({ host: 'odd' })).openssh?.needs).toEqual(['proxycommand']);
  });

  it('with a mistake is an error with OpenSSH’s output', async () => {
    writeFileSync(join(folder, 'wrong'), 'Hots x\n');
    const local = localCommands(() => undefined, env);
    const reading = clientConfig({ host: 'a' }, { local, env, configFile: join(folder, 'wrong') });
    await expect(reading).rejects.toMatchObject({ output: expect.stringContaining('Bad configuration option: hots') });
  });

  it('has defaults when OpenSSH is not installed', async () => {
    expect(await read({ host: '10.0.0.1', bastion: 'me@gate:2222' }, true)).toMatchObject({
      host: '10.0.0.1',
      port: 22,
      user: userInfo().username,
      jumps: [{ host: 'gate', user: 'me', port: 2222 }],
      knownHostsFiles: [join(userInfo().homedir, '.ssh/known_hosts'), '/etc/ssh/ssh_known_hosts'],
    });
  });
});
