import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { extract, pack } from 'tar-stream';
import { z } from 'zod';
import { messageOf, SwarmupError } from '../util/errors.ts';
import type { ArchivedImage } from '../contracts/images.ts';

const manifestSchema = z.array(z.object({ Config: z.string(), RepoTags: z.array(z.string()).nullable() }));
const configSchema = z.object({ rootfs: z.object({ diff_ids: z.array(z.string()) }) });

/** Files larger than this are layers, not JSON. */
const MAX_JSON = 1_000_000;
/** More than all JSON files of an archive: a small compressed file may hold any number of them. */
const MAX_ALL = 64_000_000;

/**
 * Lists the images in an archive without unpacking it. Source: the Docker image specification v1.2, "Combined Image
 * JSON + Filesystem Changeset Format" (`docker save`).
 *
 * @throws SwarmupError IMAGE_ARCHIVE_INVALID
 */
export async function readArchive(file: string): Promise<readonly ArchivedImage[]> {
  try {
    const texts = await jsonFiles(file);
    const manifest = texts.get('manifest.json');
    if (manifest === undefined) throw new Error('it has no manifest.json');
    return manifestSchema.parse(JSON.parse(manifest)).map((entry) => {
      const config = texts.get(entry.Config);
      if (config === undefined) throw new Error(`it has no ${entry.Config}`);
      return { names: entry.RepoTags ?? [], layers: configSchema.parse(JSON.parse(config)).rootfs.diff_ids };
    });
  } catch (cause) {
    throw new SwarmupError('IMAGE_ARCHIVE_INVALID', `${file} is not an image archive: ${messageOf(cause)}`, {
      fix: 'Write one with: docker save -o FILE IMAGE',
      cause,
    });
  }
}

/** The JSON files of a tar file; since Docker 25 an image's configuration is a blob without a file extension. */
async function jsonFiles(file: string): Promise<Map<string, string>> {
  const texts = new Map<string, string>();
  let all = 0;
  const reader = extract();
  reader.on('entry', (header, stream, next) => {
    const wanted = header.type === 'file' && (header.size ?? 0) < MAX_JSON && /\.json$|^blobs\//.test(header.name);
    const chunks: Buffer[] = [];
    if (wanted) all += header.size ?? 0;
    if (all > MAX_ALL) return reader.destroy(new Error('its JSON files are larger than any image needs'));
    stream.on('data', (chunk) => {
      if (wanted && Buffer.isBuffer(chunk)) chunks.push(chunk);
    });
    stream.on('end', () => {
      if (wanted) texts.set(header.name, Buffer.concat(chunks).toString('utf8'));
      next();
    });
    stream.resume();
    return undefined;
  });
  const source = createReadStream(file);
  await (/\.t?gz$/.test(file) ? pipeline(source, createGunzip(), reader) : pipeline(source, reader));
  return texts;
}

export interface NewImage {
  /** Such as nginx:latest. */
  readonly name: string;
  /** The runtime configuration: Cmd, ExposedPorts, StopSignal, ... */
  readonly config: Readonly<Record<string, unknown>>;
}

/**
 * Writes an image archive that `docker load` reads: images that share one layer. The same layer and configuration
 * always make the same image IDs.
 *
 * @param layer the root file system, as a tar file
 */
export async function writeArchive(
  file: string,
  layer: Buffer,
  images: readonly NewImage[],
  architecture: string,
): Promise<void> {
  const digest = createHash('sha256').update(layer).digest('hex');
  const layerName = `${digest}/layer.tar`;
  const entries = images.map((image) => {
    const text = JSON.stringify({
      architecture,
      os: 'linux',
      created: '1970-01-01T00:00:00Z',
      config: image.config,
      rootfs: { type: 'layers', diff_ids: [`sha256:${digest}`] },
      history: [{ created: '1970-01-01T00:00:00Z', created_by: 'swarmup' }],
    });
    return { text, configName: `${createHash('sha256').update(text).digest('hex')}.json`, name: image.name };
  });
  const writer = pack();
  const written = pipeline(writer, createWriteStream(file));
  for (const entry of entries) writer.entry({ name: entry.configName }, entry.text);
  writer.entry({ name: layerName }, layer);
  writer.entry(
    { name: 'manifest.json' },
    JSON.stringify(entries.map((entry) => ({ Config: entry.configName, RepoTags: [entry.name], Layers: [layerName] }))),
  );
  writer.finalize();
  await written;
}
