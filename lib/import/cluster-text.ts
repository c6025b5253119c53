import { Scalar, stringify } from 'yaml';
import { visibleLine } from '../util/visible.ts';

/** A value that comes from a variable of the environment instead of being written to the file. */
export class Variable {
  readonly name: string;
  /** A text before it. */
  readonly prefix: string;

  constructor(name: string, prefix = '') {
    this.name = name;
    this.prefix = prefix;
  }
}

/**
 * A cluster file for existing machines or an existing swarm. Values are those of the file: see lib/config/schema.ts.
 * Texts are literal: nothing in them is read as a reference to a variable.
 */
export interface WrittenCluster {
  readonly name: string;
  readonly provider: Readonly<Record<string, unknown>>;
  readonly nodes: readonly Readonly<Record<string, unknown>>[];
  /** Settings of the engines besides docker.source. */
  readonly docker?: Readonly<Record<string, unknown>>;
  readonly swarm?: Readonly<Record<string, unknown>>;
  readonly networks?: Sections;
  readonly secrets?: Sections;
  readonly configs?: Sections;
  readonly services?: Sections;
  readonly stacks?: Sections;
  /** Comments for the reader, one per line. */
  readonly notes: readonly string[];
}

export type Sections = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** The text of a cluster file for machines that have Docker: nothing is installed, and no image is pulled early. */
export function clusterText({ name, provider, nodes, docker = {}, notes, ...sections }: WrittenCluster): string {
  const { swarm = {}, networks, secrets, configs, services, stacks } = sections;
  const file = {
    name,
    provider,
    nodes: nodes.map(withoutEmpty),
    docker: withoutEmpty({ source: 'preinstalled', ...docker }),
    images: { early: false },
    ...withoutEmpty({
      swarm,
      networks,
      secrets,
      configs,
      services: services && mapped(services),
      stacks,
    }),
  };
  return `${commented(notes)}${yamlText(file)}`;
}

/** Lines of comments. What comes from a swarm can't end a comment. */
export function commented(lines: readonly string[]): string {
  return lines.map((line) => `# ${visibleLine(line)}\n`).join('');
}

const LAYOUT = {
  lineWidth: 120,
  defaultStringType: 'PLAIN',
  defaultKeyType: 'PLAIN',
  aliasDuplicateObjects: false,
} as const;

/** The YAML of a file in which `$` begins a reference to a variable. */
function yamlText(file: object): string {
  return stringify(written(file), LAYOUT);
}

/** The YAML of a Compose file, whose readers know yes, no and octal numbers as YAML 1.1 does. */
export function composeText(file: object): string {
  return stringify(written(file), { ...LAYOUT, version: '1.1' });
}

/** In place of a key, for an entry of a list. */
const ITEM = '-';

function written(value: unknown, key = ''): unknown {
  if (value instanceof Variable) return quoted(`${escaped(value.prefix)}\${${value.name}}`);
  // A plain text that changes when its dollar signs are read would be read as YAML once more.
  if (typeof value === 'string') return value.includes('$') ? quoted(escaped(value)) : value;
  if (Array.isArray(value)) return value.map((one) => written(one, ITEM));
  if (typeof value !== 'object' || value === null) return value;
  // Of a file, not a variable or an option of that name.
  const hasMode = (key === ITEM && 'target' in value) || key === 'tmpfs';
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]: [string, unknown]) => {
      const isMode = hasMode && name === 'mode' && typeof inner === 'string' && /^0[0-7]+$/.test(inner);
      return [name, isMode ? octal(inner) : written(inner, name)];
    }),
  );
}

function escaped(text: string): string {
  return text.replaceAll('$', '$$$$');
}

function quoted(text: string): Scalar {
  const scalar = new Scalar(text);
  scalar.type = 'QUOTE_DOUBLE';
  return scalar;
}

/** The mode of a file as a number that people can read. */
function octal(mode: string): Scalar {
  const scalar = new Scalar(Number.parseInt(mode, 8));
  scalar.format = 'OCT';
  return scalar;
}

function mapped(services: Sections): Record<string, object> {
  return Object.fromEntries(Object.entries(services).map(([name, service]) => [name, withoutEmpty(service)]));
}

/** The object without undefined keys, empty lists and empty maps. */
function withoutEmpty(value: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const says = (one: unknown) =>
    one !== undefined &&
    (one instanceof Variable || !(typeof one === 'object' && one !== null && Object.keys(one).length === 0));
  return Object.fromEntries(Object.entries(value).filter(([, one]) => says(one)));
}

/** A foreign name turned into one that is valid in a cluster file: lower case, digits and hyphens. */
export function fileName(name: string): string {
  const plain = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 63)
    .replace(/-+$/, '');
  return plain === '' ? 'node' : plain;
}

/** Like `fileName`, but a name that is taken gets a number: web, web-2, ... */
export function freeName(name: string, taken: ReadonlySet<string>): string {
  const first = fileName(name);
  if (!taken.has(first)) return first;
  for (let i = 2; ; i++) {
    const next = `${first.slice(0, 63 - 1 - String(i).length).replace(/-+$/, '')}-${i}`;
    if (!taken.has(next)) return next;
  }
}
