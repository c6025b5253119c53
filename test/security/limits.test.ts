import { once } from 'node:events';
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import { createServer, type Server } from 'node:net';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { connect, type AddressInfo } from 'node:net';
import type { ClientChannel } from 'ssh2';
import { afterEach, describe, expect, it } from 'vitest';
import { fetchText } from '../../lib/remote/download.ts';
import { openEngine } from '../../lib/remote/engine.ts';
import { readProgress, readSources } from '../../lib/remote/engine-streams.ts';
import { localCommands } from '../../lib/remote/local.ts';
import { qmp } from '../../lib/remote/qmp.ts';
import { readBanner } from '../../lib/remote/sockets.ts';
import { collect, type Collecting } from '../../lib/remote/ssh-command.ts';
import { BoundedOutput } from '../../lib/util/bounded-output.ts';
import { lineSplitter } from '../../lib/util/lines.ts';
import { inputs, seeded } from '../support/seeded.ts';

const never = new AbortController().signal;
const local = localCommands(() => undefined, process.env);
const MIB = 2 ** 20;

const servers: (Server | HttpServer)[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

describe('an output', () => {
  it('keeps its beginning and its end, and says how much is missing', () => {
    const output = new BoundedOutput(10);
    for (const chunk of ['0123', '456789ab', 'c'.repeat(100), 'the', ' end', 'ing']) output.add(Buffer.from(chunk));
    expect(output.text()).toMatch(/^0123456789\n\[\.\.\. \d+ bytes left out \.\.\.\]\n.*the ending$/s);
  });

  it('is whole when it is short, and never larger than both ends, however it is cut into chunks', () => {
    const random = seeded(1);
    for (let i = 0; i < inputs(200); i++) {
      const output = new BoundedOutput(64);
      const chunks = Array.from({ length: random.below(20) }, () => random.text(30));
      for (const chunk of chunks) output.add(Buffer.from(chunk.toWellFormed()));
      const whole = Buffer.from(chunks.map((chunk) => chunk.toWellFormed()).join(''));
      if (output.leftOut === 0) expect(output.text()).toBe(whole.toString());
      else {
        expect(Buffer.byteLength(output.text()) - whole.length).toBeLessThan(40);
        expect(output.text().slice(-8)).toBe(whole.toString().slice(-8));
      }
    }
  });

  it('of hundreds of megabytes is an error of its command, which is ended', async () => {
    const endless = local.run(['sh', '-c', 'yes "$(printf %4000d 1)"']);
    await expect(endless).rejects.toMatchObject({ code: 'ANSWER_UNREADABLE', fix: expect.stringContaining('by hand') });
  });

  it('whose lines are followed keeps both ends', async () => {
    const script = 'echo first; head -c 40000000 /dev/zero | tr "\\0" x; echo; echo last';
    const { stdout } = await local.run(['sh', '-c', script], { onLine: () => undefined });
    expect(stdout).toMatch(/^first\nx+\n\[\.\.\. \d+ bytes left out \.\.\.\]\nx+\nlast\n$/);
    expect(stdout.length).toBeLessThan(20 * MIB);
  });
});

describe('a line', () => {
  it('without end is passed on once, cut, and costs no more than its bytes', () => {
    const lines: string[] = [];
    const feed = lineSplitter((line) => lines.push(line));
    const chunk = 'x'.repeat(32_768);
    for (let i = 0; i < 3000; i++) feed(chunk);
    feed('\nshort\nunfinished');
    feed.end();
    expect(lines.map((line) => line.slice(0, 10))).toEqual(['xxxxxxxxxx', 'short', 'unfinished']);
    expect(lines[0]).toMatch(/^x{65536} \[.*left out\]$/);
  });

  it('is the same wherever its chunks end', () => {
    const random = seeded(2);
    for (let i = 0; i < inputs(300); i++) {
      const text = random.text(40, ['a', 'ä', '\u{1F600}', ' ', '\n', '\r', '\r\n']);
      const bytes = Buffer.from(text);
      const lines: string[] = [];
      const feed = lineSplitter((line) => lines.push(line), { exact: true });
      for (let at = 0; at < bytes.length;) {
        const next = at + 1 + random.below(5);
        feed(bytes.subarray(at, next));
        at = next;
      }
      feed.end();
      const expected = text.split(/\r\n|\n|\r/);
      expect(lines).toEqual(expected.at(-1) === '' ? expected.slice(0, -1) : expected);
    }
  });
});

describe('a command', () => {
  it('that does not end is an error when its time is over', async () => {
    const slow = local.run(['sh', '-c', 'while :; do printf .; sleep 0.05; done'], { withinMs: 300 });
    await expect(slow).rejects.toMatchObject({ code: 'TIMED_OUT', message: expect.stringContaining('did not end') });
  });

  it('that ignores the signal is ended too', async () => {
    const deaf = local.run(['sh', '-c', 'trap "" TERM; while :; do sleep 0.05; done'], { withinMs: 100 });
    await expect(deaf).rejects.toMatchObject({ code: 'TIMED_OUT' });
  });

  it('fails when a listener throws, and the process continues', async () => {
    const broken = local.run(['echo', 'x'], {
      onLine: () => {
        throw new Error('a listener failed');
      },
    });
    await expect(broken).rejects.toThrow('a listener failed');
  });

  it('fails when its input cannot be read, and the process continues', async () => {
    const input = new Readable({ read: () => input.destroy(new Error('the disk is gone')) });
    await expect(local.run(['cat'], { input })).rejects.toThrow('the disk is gone');
  });
});

describe('a channel of SSH', () => {
  const open = (to: Partial<Collecting> = {}) => {
    const channel = Object.assign(new PassThrough(), { stderr: new PassThrough() });
    const failed: unknown[] = [];
    const seen = { cut: 0, failed };
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what collect uses of a channel
    const output = collect(channel as unknown as ClientChannel, {
      onCut: () => void seen.cut++,
      fail: (error) => failed.push(error),
      ...to,
    });
    return { channel, output, seen };
  };

  it('with 700 MB keeps both ends, and reports that it is too long', async () => {
    const { channel, output, seen } = open();
    const chunk = Buffer.alloc(4 * MIB, 'x');
    for (let i = 0; i < 175; i++) channel.emit('data', chunk);
    channel.emit('exit', 0);
    channel.emit('close');
    expect((await output)?.stdout.length).toBeLessThan(17 * MIB);
    expect(seen.cut).toBeGreaterThan(0);
  });

  it('fails its command when a listener throws, or the channel itself does', async () => {
    const thrown = new Error('a listener failed');
    const { channel, output, seen } = open({
      onLine: () => {
        throw thrown;
      },
    });
    channel.emit('data', Buffer.from('x\n'));
    channel.emit('error', new Error('reset'));
    channel.emit('close');
    expect(await output).toBeUndefined();
    expect(seen.failed).toEqual([thrown]);
  });
});

describe('an engine', () => {
  const answering = async (answer: (path: string) => Iterable<Buffer> | string) => {
    const server = createHttpServer((request, response) => {
      const body = answer(request.url ?? '');
      response.setHeader('content-type', 'application/json');
      Readable.from(typeof body === 'string' ? [Buffer.from(body)] : body).pipe(response);
      response.on('error', () => undefined);
    }).listen(0, '127.0.0.1');
    servers.push(server);
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const dial = async () => {
      const socket = connect(port, '127.0.0.1');
      await once(socket, 'connect');
      return socket;
    };
    return () => openEngine('node1', dial, never, () => undefined);
  };
  const VERSION = '{"ApiVersion":"1.45"}';

  it('whose answer has no end is an error of that node', async () => {
    const endless = function* () {
      for (;;) yield Buffer.alloc(MIB, ' ');
    };
    const open = await answering((path) => (path.endsWith('/version') ? VERSION : endless()));
    const engine = await open();
    await expect(engine.call('list nodes', (docker) => docker.listNodes())).rejects.toMatchObject({
      code: 'ENGINE_UNREACHABLE',
      message: expect.stringContaining('larger than 64 MiB'),
    });
    expect(await engine.call('ask for the version', (docker) => docker.version())).toEqual({ ApiVersion: '1.45' });
  });

  it('that sends progress messages that are not JSON is an error', async () => {
    const seen: unknown[] = [];
    const progress = readProgress(Readable.from([Buffer.from('{"status":"x"}\n<html>\n')]), (one) => seen.push(one));
    await expect(progress).rejects.toThrow('not JSON');
    expect(seen).toEqual([{ status: 'x' }]);
    await expect(readProgress(Readable.from([Buffer.from('{"error":"no space"}')]), () => 1)).rejects.toThrow(
      'no space',
    );
    const odd = readProgress(Readable.from([Buffer.from('{"id":1,"progressDetail":[]}\n')]), (one) => seen.push(one));
    await odd;
    expect(seen.at(-1)).toEqual({});
  });

  const frame = (source: number, text: string, length = Buffer.byteLength(text)) => {
    const header = Buffer.from([source, 0, 0, 0, 0, 0, 0, 0]);
    header.writeUInt32BE(length, 4);
    return Buffer.concat([header, Buffer.from(text)]);
  };
  const read = async (bytes: Buffer, size: number) => {
    const lines: string[] = [];
    const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
      bytes.subarray(i * size, (i + 1) * size),
    );
    await readSources(Readable.from(chunks), never, (source, line) => lines.push(`${source} ${line}`));
    return lines;
  };

  it.each([1, 3, 8, 1000])('sends frames of logs, read in chunks of %i bytes', async (size) => {
    const bytes = Buffer.concat([
      frame(1, 'one\ntw'),
      frame(2, 'oops\n'),
      frame(1, ''),
      frame(1, 'o\n'),
      frame(1, 'x'),
    ]);
    expect(await read(bytes, size)).toEqual(['stdout one', 'stderr oops', 'stdout two', 'stdout x']);
  });

  it('may announce a frame of 4 GB: its lines are read as they come', async () => {
    expect(await read(frame(1, 'one\ntwo\n', 2 ** 32 - 1), 5)).toEqual(['stdout one', 'stdout two']);
  });

  it('sends the output of a terminal without frames', async () => {
    expect(await read(Buffer.from('plain text\r\nmore\n'), 4)).toEqual(['stdout plain text', 'stdout more']);
  });
});

