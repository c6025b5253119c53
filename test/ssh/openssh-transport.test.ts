import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { SshEndpoint } from '../../lib/contracts/endpoint.ts';
import { knownHostsName } from '../../lib/remote/known-hosts.ts';
import { openEngine } from '../../lib/remote/engine.ts';
import { OpenSshTransport } from '../../lib/remote/openssh-transport.ts';
import { isAlive } from '../../lib/remote/processes.ts';
import { SshHost } from '../../lib/remote/ssh.ts';
import { startSshd, type TestSshd } from '../support/sshd.ts';

const never = new AbortController().signal;
const quietly = { emit: () => undefined, signal: never };
let sshd: TestSshd;

beforeAll(async () => {
  sshd = await startSshd('SetEnv HOME=/nowhere');
});
afterAll(() => sshd.stop());

/** An endpoint that is reached through OpenSSH's client. */
function throughOpenSsh({ endpoint, folder }: TestSshd): SshEndpoint {
  const known = join(folder, 'known_hosts');
  writeFileSync(known, `${knownHostsName('127.0.0.1', endpoint.port)} ${endpoint.hostKey}\n`);
  const settings = [`UserKnownHostsFile=${known}`, 'IdentitiesOnly=yes', `IdentityFile=${endpoint.identityFiles[0]}`];
  const args = ['-F', '/dev/null', ...settings.flatMap((one) => ['-o', one])];
  return {
    ...endpoint,
    openssh: {
      program: '/usr/bin/ssh',
      args: [...args, '-p', String(endpoint.port), '-l', endpoint.user, '--', '127.0.0.1'],
      needs: ['proxycommand'],
      values: [],
    },
  };
}

const folders = () => readdirSync(tmpdir()).filter((name) => name.startsWith('swarmup-ssh-'));

describe('a connection made by OpenSSH’s client', () => {
  it('runs commands with input, output, errors and exit codes, several at a time', async () => {
    const host = await SshHost.connect('node1', throughOpenSsh(sshd), quietly);
    const data = randomBytes(2 ** 20);
    const chunks: Buffer[] = [];
    const sink = new Writable({ write: (chunk: Buffer, _encoding, done) => (chunks.push(chunk), setImmediate(done)) });
    const [binary, failed, words] = await Promise.all([
      host.run(['cat'], { input: Readable.from([data]), output: sink }),
      host.run(['sh', '-c', 'echo out; echo err >&2; exit 7'], { okExit: 'any' }),
      host.run(['printf', '%s|', "it's", '$HOME', 'a\nb', '!x', '\\']),
    ]);
    expect(binary.stdout).toBe('');
    // It is slower than the command.
    await finished(sink.end());
    expect(Buffer.concat(chunks).equals(data)).toBe(true);
    expect(failed).toMatchObject({ exitCode: 7, stdout: 'out\n', stderr: 'err\n' });
    expect(words.stdout).toBe("it's|$HOME|a\nb|!x|\\|");
    host.close();
  });

  it('ends the remote command when the run is aborted', async () => {
    const host = await SshHost.connect('node1', throughOpenSsh(sshd), quietly);
    const controller = new AbortController();
    let pid = 0;
    const running = host.run(['sh', '-c', 'echo $$; exec sleep 600'], {
      signal: controller.signal,
      onLine: (line) => {
        pid = Number(line);
        controller.abort();
      },
    });
    await expect(running).rejects.toThrow();
    await vi.waitFor(() => expect(isAlive(pid)).toBe(false), 20_000);
    host.close();
  });

  it('lasts longer than the wait of the caller that needed it first', async () => {
    const first = new AbortController();
    const host = await SshHost.connect('node1', throughOpenSsh(sshd), { ...quietly, signal: first.signal });
    first.abort();
    expect((await host.run(['echo', 'still here'])).stdout).toBe('still here\n');
    expect(host.alive).toBe(true);
    host.close();
  });

  it('is not made when the run is interrupted meanwhile, and its proxy command ends', async () => {
    const controller = new AbortController();
    const endpoint = throughOpenSsh(sshd);
    const note = join(sshd.folder, 'proxy-pid');
    const args = ['-o', `ProxyCommand=sh -c 'echo $$ >${note}; sleep 600; :'`, ...endpoint.openssh!.args];
    const connecting = SshHost.connect(
      'node1',
      { ...endpoint, openssh: { ...endpoint.openssh!, args } },
      { ...quietly, signal: controller.signal },
    );
    connecting.catch(() => undefined);
    const pid = await vi.waitFor(() => {
      const text = readFileSync(note, 'utf8');
      expect(text).toMatch(/^\d+\n$/);
      return Number(text);
    }, 10_000);
    controller.abort();
    await expect(connecting).rejects.toMatchObject({ code: 'INTERRUPTED' });
    await vi.waitFor(() => expect(isAlive(pid)).toBe(false), 10_000);
  });

  it('is a bastion for others', async () => {
    const host = await SshHost.connect('gate', throughOpenSsh(sshd), quietly);
    const through = () => host.tunnel('127.0.0.1', sshd.endpoint.port);
    const behind = await SshHost.connect('node1', sshd.endpoint, { ...quietly, through });
    expect((await behind.run(['echo', 'behind'])).stdout).toBe('behind\n');
    behind.close();
    host.close();
  });

  it('leaves no files, and is lost when the server ends', async () => {
    const own = await startSshd('SetEnv HOME=/nowhere');
    const before = folders();
    const host = await SshHost.connect('node1', throughOpenSsh(own), quietly);
    const running = host.run(['sleep', '600']);
    own.stop();
    await expect(running).rejects.toMatchObject({ code: 'SSH_CONNECTION_LOST' });
    await vi.waitFor(() => expect(host.alive).toBe(false));
    await vi.waitFor(() => expect(folders().filter((name) => !before.includes(name))).toEqual([]), 5_000);
  });

  it('gives up on a server that accepts connections and says nothing, byte by byte', async () => {
    const chatty: Socket[] = [];
    const silent = createTcpServer((socket) => {
      chatty.push(socket.on('error', () => undefined));
      socket.write('S');
    }).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const endpoint = throughOpenSsh(sshd);
    const openssh = { ...endpoint.openssh!, args: ['-F', '/dev/null', '-p', String(port), '127.0.0.1'] };
    await expect(OpenSshTransport.connect('node1', { ...endpoint, openssh }, never, 300)).rejects.toMatchObject({
      code: 'SSH_UNREACHABLE',
      message: expect.stringContaining('no login within'),
    });
    for (const socket of chatty) socket.destroy();
    silent.close();
  });

  it('reports what OpenSSH says, and the command to try by hand', async () => {
    const endpoint = throughOpenSsh(sshd);
    const refused = SshHost.connect(
      'node1',
      { ...endpoint, openssh: { ...endpoint.openssh!, args: ['-p', '1', '127.0.0.1'] } },
      quietly,
    );
    await expect(refused).rejects.toMatchObject({
      code: 'SSH_UNREACHABLE',
      message: expect.stringContaining('(used because of proxycommand)'),
      fix: expect.stringContaining('ssh -v -p 1 127.0.0.1 true'),
    });
  });
});

