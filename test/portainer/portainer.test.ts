import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { Portainer, type PortainerAddress } from '../../lib/portainer/api.ts';
import { passwordMadeUp } from '../../lib/portainer/reset.ts';
import { httpClient } from '../../lib/remote/http.ts';
import { portIsFree } from '../../lib/remote/sockets.ts';
import { Secret } from '../../lib/util/secret.ts';

// The stand-in for Portainer runs here as it does in a cluster, to test the client's side of the contract.
const SCRIPT = fileURLToPath(new URL('../standin/portainer.pl', import.meta.url));
const password = new Secret('correct-horse-battery');
const never = new AbortController().signal;
let server: ChildProcess | undefined;

afterEach(() => server?.kill('SIGKILL'));

interface StartOptions {
  readonly passwordFile?: boolean;
  readonly timeout?: number;
  readonly data?: string;
}

const newData = () => mkdtempSync(join(tmpdir(), 'swarmup-portainer-'));

/** Here without an SSH connection, inside which swarmup makes it. */
const at = (port: number): PortainerAddress => ({
  host: '127.0.0.1',
  port,
  connect: async () => {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return socket;
  },
});

async function start(options: StartOptions = {}): Promise<Portainer> {
  const { data = newData() } = options;
  let port = 21_000 + Math.floor(Math.random() * 5000);
  while (!(await portIsFree(port))) port++;
  writeFileSync(join(data, 'password'), `${password.reveal()}\n`);
  const file = options.passwordFile === false ? [] : ['--admin-password-file', join(data, 'password')];
  server = spawn('perl', [SCRIPT, 'server', '-H', 'tcp://tasks.agent:9001', '--tlsskipverify', ...file], {
    env: { ...process.env, DATA: data, PORT: String(port), ADMIN_INIT_TIMEOUT: String(options.timeout ?? 300) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise<void>((resolve) =>
    server?.stdout?.on('data', (chunk: Buffer) => chunk.includes('portainer stand-in') && resolve()),
  );
  return new Portainer(httpClient(), at(port), never);
}

describe('the first set-up of Portainer', () => {
  it('signs in, finds no environment when the agents started later, adds it, and counts agents', async () => {
    const portainer = await start();
    const signedIn = await portainer.signIn(password);
    if (!('token' in signedIn)) throw new Error(JSON.stringify(signedIn));
    expect(await portainer.environments(signedIn.token)).toEqual([]);
    await portainer.addEnvironment(signedIn.token);
    const [environment] = await portainer.environments(signedIn.token);
    expect(environment).toEqual({ id: 1, name: 'primary' });
    expect(await portainer.agents(signedIn.token, environment!)).toEqual([]);
  });

  it('distinguishes a wrong password, an expired set-up, and a Portainer that is still starting', async () => {
    expect(await (await start()).signIn(new Secret('wrong-horse-battery'))).toEqual({
      refused: "it does not accept the administrator's password (HTTP 422)",
    });
    server?.kill('SIGKILL');
    expect(await (await start({ passwordFile: false, timeout: -1 })).signIn(password)).toMatchObject({
      refused: expect.stringContaining('five minutes'),
    });
    const nobody = new Portainer(httpClient(), at(1), never);
    expect(await nobody.signIn(password)).toHaveProperty('notYet');
  });

  it.each(['<html>not found</html>', '', 'null', '{"jwt":1}', '[{"Id":"x"}]'])(
    'is an error when something else answers on its port: %j',
    async (text) => {
      const other = createServer((_request, response) => response.end(text)).listen(0, '127.0.0.1');
      await once(other, 'listening');
      const portainer = new Portainer(httpClient(), at((other.address() as AddressInfo).port), never);
      const token = new Secret('x');
      for (const asked of [
        portainer.signIn(password),
        portainer.environments(token),
        portainer.changePassword(token, password, password),
      ])
        await expect(asked).rejects.toMatchObject({
          code: 'PORTAINER_FAILED',
          message: expect.stringContaining('HTTP 200'),
        });
      other.close();
    },
  );

  it('refuses requests without a token', async () => {
    const portainer = await start();
    await expect(portainer.environments(new Secret('forged'))).rejects.toMatchObject({ code: 'PORTAINER_FAILED' });
  });
});

describe("the password of Portainer's administrator", () => {
  it('can be changed with the current one', async () => {
    const portainer = await start();
    const signedIn = await portainer.signIn(password);
    if (!('token' in signedIn)) throw new Error(JSON.stringify(signedIn));
    const other = new Secret('another-horse-battery');
    await expect(portainer.changePassword(signedIn.token, other, other)).rejects.toMatchObject({
      code: 'PORTAINER_FAILED',
      message: expect.stringContaining('HTTP 403'),
    });
    await portainer.changePassword(signedIn.token, password, other);
    expect(await portainer.signIn(password)).toHaveProperty('refused');
    expect(await portainer.signIn(other)).toHaveProperty('token');
  });

  it("is reset by Portainer's helper while Portainer is stopped", async () => {
    const data = newData();
    await start({ data });
    const reset = () => spawnSync('perl', [SCRIPT, 'reset'], { env: { ...process.env, DATA: data }, encoding: 'utf8' });
    expect(reset()).toMatchObject({ status: 1, stderr: expect.stringContaining('could not open the database') });
    const ended = once(server!, 'exit');
    server?.kill('SIGKILL');
    await ended;
    const { status, stderr } = reset();
    expect(status).toBe(0);
    const made = passwordMadeUp(stderr);
    expect(made).toBeDefined();
    const portainer = await start({ data });
    expect(await portainer.signIn(password)).toHaveProperty('refused');
    expect(await portainer.signIn(made!)).toHaveProperty('token');
  });

  it('is parsed from the helper’s output, whatever characters it has', () => {
    const log = (words: string) => `2020/06/04 00:13:58 ${words}\n`;
    const said = `${log('Password successfully updated for user: admin')}${log('Use the following password to login: &_4#\\3^5V8vLTd)E"NWiJBs26G*9HPl1')}`;
    expect(passwordMadeUp(said)?.reveal()).toBe('&_4#\\3^5V8vLTd)E"NWiJBs26G*9HPl1');
    expect(passwordMadeUp(log('could not open the database: timeout'))).toBeUndefined();
  });
});
