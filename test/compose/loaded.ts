import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadCompose, type LoadedCompose } from '../../lib/compose/load.ts';
import { decodeBytes } from '../../lib/compose/yaml/encoding.ts';
import { composeText } from '../../lib/compose/text/compose-text.ts';
import { ENV } from './docker.ts';

/** Loads a Compose file's text, as if it were /stack/stack.yml. */
export function loaded(text: string, env: Readonly<Record<string, string>> = ENV): LoadedCompose {
  const files = [{ path: '/stack/stack.yml', shown: 'stack.yml', text }];
  return loadCompose({ files, env, home: '/home/user', readFile: () => undefined });
}

/** Loads files in a folder; `at` is the folder that absolute paths are to begin with instead. */
export function loadedFiles(names: readonly string[], folder: string, at = folder): LoadedCompose {
  const files = names.map((name) => ({
    path: join(at, name),
    shown: name,
    ...decodeBytes(readFileSync(join(folder, name))),
  }));
  const readFile = (path: string) => {
    const real = path.startsWith(`${at}/`) ? join(folder, path.slice(at.length)) : path;
    return existsSync(real) ? readFileSync(real) : undefined;
  };
  return loadCompose({ files, env: ENV, home: ENV['HOME'], readFile });
}

/** What `docker stack config` would print; undefined for what it refuses. */
export function textOf({ compose }: LoadedCompose): string | undefined {
  return compose && composeText(compose);
}

/** Mistakes as FILE:LINE:COLUMN: message. */
export function shownMistakes({ mistakes }: LoadedCompose): readonly string[] {
  return mistakes.map(({ file, line, column, message }) => `${file}:${line}:${column}: ${message}`);
}
