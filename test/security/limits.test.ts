import { once } from 'node:events';
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import { createServer, type Server } from 'node:net';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { connect, type AddressInfo } from 'node:net';
import * as fc from 'fast-check';
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
import { lineSplitter, type SplitOptions } from '../../lib/util/lines.ts';
import { anyText, textOf, tried } from '../support/properties.ts';

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

  it('is whole when it is short, and else keeps both ends, however it is cut into chunks', () => {
    const END = 64;
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 90 }), { maxLength: 20 }), (chunks) => {
        const output = new BoundedOutput(END);
        // Bytes as characters, so that no text is cut within one.
        const texts = chunks.map((chunk) => Buffer.from(chunk).toString('base64'));
        for (const text of texts) output.add(Buffer.from(text));
        const whole = texts.join('');
        if (output.leftOut === 0 || whole.length <= 2 * END) {
          expect(output.text()).toBe(whole);
          return;
        }
        const [start = '', end = ''] = output.text().split(`\n[... ${output.leftOut} bytes left out ...]\n`);
        expect(start).toBe(whole.slice(0, END));
        expect(end.length).toBeGreaterThanOrEqual(END);
        expect(whole.endsWith(end)).toBe(true);
        expect(start.length + output.leftOut + end.length).toBe(whole.length);
      }),
      tried(200),
    );
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

  /** The lines of a text that comes in chunks of these sizes, over and over. */
  const split = (text: string, sizes: readonly number[], options: SplitOptions) => {
    const lines: string[] = [];
    const feed = lineSplitter((line) => lines.push(line), options);
    const bytes = Buffer.from(text);
    for (let at = 0, i = 0; at < bytes.length; i++) {
      const next = at + (sizes[i % sizes.length] ?? 1);
      feed(bytes.subarray(at, next));
      at = next;
    }
    feed.end();
    return lines;
  };
  const linesText = fc.oneof(
    textOf(['a', 'ä', '\u{1F600}', ' ', '\n', '\r', '\r\n'], 40),
    anyText(40).map((text) => text.toWellFormed()),
  );
  const sizes = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 5 });

  it('is the same wherever its chunks end', () => {
    fc.assert(
      fc.property(linesText, sizes, (text, cuts) => {
        const expected = text.split(/\r\n|\n|\r/);
        if (expected.at(-1) === '') expected.pop();
        expect(split(text, cuts, { exact: true })).toEqual(expected);
        const shown = expected.map((line) => line.trimEnd()).filter((line) => line !== '');
        expect(split(text, cuts, {})).toEqual(shown);
      }),
      tried(300),
    );
  });

  it('is cut at the same place wherever its chunks end', () => {
    const longest = 6;
    fc.assert(
      fc.property(linesText, sizes, (text, cuts) => {
        const limits = { exact: true, longest };
        const lines = split(text, cuts, limits);
        expect(lines).toEqual(split(text, [Infinity], limits));
        for (const [i, line] of split(text, cuts, { exact: true }).entries())
          expect(lines[i]).toBe(
            line.length > longest ? `${line.slice(0, longest)} [... the rest of this line is left out]` : line,
          );
      }),
      tried(300),
    );
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
