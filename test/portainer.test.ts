import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { Portainer } from '../lib/portainer/api.ts';
import { httpClient } from '../lib/remote/http.ts';
import { portIsFree } from '../lib/remote/sockets.ts';
import { Secret } from '../lib/secret.ts';

// The stand-in for Portainer runs here as it does in a cluster: the client's side of the contract.
const SCRIPT = fileURLToPath(new URL('standin/portainer.pl', import.meta.url));
const password = new Secret('correct-horse-battery');
const never = new AbortController().signal;
let server: ChildProcess | undefined;

afterEach(() => server?.kill('SIGKILL'));

async function start(options: { passwordFile?: boolean; timeout?: number } = {}): Promise<Portainer> {
  const data = mkdtempSync(join(tmpdir(), 'swarmup-portainer-'));
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
  return new Portainer(httpClient(), { host: '127.0.0.1', port }, never);
}

describe('the first set-up', () => {
  it('signs in, finds no environment when the agents came later, adds it, and counts agents', async () => {
    const portainer = await start();
    const signedIn = await portainer.signIn(password);
    if (!('token' in signedIn)) throw new Error(JSON.stringify(signedIn));
    expect(await portainer.environments(signedIn.token)).toEqual([]);
    await portainer.addEnvironment(signedIn.token);
    const [environment] = await portainer.environments(signedIn.token);
    expect(environment).toEqual({ id: 1, name: 'primary' });
    expect(await portainer.agents(signedIn.token, environment!)).toEqual([]);
  });

  it('tells a wrong password from a Portainer that has stopped waiting, and from one that is not there yet', async () => {
    expect(await (await start()).signIn(new Secret('wrong-horse-battery'))).toEqual({
      refused: "it does not take the administrator's password (HTTP 422)",
    });
    server?.kill('SIGKILL');
    expect(await (await start({ passwordFile: false, timeout: -1 })).signIn(password)).toMatchObject({
      refused: expect.stringContaining('five minutes'),
    });
    const nobody = new Portainer(httpClient(), { host: '127.0.0.1', port: 1 }, never);
    expect(await nobody.signIn(password)).toHaveProperty('notYet');
  });

  it('refuses requests without a token', async () => {
    const portainer = await start();
    await expect(portainer.environments(new Secret('forged'))).rejects.toMatchObject({ code: 'PORTAINER_FAILED' });
  });
});
