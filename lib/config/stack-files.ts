import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { loadCompose, type ComposeReference, type LoadedCompose } from '../compose/load.ts';
import { decodeBytes } from '../compose/yaml/encoding.ts';
import { readEnvFile } from '../util/env-file.ts';
import { messageOf } from '../util/errors.ts';
import { Secret } from '../util/secret.ts';
import type { StackFile, StackReference } from './model.ts';
import type { Reporter } from './reporter.ts';
import type { ClusterFile } from './schema.ts';

type StackSection = ClusterFile['stacks'][string];
type Env = Readonly<Record<string, string | undefined>>;

/** A stack's files, and what Docker makes of them. */
export interface StackSource {
  readonly files: readonly StackFile[];
  readonly loaded: LoadedCompose;
  readonly env: Env;
  readonly references: readonly StackReference[];
  readonly hints: readonly string[];
}

/** Larger files are no Compose files, and no files of variables. */
const LARGEST = 4 * 1024 * 1024;
/** Source: moby/swarmkit, api/validation: the largest secret and config, in bytes. */
const LARGEST_OF = { env_file: LARGEST, secret: 500 * 1024, config: 1000 * 1024 } as const;

/** Reads the Compose files of a stack, with every file that they name, and reports what Docker would refuse. */
export function readStack(name: string, section: StackSection, reporter: Reporter): StackSource | undefined {
  const paths = located(section.file, ['stacks', name, 'file'], reporter);
  const files = paths.flatMap(({ path, written, place }) => {
    const data = readAt(path, place, reporter);
    return data === undefined ? [] : [{ path, shown: written, ...decodeBytes(data) }];
  });
  const env = environmentOf(name, section, reporter);
  if (files.length < paths.length) return undefined;
  const readFile = (path: string) => {
    const content = contentOf(path, LARGEST);
    return typeof content === 'string' ? undefined : content.data;
  };
  const loaded = loadCompose({ files, env, home: env['HOME'], readFile });
  reporter.add(loaded.mistakes);
  const references = loaded.references.flatMap((reference) => readReference(reference, reporter));
  return { files, loaded, env, references, hints: hintsOf(name, files, loaded) };
}

interface Located {
  readonly path: string;
  readonly written: string;
  readonly place: readonly (string | number)[];
}

function located(
  written: string | readonly string[],
  place: readonly string[],
  reporter: Reporter,
): readonly Located[] {
  if (typeof written === 'string') return [{ path: reporter.file(written, place), written, place }];
  return written.map((one, i) => ({ path: reporter.file(one, [...place, i]), written: one, place: [...place, i] }));
}

/** The content of a file; a problem is reported, unless the file doesn't exist, which has been reported already. */
function readAt(path: string, place: Located['place'], reporter: Reporter): Buffer | undefined {
  if (!existsSync(path)) return undefined;
  const content = contentOf(path, LARGEST);
  if (typeof content !== 'string') return content.data;
  reporter.wrong(place, `${basename(path)} ${content}`, 'expected a text file');
  return undefined;
}

/** A file's content; or why it is unavailable. */
function contentOf(path: string, largest: number): { readonly data: Buffer } | string {
  try {
    const stats = statSync(path);
    if (!stats.isFile()) return 'is not a file';
    return stats.size > largest ? `has ${stats.size} bytes, more than ${largest}` : { data: readFileSync(path) };
  } catch (error) {
    return `can't be read: ${messageOf(error)}`;
  }
}

/** The environment of a stack's files: that of the process, then the stack's `env`, then its `envFile`. */
function environmentOf(name: string, { env = {}, envFile }: StackSection, reporter: Reporter): Env {
  const found = new Map<string, string>();
  for (const { path, written, place } of envFile === undefined
    ? []
    : located(envFile, ['stacks', name, 'envFile'], reporter)) {
    const {
      lines,
      problems: [problem],
    } = readEnvFile(readAt(path, place, reporter) ?? '');
    if (problem) reporter.wrong(place, `${written}:${problem.line}: ${problem.message}`, 'expected NAME=VALUE');
    for (const { name: key, value } of lines) if (value !== undefined) found.set(key, value);
  }
  return { ...Object.fromEntries(found), ...env, ...reporter.env };
}

function readReference({ kind, path, written, mistake }: ComposeReference, reporter: Reporter): StackReference[] {
  const content = contentOf(path, LARGEST_OF[kind]);
  if (typeof content !== 'string') return [{ kind, path, written, data: new Secret(content.data.toString('base64')) }];
  // A missing env_file is a mistake of the Compose file, which is reported with it.
  if (kind !== 'env_file') {
    const what =
      written === '' ? `the ${kind} has no file, and is not external` : `the ${kind}'s file ${written} ${content}`;
    reporter.add([mistake(what, 'expected a file beside the first Compose file, or external: true')]);
  }
  return [];
}

/** Sentences about what the user may not expect. */
function hintsOf(name: string, files: readonly StackFile[], loaded: LoadedCompose): readonly string[] {
  const { ignored, variables, cut } = loaded;
  const keys = [...new Set(ignored.map(({ key }) => key))].toSorted();
  const hints = cut.map(
    (file) => `stack ${name}: Docker reads only the first document of ${file}, up to the second ---`,
  );
  if (keys.length > 0) hints.push(`stack ${name}: Docker ignores ${keys.join(', ')} in stacks`);
  const unset = variables.filter(({ isSet }) => !isSet).map((variable) => variable.name);
  const file = join(dirname(files[0]?.path ?? '/'), '.env');
  if (unset.length === 0 || !existsSync(file)) return hints;
  const content = contentOf(file, LARGEST);
  const set = typeof content === 'string' ? [] : readEnvFile(content.data).lines.map((line) => line.name);
  const missed = unset.filter((one) => set.includes(one));
  if (missed.length === 0) return hints;
  const sets = `the .env beside the Compose file sets ${missed.join(', ')}`;
  return [...hints, `stack ${name}: ${sets}, but stacks don't read it; name it with envFile`];
}
