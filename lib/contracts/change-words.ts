import type { Change, Path, Value } from './change.ts';

/** The singular of each kind, as used in a sentence. Other kinds are used unchanged. */
const ONE_OF: Readonly<Record<string, string>> = {
  backups: 'back-up',
  configs: 'config',
  contexts: 'Docker context',
  keyPairs: 'key pair',
  labels: 'label',
  machines: 'machine',
  networks: 'network',
  nodes: 'node',
  secrets: 'secret',
  securityGroups: 'security group',
  services: 'service',
  stacks: 'stack',
  volumes: 'volume',
};

/** What a path leads to: "service web", "machine worker1", "label team". A path alternates kinds and names. */
export function thing(path: Path): string {
  const isKind = (i: number) => i % 2 === 0 && i + 1 < path.length;
  return path.map((segment, i) => (isKind(i) && Object.hasOwn(ONE_OF, segment) ? ONE_OF[segment] : segment)).join(' ');
}

/** What a path leads to, after its owner: "service web: replicas", "worker1: role". */
export function field([kind = '', name = '', ...rest]: Path): string {
  const owner = kind === 'nodes' ? name : thing([kind, name]);
  return rest.length === 0 ? owner : `${owner}: ${thing(rest)}`;
}

const LONGEST = 80;

/** A value in a few words; an empty one is shown as none. */
export function shown(value: Value | undefined): string {
  if (value === undefined || value === '') return 'none';
  if (typeof value !== 'object') return String(value);
  if (isList(value) && value.every((one) => typeof one !== 'object')) return value.join(' ') || 'none';
  const json = JSON.stringify(value)
    .replace(/^\{|\}$|"/g, '')
    .replace(/([:,])/g, '$1 ');
  return json.length > LONGEST ? `${json.slice(0, LONGEST)}…` : json || 'none';
}

/** "3 → 4". Lists of names may look the same before and after: then only the values of the names differ. */
export function difference(from: Value | undefined, to: Value | undefined): string {
  const [before, after] = [shown(from), shown(to)];
  return `${before} → ${after}${before === after ? ' (other values)' : ''}`;
}

/** Known details of a thing, after its name: ": t3.small, debian-13". */
export function colon(value: Value | undefined): string {
  return value === undefined ? '' : `: ${parts(value)}`;
}

/** A list, or the values of an object, separated by commas. */
export function parts(value: Value | undefined): string {
  if (value === undefined) return '';
  if (typeof value !== 'object') return String(value);
  return Object.values(value).map(shown).join(', ');
}

/** A value inside another; undefined where there is none. */
export function at(value: Value | undefined, key: string): Value | undefined {
  if (typeof value !== 'object' || isList(value)) return undefined;
  return Object.hasOwn(value, key) ? value[key] : undefined;
}

/** Whether a list has this entry. */
export function has(value: Value | undefined, entry: string): boolean {
  return isList(value) && value.includes(entry);
}

function isList(value: Value | undefined): value is readonly Value[] {
  return Array.isArray(value);
}

/** "1 replica", "3 replicas" */
export function counted(count: Value | undefined, noun: string): string {
  return `${shown(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** The reason as the end of a sentence: "; lost with its disk: volume data (of db)". */
export function because({ reason }: Change): string {
  return reason === undefined ? '' : `; ${reason}`;
}

/** The reason in brackets: " (2 of 3 tasks run)". */
export function seen({ reason }: Change): string {
  return reason === undefined ? '' : ` (${reason})`;
}

/** Values of services and labels may come from anyone: characters that would control the terminal are escaped. */
export function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, (character) => {
    if (character === '\n') return String.raw`\n`;
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}
