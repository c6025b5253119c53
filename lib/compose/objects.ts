import {
  extensions,
  flag,
  listOf,
  member,
  objectOf,
  orNone,
  pairs,
  plainStructure,
  structure,
  text,
  texts,
  fields,
  type At,
} from './convert.ts';
import { size } from './convert-numbers.ts';
import { absolutePath } from './paths.ts';
import type { Reference, Scope } from './scope.ts';
import { isDict } from './values.ts';
import type { ComposeFileObject, ComposeNetwork, ComposeVolume } from './types.ts';

/** The top-level networks, volumes, secrets and configs. Source: docker/cli, cli/compose/loader. */

interface External {
  readonly isExternal: boolean;
  readonly name?: string;
}

function externalOf(at: At): External {
  const external = member(at, 'external');
  if (!external || external.value === null) return { isExternal: false };
  if (!isDict(external.value)) return { isExternal: external.value === true };
  const name = member(external, 'name');
  const given = name && name.value !== null ? text(name) : undefined;
  return { isExternal: true, ...(given === undefined ? {} : { name: given }) };
}

/** The name in the swarm of something external: its own `name`, or that of `external: { name }`, or its key. */
function externalName(key: string, own: string | undefined, { name }: External, at: At): string {
  if (name !== undefined && own !== undefined)
    at.wrong([...at.path, 'name'], `${key} has a name, and another one under external`, 'expected only name');
  return name ?? own ?? key;
}

export function convertNetwork(key: string, at: At): ComposeNetwork {
  const external = externalOf(at);
  const found = fields<Omit<ComposeNetwork, `x-${string}` | 'external'>>(at, {
    name: text,
    driver: text,
    driver_opts: pairs,
    ipam: plainStructure({ driver: text, config: listOf(structure({ subnet: text })) }),
    internal: flag,
    attachable: flag,
    labels: pairs,
  });
  if (!external.isExternal) return found;
  return { ...found, name: externalName(key, found.name, external, at), external: true, ...extensions(at) };
}

const topologies = listOf(structure<{ segments: Record<string, string> }>({ segments: pairs }));

const clusterVolume = structure<Record<string, unknown>>({
  group: text,
  access_mode: structure<Record<string, unknown>>({
    scope: text,
    sharing: text,
    mount_volume: structure<Record<string, unknown>>({ fs_type: text, mount_flags: texts }),
    block_volume: structure({}),
  }),
  accessibility_requirements: structure<Record<string, unknown>>({ requisite: topologies, preferred: topologies }),
  capacity_range: structure<Record<string, unknown>>({ required_bytes: size, limit_bytes: size }),
  secrets: listOf(structure<Record<string, unknown>>({ key: text, secret: text })),
  availability: text,
});

export function convertVolume(key: string, at: At): ComposeVolume {
  const external = externalOf(at);
  const found = fields<Omit<ComposeVolume, `x-${string}` | 'external'>>(at, {
    name: text,
    driver: text,
    driver_opts: pairs,
    labels: pairs,
  });
  const spec = member(at, 'x-cluster-spec');
  const cluster = spec && spec.value !== null ? { 'x-cluster-spec': clusterVolume(spec) ?? {} } : {};
  if (!external.isExternal) return { ...found, ...cluster };
  for (const forbidden of ['driver', 'driver_opts', 'labels'] as const)
    if (found[forbidden] !== undefined)
      at.wrong(
        [...at.path, forbidden],
        `the volume ${key} is external, and has ${forbidden}`,
        'expected either external, or what the volume is created with',
      );
  const others = objectOf(Object.entries(extensions(at)).filter(([name]) => name !== 'x-cluster-spec'));
  return { ...found, name: externalName(key, found.name, external, at), external: true, ...others, ...cluster };
}

/** A secret or a config; what isn't external and has no driver is read from a file. */
export function convertFileObject(key: string, at: At, scope: Scope, kind: 'secret' | 'config'): ComposeFileObject {
  const external = externalOf(at);
  const found = fields<Omit<ComposeFileObject, `x-${string}` | 'external'>>(at, {
    name: text,
    file: text,
    labels: pairs,
    driver: text,
    driver_opts: pairs,
    template_driver: text,
  });
  const more = { ...extensions(at) };
  if (external.isExternal)
    return { ...found, name: externalName(key, found.name, external, at), external: true, ...more };
  if (found.driver !== undefined) {
    if (found.file !== undefined)
      at.wrong([...at.path, 'file'], `the ${kind} ${key} has a driver and a file`, 'expected only one of them');
    return { ...found, ...more };
  }
  return { ...found, file: referred(found.file ?? '', at, scope, kind), ...more };
}

function referred(written: string, at: At, scope: Scope, kind: Reference['kind']): string {
  const path = absolutePath(scope.folder, written);
  const place = written === '' ? at.path : [...at.path, 'file'];
  scope.referToFile({ kind, path, written, place });
  return path;
}

/** The objects of a section, each with its key. */
export function section<T>(file: At, name: string, convert: (key: string, at: At) => T): Record<string, T> | undefined {
  const at = member(file, name);
  if (!at || !isDict(at.value)) return undefined;
  const entries = [...at.value].map(([key, value]) => {
    const place: At = { value, path: [...at.path, key], wrong: at.wrong };
    return [key, convert(key, place)] as const;
  });
  return orNone(objectOf(entries));
}
