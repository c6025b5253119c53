import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readArchive, writeArchive } from '../../lib/images/archive.ts';
import { isNetworkProblem } from '../../lib/images/on-node.ts';
import { exact, isImage, registryOf, tagged, withoutNote } from '../../lib/util/image-reference.ts';

const folder = mkdtempSync(join(tmpdir(), 'swarmup-images-'));

describe('an image archive', () => {
  it('is read back as written, plain or compressed', async () => {
    const layer = Buffer.alloc(2_000_000, 7);
    const file = join(folder, 'two.tar');
    await writeArchive(
      file,
      layer,
      [
        { name: 'a:1', config: { Cmd: ['/a'] } },
        { name: 'b:2', config: {} },
      ],
      'amd64',
    );
    const expected = [`sha256:${createHash('sha256').update(layer).digest('hex')}`];
    expect(await readArchive(file)).toEqual([
      { names: ['a:1'], layers: expected },
      { names: ['b:2'], layers: expected },
    ]);
    writeFileSync(`${file}.gz`, gzipSync(readFileSync(file)));
    expect(await readArchive(`${file}.gz`)).toEqual(await readArchive(file));
  });

  it('is reproducible', async () => {
    const files = ['x.tar', 'y.tar'].map((name) => join(folder, name));
    for (const file of files) await writeArchive(file, Buffer.from('layer'), [{ name: 'a:1', config: {} }], 'amd64');
    const names = await Promise.all(files.map(async (file) => JSON.stringify(await readArchive(file))));
    expect(names[0]).toBe(names[1]);
  });

  it('that is invalid is an error that says how to write one', async () => {
    const file = join(folder, 'none.tar');
    writeFileSync(file, Buffer.alloc(10_240));
    await expect(readArchive(file)).rejects.toMatchObject({
      code: 'IMAGE_ARCHIVE_INVALID',
      fix: expect.stringContaining('docker save'),
    });
  });
});

describe('an image', () => {
  const A = `sha256:${'a'.repeat(64)}`;
  const B = `sha256:${'b'.repeat(64)}`;

  it.each([
    ['nginx', 'nginx:latest', true],
    ['nginx:latest', 'nginx', true],
    [`nginx:latest@${A}`, 'nginx', true],
    [`nginx:1.27@${A}`, 'nginx:1.27', true],
    [`nginx@${A}`, `nginx@${A}`, true],
    [`nginx:1.27@${A}`, `nginx:1.27@${A}`, true],
    [`nginx@${A}`, `nginx@${B}`, false],
    [`nginx:1.27@${A}`, `nginx:1.27@${B}`, false],
    ['nginx:1.27', `nginx:1.27@${B}`, false],
    [`nginx@${A}`, 'nginx', false],
    [`nginx:1.26@${A}`, 'nginx:1.27', false],
    [`nginx:1.26@${A}`, `nginx:1.27@${A}`, false],
    [`other@${A}`, `nginx@${A}`, false],
  ])('%s, where %s is wanted: %s', (image, wanted, expected) => {
    expect(isImage(image, wanted)).toBe(expected);
  });

  it('is requested by its digest, or by its tag', () => {
    expect([exact('nginx'), exact(`nginx@${A}`), exact(`r:5000/a:1@${A}`)]).toEqual([
      'nginx:latest',
      `nginx@${A}`,
      `r:5000/a:1@${A}`,
    ]);
  });

  it('that is imported keeps a digest without a tag, and drops the recorded digest of a tag', () => {
    expect([withoutNote('r:5000/a'), withoutNote(`nginx:1@${A}`), withoutNote(`nginx@${A}`)]).toEqual([
      'r:5000/a',
      'nginx:1',
      `nginx@${A}`,
    ]);
  });
});

describe('image names', () => {
  it.each([
    ['nginx', 'nginx:latest'],
    ['nginx:1.27', 'nginx:1.27'],
    ['nginx:1.27@sha256:abc', 'nginx:1.27'],
    ['registry.test:5000/team/app', 'registry.test:5000/team/app:latest'],
    ['registry.test:5000/team/app:2', 'registry.test:5000/team/app:2'],
  ])('%s is %s', (name, expected) => {
    expect(tagged(name)).toBe(expected);
    expect(isImage(expected, expected)).toBe(true);
  });

  it.each([
    ['nginx', 'registry-1.docker.io'],
    ['portainer/portainer-ce:2.40', 'registry-1.docker.io'],
    ['docker.io/library/nginx', 'registry-1.docker.io'],
    ['ghcr.io/acme/web:1', 'ghcr.io'],
    ['localhost/web', 'localhost'],
    ['127.0.0.1:5000/web@sha256:00', '127.0.0.1:5000'],
  ])('%s comes from %s', (name, registry) => {
    expect(registryOf(name)).toBe(registry);
  });
});

describe('an engine’s error about a registry', () => {
  // The first was recorded from Docker 26.1.5; the others are the engine's known messages.
  it.each([
    [
      'Get "https://registry-1.docker.io/v2/": dial tcp: lookup registry-1.docker.io on 10.0.2.3:53: no such host',
      true,
    ],
    [
      'Get "https://registry-1.docker.io/v2/": net/http: request canceled while waiting for connection (Client.Timeout exceeded while awaiting headers)',
      true,
    ],
    ['Get "https://registry-1.docker.io/v2/": Bad Gateway', true],
    ['Get "http://10.0.2.2:5000/v2/": dial tcp 10.0.2.2:5000: connect: connection refused', true],
    [
      "pull access denied for nope, repository does not exist or may require 'docker login': denied: requested access to the resource is denied",
      false,
    ],
    ['manifest for nginx:nope not found: manifest unknown: manifest unknown', false],
    ['toomanyrequests: You have reached your pull rate limit.', false],
  ])('is classified as a network problem or not: %s', (words, expected) => {
    expect(isNetworkProblem(words)).toBe(expected);
  });
});
