import { stringify } from 'yaml';

/** A cluster file as it is written for what is there already. Values are as in the file: see lib/config/schema.ts. */
export interface WrittenCluster {
  readonly name: string;
  readonly provider: Readonly<Record<string, unknown>>;
  readonly nodes: readonly Readonly<Record<string, unknown>>[];
  /** What is set for the engines besides where they come from. */
  readonly docker?: Readonly<Record<string, unknown>>;
  readonly services?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** What a reader has to know, a line each. */
  readonly notes: readonly string[];
}

/** The text of a cluster file for machines that have Docker: nothing is installed, and no image fetched early. */
export function clusterText({ name, provider, nodes, docker = {}, services = {}, notes }: WrittenCluster): string {
  const file = {
    name,
    provider,
    nodes: nodes.map(withoutEmpty),
    docker: withoutEmpty({ source: 'preinstalled', ...docker }),
    images: { early: false },
    ...(Object.keys(services).length > 0 ? { services: mapped(services) } : {}),
  };
  const comments = notes.map((note) => `# ${note}\n`).join('');
  return `${comments}${stringify(file, { lineWidth: 120, defaultStringType: 'PLAIN', defaultKeyType: 'PLAIN' })}`;
}

function mapped(services: NonNullable<WrittenCluster['services']>): Record<string, object> {
  return Object.fromEntries(Object.entries(services).map(([name, service]) => [name, withoutEmpty(service)]));
}

/** Without keys that say nothing: undefined, and empty lists and maps. */
function withoutEmpty(value: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const says = (one: unknown) =>
    one !== undefined && !(typeof one === 'object' && one !== null && Object.keys(one).length === 0);
  return Object.fromEntries(Object.entries(value).filter(([, one]) => says(one)));
}

/** A name that a cluster file takes, of one that somebody else gave: lower case, digits and hyphens. */
export function fileName(name: string): string {
  const plain = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 63)
    .replace(/-+$/, '');
  return plain === '' ? 'node' : plain;
}
