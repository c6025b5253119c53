import { globSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { wholeContexts } from './context.ts';

/**
 * Checks that every file imports only from its own room and from lower floors, and that no files import each other in a
 * cycle. Imports of types and imports with a template count too: every import makes a reader need the other file first.
 * Then runs scripts/context.ts over the same files.
 */

/** The floors of the house, from the top. A room is a folder with all its subfolders, or a single file. */
export const FLOORS: readonly (readonly string[])[] = [
  ['lib/cli', 'lib/testing', 'lib/index.ts'],
  ['lib/session'],
  ['tasks', 'lib/render', 'lib/diagnose'],
  ['Taskfile.ts', 'lib/nightly', 'lib/backup', 'lib/portainer', 'lib/import', 'lib/record', 'lib/preflight'],
  ['lib/swarm', 'lib/pipeline', 'lib/providers'],
  ['lib/docker', 'lib/images', 'lib/lock'],
  ['lib/remote'],
  ['lib/contracts'],
  ['lib/config', 'lib/explain', 'lib/facts'],
  ['lib/compose'],
  ['lib/async', 'lib/util'],
];

/** Rooms that may import from another room on their floor. */
const DOORS: Readonly<Record<string, readonly string[]>> = { 'lib/async': ['lib/util'] };

/** What each file imports: the paths of other files. */
export type Imports = ReadonlyMap<string, readonly string[]>;

interface Room {
  readonly name: string;
  /** Counted from the top, which is 1. */
  readonly floor: number;
}

/** Every fault in the imports of these files, one line each. Pure. */
export function faultsOf(imports: Imports): readonly string[] {
  return [...misplaced([...imports.keys()]), ...upward(imports), ...circles(imports)];
}

function misplaced(files: readonly string[]): string[] {
  return files
    .filter((file) => !roomOf(file))
    .map((file) =>
      posix.dirname(file) === 'lib'
        ? `${file} is not in a room: in lib itself only lib/index.ts is allowed`
        : `${file} is in a room without a floor`,
    );
}

function upward(imports: Imports): string[] {
  return [...imports].flatMap(([file, others]) => {
    const from = roomOf(file);
    return others.flatMap((other) => {
      const to = roomOf(other);
      if (!from || !to || mayImport(from, to)) return [];
      return [`${file} imports ${other}: ${shown(from)} may not import ${shown(to)}`];
    });
  });
}

function mayImport(from: Room, to: Room): boolean {
  return from.name === to.name || from.floor < to.floor || (DOORS[from.name]?.includes(to.name) ?? false);
}

function roomOf(file: string): Room | undefined {
  for (const [i, rooms] of FLOORS.entries()) {
    const name = rooms.find((room) => file === room || file.startsWith(`${room}/`));
    if (name !== undefined) return { name, floor: i + 1 };
  }
  return undefined;
}

function shown({ name, floor }: Room): string {
  return `${name} (floor ${floor})`;
}

/** The shortest cycle through each file that is in one; files of a reported cycle are skipped. */
function circles(imports: Imports): string[] {
  const named = new Set<string>();
  const found: string[] = [];
  for (const file of imports.keys()) {
    const circle = named.has(file) ? undefined : circleOf(file, imports);
    if (!circle) continue;
    for (const one of circle) named.add(one);
    found.push(`cycle: ${[...circle, file].join(' → ')}`);
  }
  return found;
}

/** Breadth first, so that the first path back is the shortest. */
function circleOf(start: string, imports: Imports): readonly string[] | undefined {
  const ways: (readonly string[])[] = [[start]];
  const seen = new Set<string>();
  for (const way of ways)
    for (const other of imports.get(way.at(-1) ?? '') ?? []) {
      if (other === start) return way;
      if (seen.has(other)) continue;
      seen.add(other);
      ways.push([...way, other]);
    }
  return undefined;
}

/**
 * The existing files that a file imports. A template stands for every file that it may name.
 *
 * @param files the paths of all files
 */
export function importsIn(file: string, text: string, files: readonly string[]): readonly string[] {
  const found = [...text.matchAll(/\b(?:from|import)\b\s*\(?\s*(['"`])(\.{1,2}\/.+?)\1/g)].flatMap(
    ([, , path = '']) => {
      const [before = '', ...after] = posix.join(posix.dirname(file), path).split(/\$\{.*?\}/);
      if (after.length === 0) return files.filter((other) => other === before);
      return files.filter((other) => other.startsWith(before) && other.endsWith(after.at(-1) ?? ''));
    },
  );
  return [...new Set(found)];
}

if (import.meta.main) {
  const cwd = fileURLToPath(new URL('..', import.meta.url));
  const files = globSync(['Taskfile.ts', 'lib/**/*.ts', 'tasks/**/*.ts'], { cwd }).toSorted();
  const texts = new Map(files.map((file) => [file, readFileSync(join(cwd, file), 'utf8')] as const));
  const imports = new Map([...texts].map(([file, text]) => [file, importsIn(file, text, files)] as const));
  const faults = [...faultsOf(imports), ...wholeContexts(texts)];
  for (const fault of faults) process.stderr.write(`${fault}\n`);
  process.exitCode = faults.length > 0 ? 1 : 0;
}
