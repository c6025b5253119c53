import { stringify } from 'yaml';
import { visibleLine } from '../util/visible.ts';

/**
 * A cluster file for existing machines or an existing swarm. Values are those of the file: see lib/config/schema.ts.
 */
export interface WrittenCluster {
  readonly name: string;
  readonly provider: Readonly<Record<string, unknown>>;
  readonly nodes: readonly Readonly<Record<string, unknown>>[];
  /** Settings of the engines besides docker.source. */
  readonly docker?: Readonly<Record<string, unknown>>;
  readonly services?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Comments for the reader, one per line. */
  readonly notes: readonly string[];
}

/** The text of a cluster file for machines that have Docker: nothing is installed, and no image is pulled early. */
export function clusterText({ name, provider, nodes, docker = {}, services = {}, notes }: WrittenCluster): string {
  const file = {
    name,
    provider,
    nodes: nodes.map(withoutEmpty),
    docker: withoutEmpty({ source: 'preinstalled', ...docker }),
    images: { early: false },
    ...(Object.keys(services).length > 0 ? { services: mapped(services) } : {}),
  };
  const comments = notes.map((note) => `# ${visibleLine(note)}\n`).join('');
  return `${comments}${stringify(file, { lineWidth: 120, defaultStringType: 'PLAIN', defaultKeyType: 'PLAIN' })}`;
}

function mapped(services: NonNullable<WrittenCluster['services']>): Record<string, object> {
  return Object.fromEntries(Object.entries(services).map(([name, service]) => [name, withoutEmpty(service)]));
}

/** The object without undefined keys, empty lists and empty maps. */
function withoutEmpty(value: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const says = (one: unknown) =>
    one !== undefined && !(typeof one === 'object' && one !== null && Object.keys(one).length === 0);
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
