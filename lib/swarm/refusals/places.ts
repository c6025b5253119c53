import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { loadCompose } from '../../compose/load.ts';
import { decodeBytes } from '../../compose/yaml/encoding.ts';
import { Places } from '../../compose/yaml/places.ts';
import { readYaml, type Path } from '../../compose/yaml/read.ts';
import type { StackSpec } from '../../config/model.ts';
import type { Diagnostic } from '../../util/diagnostic.ts';
import { ifThere } from '../../util/files.ts';

/** FILE:LINE:COLUMN of a path in a stack's files: in the one that counts. Undefined for what none of them has. */
export function placeInStack({ files }: Pick<StackSpec, 'files'>, path: Path): string | undefined {
  const { mistakeAt } = loadCompose({ files, env: {}, home: undefined, readFile: () => undefined });
  return written(mistakeAt(path, ''));
}

/** FILE:LINE:COLUMN of a path in the cluster file. Undefined when it has changed so much since that it has none. */
export async function placeInFile(file: string, path: Path): Promise<string | undefined> {
  const data = await ifThere(readFile(file));
  if (!data) return undefined;
  const { text } = decodeBytes(data);
  const { root, spanOf } = readYaml(text);
  return root && written(new Places(basename(file), text).diagnostic(spanOf(path, 'key'), ''));
}

/** The beginning of a file stands for what isn't in it. */
function written({ file, line, column }: Diagnostic): string | undefined {
  return line === 1 && column === 1 ? undefined : `${file}:${line}:${column}`;
}
