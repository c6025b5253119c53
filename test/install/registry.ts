import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from '../support/cli.ts';

const run = promisify(execFile);

/** A package of the registry: its manifest, and the command that prints its archive. */
interface Published {
  readonly manifest: Readonly<Record<string, unknown>> & { readonly name: string; readonly version: string };
  readonly archive: () => Promise<Buffer>;
}

export interface NpmRegistry {
  readonly url: string;
  stop(): Promise<unknown>;
}

/**
 * An npm registry on loopback with one archive and the packages that it depends on, as they are in node_modules here. So package
 * managers resolve and unpack as they do for users, and no test depends on what the public registry has today.
 */
export async function npmRegistry(archive: string): Promise<NpmRegistry> {
  const published = [...dependencies(), await fromArchive(archive)];
  const server = createServer(({ url = '/' }, response) => {
    const [name = '', version] = decodeURIComponent(url.slice(1)).split('/-/');
    const versions = published.filter(({ manifest }) => manifest.name === name);
    if (versions.length === 0) {
      response.writeHead(404, { 'content-type': 'application/json' }).end('{}');
      return;
    }
    if (version === undefined) {
      packument(versions, registry.url).then(
        (body) => response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body)),
        (error: unknown) => response.writeHead(500).end(String(error)),
      );
      return;
    }
    versions
      .find(({ manifest }) => manifest.version === version.replace(/\.tgz$/, ''))
      ?.archive()
      .then(
        (body) => response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(body),
        (error: unknown) => response.writeHead(500).end(String(error)),
      );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const registry: NpmRegistry = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () => new Promise((resolve) => server.close(resolve)),
  };
  return registry;
}

/** What a registry says of a package. Source: https://github.com/npm/registry/blob/main/docs/responses/package-metadata.md */
async function packument(versions: readonly Published[], url: string): Promise<object> {
  const entries = versions.map(async ({ manifest, archive }) => {
    const { name, version } = manifest;
    const integrity = `sha512-${createHash('sha512')
      .update(await archive())
      .digest('base64')}`;
    return [version, { ...manifest, dist: { integrity, tarball: `${url}/${name}/-/${version}.tgz` } }] as const;
  });
  const { name, version: latest } = versions.at(-1)?.manifest ?? {};
  return { name, 'dist-tags': { latest }, versions: Object.fromEntries(await Promise.all(entries)) };
}

/** The packages of node_modules that an installed swarmup has. */
function dependencies(): Published[] {
  // A version may be in several folders, whose archives would differ in their times.
  const seen = new Set<string>();
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'));
  return Object.entries<{ dev?: boolean }>(packages).flatMap(([path, { dev = false }]) => {
    const folder = join(ROOT, path);
    if (dev || path === '' || !existsSync(folder)) return [];
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const id = `${manifest.name}@${manifest.version}`;
    if (seen.has(id)) return [];
    seen.add(id);
    return [{ manifest, archive: once(() => packed(folder)) }];
  });
}

async function fromArchive(archive: string): Promise<Published> {
  const { stdout } = await run('tar', ['-xzOf', archive, 'package/package.json']);
  return { manifest: JSON.parse(stdout), archive: once(() => Promise.resolve(readFileSync(archive))) };
}

/** A folder as npm packs it, without the packages nested in it. */
async function packed(folder: string): Promise<Buffer> {
  const argv = ['-C', join(folder, '..'), '--exclude=node_modules', '--transform', `s,^${basename(folder)},package,`];
  const { stdout } = await run('tar', [...argv, '-I', 'gzip -1', '-cf', '-', basename(folder)], {
    encoding: 'buffer',
    maxBuffer: 256 * 1024 * 1024,
  });
  return stdout;
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}
