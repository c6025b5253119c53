import type Docker from 'dockerode';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { Host } from '../../lib/contracts/host.ts';
import { load, pull } from '../../lib/images/on-node.ts';
import { withFreeSpace } from '../../lib/images/pull/free-space.ts';
import { DockerEngine } from '../../lib/remote/engine.ts';
import { SwarmupError } from '../../lib/util/errors.ts';
import { engineError, strict } from '../fakes/strict.ts';

const never = new AbortController().signal;
const quiet = () => undefined;
const FULL = 'write /var/lib/docker/tmp/GetImageBlob2170: no space left on device';
const engineWith = (docker: Partial<Docker>) => new DockerEngine('w1', strict<Docker>('docker', docker), quiet);
const stream = (...messages: object[]) =>
  Readable.from(messages.map((one) => `${JSON.stringify(one)}\n`)) as unknown as never;

describe('a pull', () => {
  it('that the engine refuses names the cause, and the platforms that the image has', async () => {
    const engine = engineWith({
      pull: (() =>
        Promise.reject(
          engineError(404, 'no matching manifest for linux/arm64/v8 in the manifest list entries'),
        )) as never,
      getImage: () =>
        strict<Docker.Image>('image', {
          distribution: (() =>
            Promise.resolve({
              Platforms: [
                { os: 'linux', architecture: 'amd64' },
                { os: 'linux', architecture: 'arm', variant: 'v7' },
                { os: 'unknown', architecture: 'unknown' },
              ],
            })) as never,
        }),
    });
    await expect(pull(engine, 'a/b:1', quiet)).rejects.toMatchObject({
      code: 'IMAGE_UNREACHABLE',
      message: expect.stringContaining('linux/arm64/v8, only for linux/amd64, linux/arm/v7 (no matching'),
    });
  });

  it('that fails in the middle is judged by the error in its stream', async () => {
    const engine = engineWith({
      pull: (() =>
        Promise.resolve(
          stream({ status: 'Extracting', id: 'a' }, { error: FULL, errorDetail: { message: FULL } }),
        )) as never,
    });
    await expect(pull(engine, 'nginx', quiet)).rejects.toMatchObject({
      code: 'DISK_FULL',
      message: `w1: nginx can't be pulled: the disk of w1 is full (${FULL})`,
      transient: false,
    });
  });

  it('tries again after what passes by itself, and not after a rate limit of hours', async () => {
    const failing = (words: string) => engineWith({ pull: (() => Promise.reject(engineError(500, words))) as never });
    const transient = async (words: string) =>
      pull(failing(words), 'nginx', quiet).catch((error: unknown) => (error as SwarmupError).transient);
    expect(await transient('received unexpected HTTP status: 503 Service Unavailable')).toBe(true);
    expect(await transient('toomanyrequests: You have reached your unauthenticated pull rate limit.')).toBe(false);
  });

  it('from an engine that is gone says nothing about the image', async () => {
    const engine = engineWith({ pull: (() => Promise.reject(new Error('connect ENOENT'))) as never });
    await expect(pull(engine, 'nginx', quiet)).rejects.toMatchObject({ code: 'ENGINE_UNREACHABLE' });
  });
});

describe('a full disk', () => {
  it('while an archive is loaded is no damaged archive', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'swarmup-load-')), 'app.tar');
    writeFileSync(file, 'x');
    const engine = engineWith({ loadImage: (() => Promise.resolve(stream({ error: FULL }))) as never });
    await expect(load(engine, file, quiet)).rejects.toMatchObject({
      code: 'DISK_FULL',
      message: `w1: ${file} can't be loaded: the disk of w1 is full (${FULL})`,
    });
  });

  const error = new SwarmupError('DISK_FULL', FULL, { fix: 'Make room.' });
  const engine = engineWith({ info: (() => Promise.resolve({ DockerRootDir: '/data' })) as never });

  it('is told with what is free in the engine’s folder', async () => {
    const host = strict<Host>('host', {
      run: ([...argv]) => {
        expect(argv.toSpliced(2, 1)).toEqual(['df', '-P', '/data']);
        return Promise.resolve({ exitCode: 0, stderr: '', stdout: '/dev/vda 10190100 10176200 13900 100% /\n' });
      },
    });
    expect(await withFreeSpace(error, engine, host, never)).toMatchObject({
      code: 'DISK_FULL',
      message: FULL,
      fix: 'Make room.',
      output: 'now /data has 13 of 9951 MiB free',
    });
  });

  it('is told alone when the node can’t say what is free', async () => {
    const lost = new SwarmupError('SSH_CONNECTION_LOST', 'w1: lost', { fix: 'Run again.' });
    const host = strict<Host>('host', { run: () => Promise.reject(lost) });
    expect(await withFreeSpace(error, engine, host, never)).toBe(error);
  });
});
