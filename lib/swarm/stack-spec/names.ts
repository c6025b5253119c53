import type { ComposeConfig, ComposeFileObject, ComposeNetwork } from '../../compose/types.ts';
import { byText } from './values.ts';

/** What is in the stack's name space, or belongs to it. Source: docker/cli, cli/compose/convert. */
export const NAMESPACE_LABEL = 'com.docker.stack.namespace';

/** On every service of a stack: its image as the file names it. */
export const IMAGE_LABEL = 'com.docker.stack.image';

/** The network of services that name none. */
export const DEFAULT_NETWORK = 'default';

/** Networks that every engine has, which aren't looked up. Source: moby, api/types/container, NetworkMode. */
const PREDEFINED = /^(?:default|bridge|host|none|container:.*)$/s;

export function isPredefined(network: string): boolean {
  return PREDEFINED.test(network);
}

/** The name of a stack's own object in the swarm, unless its file names it otherwise. */
export function scoped(stack: string, name: string): string {
  return `${stack}_${name}`;
}

/** Networks, secrets and configs by their names in the swarm. */
export interface SwarmNames {
  readonly networks: readonly string[];
  readonly secrets: readonly string[];
  readonly configs: readonly string[];
}

/** What the file declares external, and services need: docker requires it, and makes none of it. */
export function externalNames(config: ComposeConfig): SwarmNames {
  const used = usedNetworks(config);
  const networks = Object.entries(config.networks ?? {}).filter(([name]) => used.has(name));
  return {
    networks: externals(networks).filter((name) => !isPredefined(name)),
    secrets: externals(Object.entries(config.secrets ?? {}).filter(([name]) => grants(config, 'secrets').has(name))),
    configs: externals(Object.entries(config.configs ?? {}).filter(([name]) => grants(config, 'configs').has(name))),
  };
}

/** What docker creates with the stack. */
export function ownNames(stack: string, config: ComposeConfig): SwarmNames {
  const own = (section: Entries): string[] =>
    section.flatMap(([name, one]) => (one?.external ? [] : [one?.name ?? scoped(stack, name)])).toSorted(byText);
  const networks = [...usedNetworks(config)].map((name): Entries[number] => [name, config.networks?.[name]]);
  return {
    networks: own(networks),
    secrets: own(Object.entries(config.secrets ?? {})),
    configs: own(Object.entries(config.configs ?? {})),
  };
}

type Entries = readonly (readonly [
  string,
  { readonly name?: string | undefined; readonly external?: boolean | undefined } | null | undefined,
])[];

function externals(section: Entries): string[] {
  const names = section.flatMap(([name, one]) => (one?.external ? [one.name ?? name] : []));
  return [...new Set(names)].toSorted(byText);
}

/** The networks that services use, by their names in the file: others aren't made. */
function usedNetworks({ services }: ComposeConfig): ReadonlySet<string> {
  return new Set(
    Object.values(services).flatMap(({ networks = {} }) => {
      const names = Object.keys(networks);
      return names.length > 0 ? names : [DEFAULT_NETWORK];
    }),
  );
}

function grants({ services }: ComposeConfig, kind: 'secrets' | 'configs'): ReadonlySet<string> {
  return new Set(
    Object.values(services).flatMap((service) => [
      ...(service[kind] ?? []).map(({ source = '' }) => source),
      ...(kind === 'configs' ? [service.credential_spec?.config ?? ''] : []),
    ]),
  );
}

/** A service, network, secret or config by its name in the swarm. */
export interface NamedInSwarm {
  readonly kind: 'service' | 'network' | 'secret' | 'config';
  readonly name: string;
}

/** The key in a stack's files of what has a name in the swarm; undefined for what they don't have. */
export function keyOf(stack: string, config: ComposeConfig, { kind, name }: NamedInSwarm): string | undefined {
  if (kind === 'service') return Object.keys(config.services).find((key) => scoped(stack, key) === name);
  const section: Readonly<Record<string, ComposeNetwork | ComposeFileObject>> = config[`${kind}s`] ?? {};
  const found = Object.entries(section).find(
    ([key, one]) => (one.name ?? (one.external ? key : scoped(stack, key))) === name,
  );
  if (found) return found[0];
  return kind === 'network' && name === scoped(stack, DEFAULT_NETWORK) ? DEFAULT_NETWORK : undefined;
}
