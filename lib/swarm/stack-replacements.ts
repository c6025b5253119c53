import type { ComposeConfig, ComposeFileObject, ComposeMount, ComposeService } from '../compose/types.ts';
import type { StackSpec } from '../config/model.ts';
import { renamed, type Addition, type ObjectNames } from './stack.ts';

/** The first docker command that merges volumes by their targets; 20.10 lists both. Source: docker/cli, v23.0.0. */
const MERGES_VOLUMES = 23;

/** Where a stack's files lie on the manager. */
export interface Placing {
  /**
   * Whether docker takes the user's own folder for that of the files, so that relative bind mounts mean the same. It
   * can't when it has to read environment files, which lie in the private folder.
   */
  readonly isRealFolder: boolean;
  /** The place on the manager of a file that is sent there. */
  readonly sent: (path: string) => string;
}

/** The content of the Compose file behind the user's own; empty when nothing is replaced. */
export function replacements(
  stack: StackSpec,
  additions: readonly Addition[],
  objects: ObjectNames,
  { isRealFolder, sent }: Placing,
): object {
  const { compose, version } = stack;
  const services = Object.entries(compose.services).flatMap(([name, service]) => {
    const { image, imageReplaced } = stack.services.find((one) => one.name === name) ?? {};
    const { replicas } = additions.find((one) => one.service === name) ?? {};
    const binds = isRealFolder ? [] : movedBinds(stack, service);
    const replaced = {
      ...(imageReplaced && image !== undefined ? { image: literal(image) } : {}),
      ...(binds.length > 0 ? { volumes: binds.map((bind) => written(bind, version)) } : {}),
      ...(replicas === undefined ? {} : { deploy: { replicas } }),
    };
    return Object.keys(replaced).length > 0 ? [[name, replaced]] : [];
  });
  const sections = (['secrets', 'configs'] as const).flatMap((kind) => {
    const own = placed(compose[kind] ?? {}, objects[kind], { version, sent });
    return own.length > 0 ? [[kind, Object.fromEntries(own)]] : [];
  });
  return {
    ...(services.length > 0 ? { services: Object.fromEntries(services) } : {}),
    ...Object.fromEntries(sections),
  };
}

/** The bind mounts of a service, if any of them depends on the folder that the files are in. */
function movedBinds({ files }: StackSpec, { volumes = [] }: ComposeService): readonly ComposeMount[] {
  const binds = volumes.filter(({ type }) => type === 'bind');
  // An absolute path is in the files as it is.
  const isFixed = ({ source = '' }: ComposeMount) => files.some(({ text }) => text.includes(source));
  return binds.every(isFixed) ? [] : binds;
}

/** A service of which Docker's merge would lose something. */
export interface Loss {
  readonly service: string;
  /** What swarmup has to replace in it, so that it would be merged. */
  readonly replaced: 'image' | 'volumes' | 'replicas';
}

/**
 * Services of which Docker's merge would lose something when swarmup replaces something of theirs.
 *
 * @param cli the manager's docker, from `cliVersion`
 */
export function lossyServices(
  stack: StackSpec,
  additions: readonly Addition[],
  { isRealFolder, cli }: { readonly isRealFolder: boolean; readonly cli: number | undefined },
): readonly Loss[] {
  return Object.entries(stack.compose.services).flatMap(([name, service]): Loss[] => {
    const hasBinds = !isRealFolder && movedBinds(stack, service).length > 0;
    if (hasBinds && cli !== undefined && cli < MERGES_VOLUMES) return [{ service: name, replaced: 'volumes' }];
    if (!losesByMerging(service)) return [];
    const { imageReplaced } = stack.services.find((one) => one.name === name) ?? {};
    const { replicas } = additions.find((one) => one.service === name) ?? {};
    const replaced = imageReplaced ? 'image' : hasBinds ? 'volumes' : replicas === undefined ? undefined : 'replicas';
    return replaced === undefined ? [] : [{ service: name, replaced }];
  });
}

function losesByMerging({ ports = [], secrets = [], configs = [] }: ComposeService): boolean {
  const keys = [
    ports.map(({ published = 0 }) => published),
    secrets.map(({ source }) => source),
    configs.map(({ source }) => source),
  ];
  return keys.some((list) => new Set<unknown>(list).size < list.length);
}

/** A bind mount with its absolute source, in a form that the file's version has: the long one is from 3.2 on. */
function written(
  { type, source = '', target = '', read_only: isReadOnly, bind }: ComposeMount,
  version?: string,
): unknown {
  const propagation = bind?.propagation;
  if (!isBefore(version, 2))
    return {
      type,
      source: literal(source),
      target: literal(target),
      ...(isReadOnly === undefined ? {} : { read_only: isReadOnly }),
      ...(propagation === undefined ? {} : { bind: { propagation } }),
    };
  const options = [...(isReadOnly ? ['ro'] : []), ...(propagation === undefined ? [] : [propagation])];
  return literal([source, target, ...(options.length > 0 ? [options.join(',')] : [])].join(':'));
}

interface Place {
  readonly version: string | undefined;
  readonly sent: Placing['sent'];
}

/** Secrets or configs that are elsewhere than the user's files say, complete: Docker replaces them as a whole. */
function placed(
  section: NonNullable<ComposeConfig['secrets']>,
  names: ReadonlyMap<string, string>,
  { version, sent }: Place,
): readonly (readonly [string, object])[] {
  const known = renamed(section, names);
  return Object.entries(section).flatMap(([key, one]): (readonly [string, object])[] => {
    const { name = key, file } = known[key] ?? one;
    if (one.external)
      // `name` is from 3.5 on; before, it was part of `external`.
      return known[key] === one
        ? []
        : [
            [
              key,
              isBefore(version, 5) ? { external: { name: literal(name) } } : { ...texts(one), name: literal(name) },
            ],
          ];
    return file === undefined ? [] : [[key, { ...texts(one), file: literal(sent(file)) }]];
  });
}

/** A copy in which Docker finds no variables. */
function texts(object: ComposeFileObject): object {
  const copy = (inner: unknown): unknown => {
    if (typeof inner === 'string') return literal(inner);
    if (Array.isArray(inner)) return inner.map(copy);
    if (typeof inner !== 'object' || inner === null) return inner;
    return Object.fromEntries(Object.entries(inner).map(([key, one]) => [key, copy(one)]));
  };
  return Object.fromEntries(Object.entries(object).map(([key, one]) => [key, copy(one)]));
}

/** A text with escaped dollar signs, in which Docker finds no variables. */
export function literal(text: string): string {
  return text.replaceAll('$', '$$$$');
}

/** Whether a file claims a version of the format before 3.MINOR; a file without a version is of the newest. */
function isBefore(version: string | undefined, minor: number): boolean {
  // Docker 20.10 takes 3 for 3.0; later ones for the newest, which has the older forms too.
  const [, claimed] = /^3\.(\d+)$/.exec(version === '3' ? '3.0' : (version ?? '')) ?? [];
  return claimed !== undefined && Number(claimed) < minor;
}