describe('a server that is post-quantum only', () => {
  it('is an error with the algorithms of both sides, where there is no OpenSSH client', async () => {
    const future = await startSshd('KexAlgorithms sntrup761x25519-sha512@openssh.com');
    const refused = SshHost.connect('node1', future.endpoint, quietly);
    await expect(refused).rejects.toMatchObject({
      code: 'SSH_NO_COMMON_ALGORITHM',
      message: expect.stringMatching(
        /no key exchange algorithm \(KexAlgorithms\) in common: the server offers sntrup761x25519-sha512@openssh.com.*, and swarmup curve25519-sha256/,
      ),
    });
    future.stop();
  });
});

describe('a login shell', () => {
  it('may print before every command, which is no part of any answer', async () => {
    const chatty = await startSshd(`SetEnv HOME=${sshd.folder}`);
    writeFileSync(join(sshd.folder, '.bashrc'), 'printf "welcome\\n1234567890"; echo careful >&2\n');
    const host = await SshHost.connect('node1', chatty.endpoint, quietly);
    expect((await host.run(['echo', 'answer'])).stdout).toBe('answer\n');
    host.close();
    chatty.stop();
  });

  it('that runs no commands is an error with what it printed', async () => {
    const closed = await startSshd('ForceCommand echo This account is closed.');
    const host = await SshHost.connect('node1', closed.endpoint, quietly);
    await expect(host.run(['true'])).rejects.toMatchObject({
      code: 'ANSWER_UNREADABLE',
      output: expect.stringContaining('This account is closed.'),
    });
    host.close();
    closed.stop();
  });
});

/** A docker command that connects its standard input and output to the engine's socket, and knows nothing else. */
function standInForDocker(folder: string): string {
  const bin = join(folder, 'bin');
  mkdirSync(bin, { recursive: true });
  const bridge = join(bin, 'bridge.cjs');
  writeFileSync(
    bridge,
    "const socket = require('node:net').connect(process.argv[2]); process.stdin.pipe(socket).pipe(process.stdout);\n",
  );
  const script = `#!/bin/sh
socket=\${2#unix://}
case "$1 $3 $4" in
"-H version --format") [ -S "$socket" ] && echo 28.2.2;;
"-H system dial-stdio") exec '${process.execPath}' '${bridge}' "$socket";;
*) echo "unexpected: $*" >&2; exit 64;;
esac
`;
  writeFileSync(join(bin, 'docker'), script, { mode: 0o755 });
  return bin;
}

describe.runIf(userInfo().uid === 0)('root, where sshd forwards no sockets', () => {
  it.each(['DisableForwarding yes', 'AllowStreamLocalForwarding no'])(
    'reaches the engine under %s',
    async (setting) => {
      const bin = standInForDocker(sshd.folder);
      const strict = await startSshd(setting, `SetEnv PATH=${bin}:/usr/bin:/bin HOME=/nowhere`);
      const server = createServer((_request, response) => {
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify({ Version: '28.2.2', ApiVersion: '1.50', MinAPIVersion: '1.24' }));
      });
      await new Promise<void>((resolve) => server.listen(strict.endpoint.engineSocket, resolve));
      const host = await SshHost.connect('node1', strict.endpoint, quietly);
      const engine = await openEngine(
        'node1',
        () => host.dialEngine(),
        never,
        () => undefined,
      );
      expect(await engine.call('ask', (client) => client.version())).toMatchObject({ Version: '28.2.2' });
      host.close();
      server.close();
      strict.stop();
    },
  );
});
