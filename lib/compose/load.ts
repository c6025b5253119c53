import { dirname } from 'node:path';
import type { Diagnostic } from '../util/diagnostic.ts';
import { FileReader, type ComposeFile } from './file-reader.ts';
import { mergeConfigs } from './merge.ts';
import type { OlderMistake } from './older.ts';
import { refusals } from './refusals.ts';
import type { ComposeConfig } from './types.ts';
import type { Path } from './yaml/read.ts';

export type { ComposeFile } from './file-reader.ts';
export type { OlderMistake } from './older.ts';

export interface ComposeInput {
  /** In the order in which they are merged. Relative paths begin at the first one's folder. */
  readonly files: readonly ComposeFile[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The user's home, for `~`. */
  readonly home: string | undefined;
  /** The content of a file that a Compose file names; undefined if it can't be read. */
  readonly readFile: (path: string) => Buffer | string | undefined;
}

/** A variable that decides what the files mean. */
export interface ComposeVariable {
  readonly name: string;
  readonly isSet: boolean;
}

export interface ComposeReference {
  readonly kind: 'env_file' | 'secret' | 'config';
  /** The absolute path of a file that is read where Docker's client runs. */
  readonly path: string;
  /** The path as the Compose file writes it. */
  readonly written: string;
  /** Reports a mistake at the place where it is written. */
  readonly mistake: (message: string, hint?: string) => Diagnostic;
}

/** A key that `docker stack deploy` ignores. */
export interface IgnoredKey {
  readonly service: string;
  readonly key: string;
}

export interface LoadedCompose {
  /** Undefined when Docker would refuse the files. */
  readonly compose?: ComposeConfig;
  /** The version that the first file claims, as it is written. */
  readonly version?: string;
  readonly variables: readonly ComposeVariable[];
  readonly references: readonly ComposeReference[];
  readonly ignored: readonly IgnoredKey[];
  /** What older docker commands than the newest read as something else, or refuse. */
  readonly older: readonly OlderMistake[];
  /** The files, as they are shown, with documents after the first, which Docker doesn't read. */
  readonly cut: readonly string[];
  /** A mistake at a path of the files: in the one that has most of it. */
  readonly mistakeAt: (path: Path, message: string, hint?: string) => Diagnostic;
  /** What Docker refuses, first when it reads the files and then when it deploys them. */
  readonly mistakes: readonly Diagnostic[];
}

/**
 * Reads Compose files as `docker stack deploy` reads them, without Docker: the result is what `docker stack config`
 * prints. Source: docker/cli 28.2, cli/compose.
 */
export function loadCompose({ files, env, home, readFile }: ComposeInput): LoadedCompose {
  const [first] = files;
  const folder = dirname(first?.path ?? '/');
  const names = new Set<string>();
  const lookup = (name: string) => (Object.hasOwn(env, name) ? env[name] : undefined);
  const readers = files.map(
    (file) => new FileReader(file, { folder, home, lookup, readFile, referTo: (name) => names.add(name) }),
  );
  const configs = readers.map((reader, i) => reader.read(i === 0 ? undefined : readers[0]?.version));
  const loaded = configs.filter((config) => config !== undefined);
  const isWhole = files.length > 0 && readers.every(({ mistakes }) => mistakes.length === 0);
  const [base, ...overrides] = loaded;
  const compose = isWhole && base ? overrides.reduce(mergeConfigs, base) : undefined;
  if (compose) for (const { path, message, hint } of refusals(compose)) place(readers, path).wrong(path, message, hint);
  const version = readers[0]?.writtenVersion;
  return {
    ...(compose ? { compose } : {}),
    ...(version === undefined ? {} : { version }),
    variables: [...names]
      .filter((name) => /^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
      .toSorted()
      .map((name) => ({ name, isSet: lookup(name) !== undefined })),
    references: readers.flatMap(({ references }) => references),
    ignored: readers.flatMap(({ ignored }) => ignored),
    older: readers.flatMap(({ older }) => older),
    cut: files.flatMap(({ shown }, i) => (readers[i]?.hasMore ? [shown] : [])),
    mistakeAt: (path, message, hint) => place(readers, path).diagnostic(path, message, hint),
    mistakes: readers.flatMap(({ mistakes }) => mistakes),
  };
}

/** The last file that has a path: its value is the one that counts. */
function place(readers: readonly FileReader[], path: Path): FileReader {
  const best = readers.toReversed().toSorted((a, b) => b.depthOf(path) - a.depthOf(path))[0];
  if (!best) throw new Error('a loaded stack has a file');
  return best;
}