describe('a server', () => {
  const listening = async (bytes: Iterable<string>, path?: string) => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      Readable.from(bytes).pipe(socket, { end: false });
    });
    servers.push(server);
    if (path === undefined) server.listen(0, '127.0.0.1');
    else server.listen(path);
    await once(server, 'listening');
    return server;
  };
  const socketPath = () => join(mkdtempSync(join(tmpdir(), 'swarmup-limits-')), 's');
  const endless = function* () {
    for (;;) yield 'x'.repeat(65_536);
  };

  it.each([
    ['no JSON', ['{"QMP":{}}\n', 'nonsense\n']],
    ['no object', ['{"QMP":{}}\n', 'null\n']],
    ['a line without end', endless()],
  ])('that answers QMP with %s is an error', async (_, bytes) => {
    const path = socketPath();
    await listening(bytes, path);
    await expect(qmp(path, [{ execute: 'query-status' }])).rejects.toMatchObject({ code: 'MACHINE_FAILED' });
  });

  it('whose greeting has no end has none', async () => {
    const server = await listening(endless());
    const { port } = server.address() as AddressInfo;
    expect(await readBanner('127.0.0.1', port, 10_000, never)).toEqual({ problem: 'its greeting has no end' });
  });

  it('whose small text has no end sends none', async () => {
    const server = createHttpServer((_request, response) => {
      response.on('error', () => undefined);
      Readable.from(endless()).pipe(response);
    }).listen(0, '127.0.0.1');
    servers.push(server);
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    expect(await fetchText(`http://127.0.0.1:${port}/`, never)).toBeUndefined();
  });
});
