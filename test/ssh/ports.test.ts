import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer, type Server } from 'node:http';
import { connect, createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Engine } from '../../lib/contracts/engine.ts';
import type { SshEndpoint } from '../../lib/contracts/endpoint.ts';
import { portainerOf, type AdministratorContext } from '../../lib/portainer/administrator.ts';
import { httpClient } from '../../lib/remote/http.ts';
import { knownHostsName } from '../../lib/remote/known-hosts.ts';
import { SshHost } from '../../lib/remote/ssh.ts';
import { Secret } from '../../lib/util/secret.ts';
import { strict } from '../fakes/strict.ts';
import { startSshd, type TestSshd } from '../support/sshd.ts';

const never = new AbortController().signal;
const quietly = { emit: () => undefined, signal: never };
const PASSWORD = 'very-secret-password';

const servers: TestSshd[] = [];
/** Portainer's API, as far as these tests use it. */
let portainer: Server;
let port = 0;
const bodies: string[] = [];

beforeAll(async () => {
  portainer = createHttpServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      bodies.push(body);
      response.end(request.url === '/api/auth' ? '{"jwt":"session-token"}' : '[{"Id":1,"Name":"primary"}]');
    });
  }).listen(0, '127.0.0.1');
  await once(portainer, 'listening');
  port = (portainer.address() as AddressInfo).port;
});
afterAll(() => {
  for (const server of servers) server.stop();
  portainer.close();
});

async function sshd(...settings: readonly string[]): Promise<TestSshd> {
  const started = await startSshd(...settings);
  servers.push(started);
  return started;
}

/** A folder for PATH with these programs only. */
function bin(name: string, ...programs: readonly string[]): string {
  const folder = join(servers[0]?.folder ?? '', name);
  mkdirSync(folder);
  for (const program of ['env', 'sh', 'cat', ...programs])
    symlinkSync(
      execFileSync('sh', ['-c', `command -v ${program}`], { encoding: 'utf8' }).trim(),
      join(folder, program),
    );
  return folder;
}

/** A nc that knows what swarmup uses of it. */
function withNc(): string {
  const folder = bin('with-nc');
  const script = `#!${process.execPath}
const [first, second, third] = process.argv.slice(2);
const isTry = first === '-z';
const socket = require('node:net').connect(Number(isTry ? third : second), isTry ? second : first);
socket.on('error', () => process.exit(1)).on('close', () => process.exit(0));
if (isTry) socket.on('connect', () => process.exit(0));
else process.stdin.pipe(socket).pipe(process.stdout);
`;
  writeFileSync(join(folder, 'nc'), script, { mode: 0o755 });
  return folder;
}

/** The same server, reached through OpenSSH's client. */
function throughOpenSsh({ endpoint, folder }: TestSshd): SshEndpoint {
  const known = join(folder, 'known_hosts');
  writeFileSync(known, `${knownHostsName('127.0.0.1', endpoint.port)} ${endpoint.hostKey}\n`);
  const settings = [`UserKnownHostsFile=${known}`, 'IdentitiesOnly=yes', `IdentityFile=${endpoint.identityFiles[0]}`];
  const args = ['-F', '/dev/null', ...settings.flatMap((one) => ['-o', one])];
  const destination = ['-p', String(endpoint.port), '-l', endpoint.user, '--', '127.0.0.1'];
  const openssh = { program: '/usr/bin/ssh', args: [...args, ...destination], needs: ['proxycommand'], values: [] };
  return { ...endpoint, openssh };
}

async function signIn(host: SshHost): Promise<string> {
  const context = strict<AdministratorContext>('context', {
    cluster: strict<AdministratorContext['cluster']>('cluster', { portainer: { port, stack: 'portainer' } }),
    http: httpClient(),
    swarm: strict<AdministratorContext['swarm']>('swarm', {
      manager: async () => strict<Engine>('engine', { node: 'node1' }),
    }),
    remote: strict<AdministratorContext['remote']>('remote', { host: async () => host }),
  });
  const api = await portainerOf(context, never);
  const signedIn = await api.signIn(new Secret(PASSWORD));
  if (!('token' in signedIn)) return JSON.stringify(signedIn);
  expect(await api.environments(signedIn.token)).toEqual([{ id: 1, name: 'primary' }]);
  return signedIn.token.reveal();
}

describe("Portainer's API", () => {
  it('is asked inside the SSH connection: the network sees neither password nor session', async () => {
    const server = await sshd();
    const seen: Buffer[] = [];
    const wire = createServer((from) => {
      const to = connect(server.endpoint.port, '127.0.0.1');
      for (const [one, other] of [
        [from, to],
        [to, from],
      ] as const)
        one
          .on('data', (chunk: Buffer) => seen.push(chunk))
          .on('error', () => undefined)
          .pipe(other);
    }).listen(0, '127.0.0.1');
    await once(wire, 'listening');
    const host = await SshHost.connect(
      'node1',
      { ...server.endpoint, port: (wire.address() as AddressInfo).port },
      quietly,
    );
    bodies.length = 0;
    expect(await signIn(host)).toBe('session-token');
    expect(bodies.join('\n')).toContain(PASSWORD);
    expect(Buffer.concat(seen).toString('latin1')).not.toMatch(/very-secret|session-token|HTTP/);
    host.close();
    wire.close();
  });

  it.each(['AllowTcpForwarding no', 'DisableForwarding yes', 'PermitOpen none'])(
    'is asked through a program on the host under %s',
    async (setting) => {
      const server = await sshd(setting);
      const host = await SshHost.connect('node1', server.endpoint, quietly);
      expect(await signIn(host)).toBe('session-token');
      host.close();
    },
  );

  it('is asked through nc where there is no bash', async () => {
    const server = await sshd('AllowTcpForwarding no', `SetEnv PATH=${withNc()} HOME=/nowhere`);
    const host = await SshHost.connect('node1', server.endpoint, quietly);
    expect(await signIn(host)).toBe('session-token');
    host.close();
  });

  it('cannot be asked where sshd forwards nothing and the host has no program for it, and the error names both', async () => {
    const server = await sshd('AllowTcpForwarding no', `SetEnv PATH=${bin('without')} HOME=/nowhere`);
    const host = await SshHost.connect('node1', server.endpoint, quietly);
    await expect(signIn(host)).rejects.toMatchObject({
      code: 'SSH_FORWARDING_REFUSED',
      message: expect.stringContaining('neither bash nor nc'),
      fix: expect.stringContaining('AllowTcpForwarding local'),
    });
    host.close();
  });
});

describe.each([
  ['swarmup itself', ({ endpoint }: TestSshd) => endpoint],
  ['OpenSSH’s client', throughOpenSsh],
])('a port of the host, in a connection made by %s', (_, endpointOf) => {
  it('answers, through sshd or a program on the host', async () => {
    for (const setting of ['AllowTcpForwarding yes', 'AllowTcpForwarding no']) {
      const host = await SshHost.connect('node1', endpointOf(await sshd(setting)), quietly);
      expect(await signIn(host)).toBe('session-token');
      host.close();
    }
  });

  it('where nothing listens is an error', async () => {
    for (const setting of ['AllowTcpForwarding yes', 'AllowTcpForwarding no']) {
      const host = await SshHost.connect('node1', endpointOf(await sshd(setting)), quietly);
      await expect(host.dialPort(1)).rejects.toMatchObject({ code: 'SSH_UNREACHABLE' });
      host.close();
    }
  });
});
