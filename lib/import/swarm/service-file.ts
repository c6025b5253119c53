import { isNodesOwn } from '../../config/convert-networks.ts';
import type { SwarmService } from '../../contracts/swarm-types.ts';
import type { Names } from '../../swarm/fields/field.ts';
import { FIELDS } from '../../swarm/fields/index.ts';
import { writtenValue } from '../../swarm/fields/written.ts';
import { modeOf } from '../../swarm/service-spec.ts';
import { omitUndefined } from '../../util/omit-undefined.ts';

/** A service in the words of a cluster file, with nothing hidden. */
export type ServiceFile = Readonly<Record<string, unknown>>;

/** Labels that swarmup, or Docker for a stack, sets itself. */
const OWN_LABEL = /^(swarmup|com\.docker\.stack)\./;

/**
 * Everything that a service's specification says, as far as the fields of services know it.
 *
 * @param defaults whether values that are Docker's own defaults are written too
 */
export function serviceFile({ Spec }: SwarmService, names: Names, defaults = false): ServiceFile {
  const fields = FIELDS.map((field): [string, unknown] => [field.name, writtenValue(field, Spec, names, defaults)]);
  const { image, ...rest } = Object.fromEntries(fields);
  const mode = modeOf(Spec);
  const labels = Object.entries(Spec.Labels ?? {}).filter(([key]) => !OWN_LABEL.test(key));
  return omitUndefined({
    image,
    mode: mode === 'replicated' ? undefined : mode,
    ...rest,
    labels: labels.length > 0 ? Object.fromEntries(labels) : undefined,
  });
}

/** What a service refers to by name, by the section of the cluster file. */
export interface References {
  readonly networks: ReadonlySet<string>;
  readonly secrets: ReadonlySet<string>;
  readonly configs: ReadonlySet<string>;
}

export function referencesOf(files: readonly ServiceFile[]): References {
  const namesIn = (key: string, of: string) =>
    new Set(
      files.flatMap((file) => {
        const list = file[key];
        return Array.isArray(list) ? list.flatMap((one: unknown) => nameIn(one, of)) : [];
      }),
    );
  return {
    networks: namesIn('networks', 'name'),
    secrets: namesIn('secrets', 'source'),
    configs: namesIn('configs', 'source'),
  };
}

function nameIn(one: unknown, key: string): string[] {
  const name: unknown = typeof one === 'object' && one !== null ? Reflect.get(one, key) : one;
  return typeof name === 'string' ? [name] : [];
}

/** The sections of a cluster file for what exists in the swarm already. */
export function externals({ networks, secrets, configs }: References): Record<string, Record<string, object>> {
  const section = (names: ReadonlySet<string>) =>
    Object.fromEntries([...names].toSorted().map((name) => [name, { external: true }]));
  const shared = new Set([...networks].filter((name) => !isNodesOwn(name)));
  return { networks: section(shared), secrets: section(secrets), configs: section(configs) };
}
