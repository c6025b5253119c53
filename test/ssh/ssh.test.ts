import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, get, type Server } from 'node:http';
import { createConnection, createServer as createTcpServer, Socket, type AddressInfo } from 'node:net';
import { Readable, Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { EventBody } from '../../lib/contracts/events.ts';
import { machineTable } from '../../lib/providers/machine-table.ts';
import type { SshEndpoint } from '../../lib/contracts/endpoint.ts';
import { ChannelAgent } from '../../lib/remote/channel-agent.ts';
import { openEngine } from '../../lib/remote/engine.ts';
import { generateKeyPair } from '../../lib/remote/keys.ts';
import { isAlive } from '../../lib/remote/processes.ts';
import { SshRemote } from '../../lib/remote/remote.ts';
import { SshHost } from '../../lib/remote/ssh.ts';
import { Secret } from '../../lib/util/secret.ts';
import { startSshd, type TestSshd } from '../support/sshd.ts';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

let sshd: TestSshd;
const never = new AbortController().signal;
const events: EventBody[] = [];
const connect = () => SshHost.connect('node1', sshd.endpoint, { emit: (event) => events.push(event), signal: never });
const quietly = { emit: () => undefined, signal: never };

beforeAll(async () => {
  sshd = await startSshd();
});
afterAll(() => sshd.stop());

describe('a connection to a real sshd', () => {
  it('runs commands with every argument unchanged', async () => {
    const host = await connect();
    const words = ['a b', "it's", '$HOME', '`id`', 'x;y', '', '"q"', '*', '\\', 'ü', '-n', 'a\nb'];
    const output = await host.run(['printf', '%s|', ...words]);
    expect(output.stdout).toBe(words.map((word) => `${word}|`).join(''));
    host.close();
  });

  it('passes an input, and a secret only through the input', async () => {
    const host = await connect();
    events.length = 0;
    const output = await host.run(['sha256sum'], { input: new Secret('hunter2-hunter2') });
    expect(output.stdout).toContain('84ca4458');
    expect(JSON.stringify(events)).not.toContain('hunter2');
    host.close();
  });

  it('carries binary data both ways, with back-pressure', async () => {
    const host = await connect();
    const data = randomBytes(6 * 2 ** 20);
    const chunks: Buffer[] = [];
    const slow = new Writable({
      highWaterMark: 1024,
      write: (chunk: Buffer, _encoding, done) => (chunks.push(chunk), setImmediate(done)),
    });
    const { stdout } = await host.run(['cat'], { input: Readable.from([data]), output: slow });
    expect(stdout).toBe('');
    // It is slower than the command.
    await finished(slow.end());
    expect(Buffer.concat(chunks).equals(data)).toBe(true);
    const failing = host.run(['sh', '-c', 'head -c 100 >/dev/null; echo full >&2; exit 3'], {
      input: Readable.from([data]),
    });
    await expect(failing).rejects.toMatchObject({ code: 'COMMAND_FAILED', output: 'full' });
    host.close();
  });

  it('keeps the output of a command out of records and errors, when it is secret', async () => {
    const host = await connect();
    events.length = 0;
    const { stdout } = await host.run(['echo', 'a-private-key'], { secret: true });
    expect(stdout).toBe('a-private-key\n');
    const failing = host.run(['sh', '-c', 'echo other-private-key; exit 1'], { secret: true });
    await expect(failing).rejects.toMatchObject({ code: 'COMMAND_FAILED', output: '' });
    const printed = events.flatMap((event) => (event.type === 'command-finished' ? [event.printed] : []));
    expect(printed).toEqual(['', '']);
    host.close();
  });

  it('reports the command, the host, the exit code and the last lines of a failure', async () => {
    const host = await connect();
    const failure = host.run(['sh', '-c', 'echo out; echo "no space left" >&2; exit 7']);
    await expect(failure).rejects.toMatchObject({ code: 'COMMAND_FAILED', output: 'out\nno space left' });
    await expect(failure).rejects.toThrow(/^node1: 'sh -c .*' ended with exit code 7$/);
    expect((await host.run(['false'], { okExit: [1] })).exitCode).toBe(1);
    host.close();
  });

  it('refuses a server with another host key before it sends anything', async () => {
    const other = { ...sshd.endpoint, hostKey: generateKeyPair('other').publicKey };
    await expect(SshHost.connect('node1', other, quietly)).rejects.toMatchObject({
      code: 'SSH_HOST_KEY_CHANGED',
    });
  });

  it('fails at once when the key is refused', async () => {
    const identityFile = join(sshd.folder, 'stranger');
    writeFileSync(identityFile, generateKeyPair('stranger').privateKey, { mode: 0o600 });
    await expect(
      SshHost.connect('node1', { ...sshd.endpoint, identityFiles: [identityFile] }, quietly),
    ).rejects.toMatchObject({ code: 'SSH_AUTH_FAILED' });
  });

  it('ends at once when it is closed, even if the other side never answers again', async () => {
    // The proxy in between closes nothing, like a machine without power.
    const sockets: Socket[] = [];
    const between = createTcpServer({ allowHalfOpen: true }, (near) => {
      const far = createConnection({ host: '127.0.0.1', port: sshd.endpoint.port, allowHalfOpen: true });
      near.pipe(far, { end: false });
      far.pipe(near, { end: false });
      sockets.push(near, far);
      for (const socket of [near, far]) socket.on('error', () => undefined);
    }).listen(0, '127.0.0.1');
    await once(between, 'listening');
    const host = await SshHost.connect(
      'node1',
      { ...sshd.endpoint, port: (between.address() as AddressInfo).port },
      quietly,
    );
    const open = () => process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;
    const before = open();
    host.close();
    // The end of our connection; those in between still exist.
    await expect.poll(open).toBe(before - 1);
    for (const socket of sockets) socket.destroy();
    between.close();
  });

  it('reports that nothing answers', async () => {
    await expect(SshHost.connect('node1', { ...sshd.endpoint, port: 1 }, quietly)).rejects.toMatchObject({
      code: 'SSH_UNREACHABLE',
    });
  });

  it('ends the remote command when the run is aborted', async () => {
    const host = await connect();
    const controller = new AbortController();
    let pid = 0;
    const running = host.run(['sh', '-c', 'echo $$; exec sleep 600'], {
      signal: controller.signal,
      onLine: (line) => {
        if (pid > 0) return;
        pid = Number(line);
        controller.abort();
      },
    });
    await expect(running).rejects.toThrow();
    expect(pid).toBeGreaterThan(0);
    const deadline = Date.now() + 10_000;
    while (isAlive(pid) && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(isAlive(pid)).toBe(false);
    host.close();
  });

  it('runs many commands concurrently over one connection', async () => {
    const host = await connect();
    const outputs = await Promise.all(Array.from({ length: 8 }, (_, i) => host.run(['echo', String(i)])));
    expect(outputs.map((output) => output.stdout)).toEqual(Array.from({ length: 8 }, (_, i) => `${i}\n`));
    host.close();
  });

  it('sends small packets at once, without waiting for an acknowledgement', async () => {
    const setNoDelay = vi.spyOn(Socket.prototype, 'setNoDelay');
    const host = await connect();
    expect(setNoDelay).toHaveBeenCalledWith(true);
    setNoDelay.mockRestore();
    host.close();
  });

  it('notices that the connection is lost', async () => {
    const own = await startSshd();
    const host = await SshHost.connect('node1', own.endpoint, quietly);
    const running = host.run(['sleep', '600']);
    own.stop();
    await expect(running).rejects.toMatchObject({ code: 'SSH_CONNECTION_LOST' });
    expect(host.alive).toBe(false);
  });
});

describe('the Engine API through the connection', () => {
  let server: Server;
  const requests: string[] = [];
  /** Answers requests to /held/NAME. */
  const held = new Map<string, () => unknown>();

  beforeAll(async () => {
    server = createServer((request, response) => {
      requests.push(`${request.method} ${request.url}`);
      const json = (status: number, body: object) =>
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      if (request.url === '/version') return json(200, { Version: '20.10.24', ApiVersion: '1.41' });
      if (request.url?.startsWith('/v1.41/nodes'))
        return json(503, {
          message:
            'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.',
        });
      if (request.url?.startsWith('/v1.41/images/none/json')) return json(404, { message: 'No such image: none' });
      const name = /^\/held\/(.+)/.exec(request.url ?? '')?.[1];
      if (name !== undefined) {
        if (name === 'close') response.setHeader('connection', 'close');
        return held.set(name, () => response.end());
      }
      return json(500, { message: `unexpected request ${request.url}` });
    });
    await new Promise<void>((resolve) => server.listen(sshd.endpoint.engineSocket, resolve));
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  it('negotiates the version with an older engine, and quotes its errors', async () => {
    const host = await connect();
    const engine = await openEngine(
      'node1',
      () => host.dialEngine(),
      never,
      () => undefined,
    );
    const failure = engine.call('list the nodes', (docker) => docker.listNodes());
    await expect(failure).rejects.toMatchObject({ code: 'ENGINE_REFUSED' });
    await expect(failure).rejects.toThrow(
      /^node1: couldn't list the nodes: node1 is not, .* \(the engine: This node is not a swarm manager\. Use "docker swarm init"/,
    );
    expect(await engine.find('look', (docker) => docker.getImage('none').inspect())).toBeUndefined();
    expect(requests[0]).toBe('GET /version');
    host.close();
  });

  it('opens as many connections as it uses concurrently, and reuses none that is about to be closed', async () => {
    const host = await connect();
    const latch = Promise.withResolvers<undefined>();
    let opened = 0;
    const agent = new ChannelAgent(async () => {
      if (++opened === 7) await latch.promise;
      return host.dialEngine();
    });
    const ask = (path: string) =>
      new Promise((resolve, reject) =>
        get({ path, agent }, (response) => response.resume().on('end', resolve)).on('error', reject),
      );
    const six = ['close', 'b', 'c', 'd', 'e', 'f'].map((name) => ask(`/held/${name}`));
    await vi.waitFor(() => expect(held.size).toBe(6));
    const queued = ask('/held/queued');
    // One connection closes, and another one replaces it; before that is open, a third one becomes free.
    held.get('close')?.();
    await vi.waitFor(() => expect(opened).toBe(7));
    held.get('b')?.();
    await vi.waitFor(() => expect(held.has('queued')).toBe(true));
    latch.resolve(undefined);
    for (const answer of held.values()) answer();
    await Promise.all([...six, queued]);
    await vi.waitFor(() => expect(Object.keys(agent.sockets)).toEqual([]));
    // Some connections are kept for the next requests.
    expect(Object.values(agent.freeSockets).flat()).toHaveLength(4);
    host.close();
  });

  it('is not requested over idle connections that ended with the connection to its host', async () => {
    const own = await startSshd();
    const host = await SshHost.connect(
      'node1',
      { ...own.endpoint, engineSocket: sshd.endpoint.engineSocket! },
      quietly,
    );
    const engine = await openEngine(
      'node1',
      () => host.dialEngine(),
      never,
      () => undefined,
    );
    const ask = () => engine.find('look', (docker) => docker.getImage('none').inspect());
    await Promise.all([ask(), ask(), ask()]);
    own.stop();
    await vi.waitFor(() => expect(host.alive).toBe(false));
    const asked = engine.call('look again', (docker) => docker.getImage('none').inspect(), { withinMs: 10_000 });
    await expect(asked).rejects.toMatchObject({ code: 'SSH_CONNECTION_LOST' });
  });

  it('reports that no engine answers', async () => {
    const host = await SshHost.connect('node1', { ...sshd.endpoint, engineSocket: '/nowhere/docker.sock' }, quietly);
    await expect(
      openEngine(
        'node1',
        () => host.dialEngine(),
        never,
        () => undefined,
      ),
    ).rejects.toMatchObject({
      code: 'ENGINE_UNREACHABLE',
    });
    host.close();
  });
});

describe('the check whether a machine answers', () => {
  const remoteTo = (endpoint: SshEndpoint) => {
    const machine = { name: 'node1', state: 'running', address: '127.0.0.1', ssh: endpoint } as const;
    return new SshRemote(machineTable([machine]), () => undefined, 2_000);
  };

  it('is true when the login succeeds, and the connection is kept', async () => {
    const remote = remoteTo(sshd.endpoint);
    expect(await remote.answers('node1', never)).toBe(true);
    const host = await remote.host('node1', never);
    expect((await host.run(['echo', 'here'])).stdout).toBe('here\n');
    await remote.close();
  });

  it('is false when nothing listens, and when a listener stays silent', async () => {
    const silent = createTcpServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    for (const endpoint of [
      { ...sshd.endpoint, port: 1 },
      { ...sshd.endpoint, port },
    ]) {
      const remote = remoteTo(endpoint);
      expect(await remote.answers('node1', never)).toBe(false);
      await remote.close();
    }
    silent.close();
  });

  it('is false for all concurrent callers, while a connection attempt continues', async () => {
    const silent = createTcpServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const remote = remoteTo({ ...sshd.endpoint, port });
    const first = remote.answers('node1', never);
    const patience = new AbortController();
    let ended = false;
    const patient = remote.host('node1', patience.signal).finally(() => (ended = true));
    expect(await Promise.all([first, remote.answers('node1', never)])).toEqual([false, false]);
    expect(ended).toBe(false);
    patience.abort();
    await expect(patient).rejects.toMatchObject({ code: 'INTERRUPTED' });
    silent.close();
  });

  it("can't be made after the end: a new connection would keep the process alive", async () => {
    const remote = remoteTo(sshd.endpoint);
    const late = remote.host('node1', never);
    const closed = remote.close();
    await expect(late).rejects.toMatchObject({ code: 'INTERRUPTED' });
    await closed;
    await expect(remote.host('node1', never)).rejects.toMatchObject({ code: 'INTERRUPTED' });
  });

  it('fails when another server answers at the address', async () => {
    const remote = remoteTo({ ...sshd.endpoint, hostKey: generateKeyPair('other').publicKey });
    await expect(remote.answers('node1', never)).rejects.toMatchObject({ code: 'SSH_HOST_KEY_CHANGED' });
    await remote.close();
  });
});
