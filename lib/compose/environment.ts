import { readEnvFile } from '../util/env-file.ts';
import { member, objectOf, orNone, pairsOf, textOrTexts, type At } from './convert.ts';
import { absolutePath } from './paths.ts';
import type { Scope } from './scope.ts';

type Variables = Map<string, string | null>;

/** A service's variables: those of its env files, then its own, each without a value taken from the environment. */
export function environment(service: At, scope: Scope): Readonly<Record<string, string | null>> | undefined {
  const found: Variables = new Map();
  const files = member(service, 'env_file');
  if (files) {
    const lines: Variables = new Map();
    for (const [i, file] of (textOrTexts(files) ?? []).entries()) {
      const path = typeof files.value === 'string' ? files.path : [...files.path, i];
      readInto(lines, file, { ...files, path }, scope);
    }
    add(found, lines, scope);
  }
  const own = member(service, 'environment');
  if (own) add(found, pairsOf(own), scope);
  return orNone(objectOf(found));
}

/** An empty value counts as none: Docker prefers the environment's. */
function add(into: Variables, lines: ReadonlyMap<string, string | null>, { lookup, referTo }: Scope): void {
  for (const [name, value] of lines) {
    const isOpen = value === null || value === '';
    if (isOpen) referTo(name);
    into.set(name, isOpen ? (lookup(name) ?? value) : value);
  }
}

function readInto(lines: Variables, written: string, { path: place, wrong }: At, scope: Scope): void {
  const path = absolutePath(scope.folder, written);
  scope.referToFile({ kind: 'env_file', path, written, place });
  const content = scope.readFile(path);
  if (content === undefined) {
    wrong(place, `the file '${written}' can't be read`, `expected a file of variables, relative to ${scope.folder}`);
    return;
  }
  const {
    lines: found,
    problems: [problem],
  } = readEnvFile(content);
  if (problem) wrong(place, `${written}:${problem.line}: ${problem.message}`, 'expected NAME=VALUE on every line');
  for (const { name, value } of found) {
    if (value === undefined) scope.referTo(name);
    const known = value ?? scope.lookup(name);
    if (known !== undefined) lines.set(name, known);
  }
}
