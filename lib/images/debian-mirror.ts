import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { ProviderSection } from '../config/model.ts';
import { SwarmupError } from '../util/errors.ts';
import { ifThere } from '../util/files.ts';

export interface Mirror {
  readonly main: string;
  /** The source of security updates, if this computer's configuration names one. */
  readonly security?: string;
}

interface Source {
  readonly uri: string;
  readonly suites: readonly string[];
}

const DEBIAN_SUITE =
  /^(stable|testing|unstable|sid|bullseye|bookworm|trixie|forky)(-updates|-security|-backports|\/updates)?$/;

/**
 * The Debian mirror for building images: the cluster file's, else the one in this computer's apt configuration.
 *
 * @throws SwarmupError IMAGE_BUILD_FAILED when there is none
 */
export async function findMirror(configured: string | undefined, etc = '/etc/apt'): Promise<Mirror> {
  if (configured) return { main: configured };
  const files = [join(etc, 'sources.list'), ...(await entries(join(etc, 'sources.list.d')))];
  const sources = (await Promise.all(files.map(async (file) => parseSources(file, await read(file))))).flat();
  const debian = sources.filter((source) => source.suites.some((suite) => DEBIAN_SUITE.test(suite)));
  const isSecurity = (source: Source) => source.suites.some((suite) => /-security$|\/updates$/.test(suite));
  const main = debian.find((source) => !isSecurity(source));
  const security = debian.find(isSecurity);
  if (!main) {
    throw new SwarmupError(
      'IMAGE_BUILD_FAILED',
      "no Debian mirror is known: this computer's apt configuration names none",
      {
        fix: 'Set provider.mirror in the cluster file to a Debian mirror near you, or provider.image to your own disk image.',
      },
    );
  }
  return { main: main.uri, ...(security ? { security: security.uri } : {}) };
}

/** The mirror in the provider's section of the cluster file; with several providers, the first one named. */
export function namedMirror({ config, parts }: ProviderSection): string | undefined {
  const section = z.object({ mirror: z.string() }).safeParse(config);
  if (section.success) return section.data.mirror;
  return Object.values(parts ?? {})
    .map(namedMirror)
    .find((mirror) => mirror !== undefined);
}

/** Reads one-line (`deb URI suite ...`) and deb822 sources. Source: sources.list(5). */
export function parseSources(file: string, text: string): Source[] {
  if (file.endsWith('.sources')) {
    return text.split(/\n\s*\n/).flatMap((stanza) => {
      const field = (name: string) =>
        new RegExp(`^${name}:\\s*(.+)$`, 'm').exec(stanza)?.[1]?.trim().split(/\s+/) ?? [];
      if (!field('Types').includes('deb') || field('Enabled')[0] === 'no') return [];
      return field('URIs').map((uri) => ({ uri, suites: field('Suites') }));
    });
  }
  return text.split('\n').flatMap((line) => {
    const match = /^\s*deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+(\S+)/.exec(line);
    return match?.[1] && match[2] ? [{ uri: match[1], suites: [match[2]] }] : [];
  });
}

async function entries(folder: string): Promise<string[]> {
  const names = (await ifThere(readdir(folder))) ?? [];
  return names.filter((name) => /\.(list|sources)$/.test(name)).map((name) => join(folder, name));
}

async function read(file: string): Promise<string> {
  return (await ifThere(readFile(file, 'utf8'))) ?? '';
}
