import { flag, member, structure, text, type At, type Convert } from './convert.ts';
import { nonZero, signed } from './convert-numbers.ts';
import { absolutePath, isWindowsAbsolute } from './paths.ts';
import type { Scope } from './scope.ts';
import type { ComposeMount } from './types.ts';
import { isDict, sprint } from './values.ts';

const PROPAGATIONS: ReadonlySet<string> = new Set(['rprivate', 'private', 'rshared', 'shared', 'rslave', 'slave']);

const longMount: Convert<ComposeMount> = structure<ComposeMount>({
  type: text,
  source: text,
  target: text,
  read_only: flag,
  consistency: text,
  bind: structure({ propagation: text }),
  volume: structure({ nocopy: flag, subpath: text }),
  image: structure({ subpath: text }),
  tmpfs: structure({ size: nonZero(signed) }),
  cluster: structure({}),
});

/** A mount in its short or long form; the source of a bind is absolute on the computer that has the file. */
export function mount(at: At, scope: Scope): ComposeMount | undefined {
  const { value, path, wrong } = at;
  const found = typeof value === 'string' ? shortMount(value) : isDict(value) ? longMount(at) : 'it is a date';
  if (typeof found === 'string' || !found) {
    wrong(path, `'${sprint(value)}' is not a volume: ${found ?? ''}`, 'expected SOURCE:TARGET or SOURCE:TARGET:ro');
    return undefined;
  }
  if (found.type !== 'bind') return found;
  if (found.source === undefined) {
    const place = member(at, 'source')?.path ?? path;
    wrong(place, 'the bind mount has no source', 'expected source: the path of a file or folder');
    return found;
  }
  const source = expanded(found.source, scope);
  const isAbsolute = source.startsWith('/') || isWindowsAbsolute(source);
  return { ...found, source: isAbsolute ? source : absolutePath(scope.folder, source) };
}

/** `~` as Docker expands it: only at the beginning, also before another user's name. */
function expanded(source: string, { home, referTo }: Scope): string {
  if (!source.startsWith('~')) return source;
  referTo('HOME');
  return home === undefined ? source : home + source.slice(1);
}

/** A mount from SOURCE:TARGET:OPTIONS; a message when Docker refuses it. Source: docker/cli, cli/compose/loader. */
function shortMount(spec: string): ComposeMount | string {
  if (spec === '') return 'it is empty';
  if (Buffer.byteLength(spec) <= 2) return { type: 'volume', target: spec };
  const sections = sectionsOf(spec);
  if (sections.includes('')) return 'a part between its colons is empty';
  if (sections.length > 3) return 'it has too many colons';
  const [first = '', target, options] = sections;
  if (target === undefined) return { type: 'volume', target: first };
  const type = isPath(first) ? 'bind' : 'volume';
  return { type, source: first, target, ...optionsOf(options?.split(',') ?? []) };
}

/** The parts between colons; a colon after a single letter belongs to a Windows drive. */
function sectionsOf(spec: string): readonly string[] {
  const sections: string[] = [];
  let part = '';
  for (const character of spec) {
    if (character !== ':' || /^\p{L}$/u.test(part)) part += character;
    else {
      sections.push(part);
      part = '';
    }
  }
  return [...sections, part];
}

function optionsOf(options: readonly string[]): Pick<ComposeMount, 'read_only' | 'bind' | 'volume'> {
  const access = options.findLast((option) => option === 'ro' || option === 'rw');
  const propagation = options.findLast((option) => PROPAGATIONS.has(option));
  return {
    ...(access === 'ro' ? { read_only: true } : {}),
    ...(propagation === undefined ? {} : { bind: { propagation } }),
    ...(options.includes('nocopy') ? { volume: { nocopy: true } } : {}),
  };
}

/** Whether a source is a path rather than a volume's name: also a Windows drive or a named pipe. */
function isPath(source: string): boolean {
  return /^(?:[./~]|\\\\|\p{L}:)/u.test(source);
}
