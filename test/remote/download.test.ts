import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { download, fetchText } from '../../lib/remote/download.ts';

const contents = Buffer.alloc(300_000, 'image');
const hex = createHash('sha512').update(contents).digest('hex');
const never = new AbortController().signal;
let server: Server;
let base = '';

beforeAll(async () => {
  server = createServer((request, response) => {
    if (request.url === '/image') return response.writeHead(200, { 'content-length': contents.length }).end(contents);
    if (request.url === '/cut') {
      response.writeHead(200, { 'content-length': contents.length }).write(contents.subarray(0, 1000));
      return setTimeout(() => response.destroy(), 20);
    }
    return response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

describe('a download', () => {
  const start = (path: string, checksum = hex) => {
    const file = join(mkdtempSync(join(tmpdir(), 'swarmup-download-')), 'sub', 'image');
    const seen: number[] = [];
    const done = download({
      url: `${base}${path}`,
      file,
      checksum: { algorithm: 'sha512', hex: checksum },
      signal: never,
      onProgress: (progress) => seen.push(progress.done / progress.total),
    });
    return { file, seen, done };
  };

  it('reports progress, and creates its file when it is complete and verified', async () => {
    const { file, seen, done } = start('/image');
    await done;
    expect(readFileSync(file).equals(contents)).toBe(true);
    expect(seen.at(-1)).toBe(1);
  });

  it.each([
    ['/image', '0'.repeat(128), 'CHECKSUM_MISMATCH'],
    ['/cut', hex, 'DOWNLOAD_FAILED'],
    ['/none', hex, 'DOWNLOAD_FAILED'],
  ])('of %s that fails leaves no file', async (path, checksum, code) => {
    const { file, done } = start(path, checksum);
    await expect(done).rejects.toMatchObject({ code });
    expect(existsSync(file)).toBe(false);
    expect(readdirSync(join(file, '..'))).toEqual([]);
  });
});

describe('a small text', () => {
  it("is undefined when it can't be fetched", async () => {
    expect(await fetchText(`${base}/image`, never)).toHaveLength(contents.length);
    expect(await fetchText(`${base}/none`, never)).toBeUndefined();
    expect(await fetchText('http://127.0.0.1:1/', never)).toBeUndefined();
  });
});
