import type { ComposeConfig, ComposePort, ComposeService } from './types.ts';

/** A port that a service publishes. */
export interface SummaryPort {
  readonly published: number;
  readonly target: number;
  readonly protocol: 'tcp' | 'udp' | 'sctp';
  /** host: only on nodes with a task, bypassing the routing mesh. */
  readonly mode: 'ingress' | 'host';
}

export interface SummaryService {
  readonly name: string;
  readonly image: string;
  /** Without those whose published port Docker chooses. */
  readonly ports: readonly SummaryPort[];
  /** The names of its environment variables. */
  readonly environment: readonly string[];
  readonly constraints: readonly string[];
  /** The named volumes it mounts from the node it runs on, by their names in the file. */
  readonly volumes: readonly string[];
  /** The names of these volumes on the node. */
  readonly volumeNames: readonly string[];
}

/** What swarmup needs to know of a stack. Names of external objects are those in the swarm. */
export interface ComposeSummary {
  readonly services: readonly SummaryService[];
  readonly externalNetworks: readonly string[];
  readonly externalSecrets: readonly string[];
  readonly externalConfigs: readonly string[];
}

/**
 * @param stack the stack's name, which Docker puts before the names of what it creates
 */
export function summarise(config: ComposeConfig, stack: string): ComposeSummary {
  return {
    services: Object.entries(config.services).map(([name, service]) => summariseService(name, service, config, stack)),
    externalNetworks: externalNames(config.networks),
    externalSecrets: externalNames(config.secrets),
    externalConfigs: externalNames(config.configs),
  };
}

function summariseService(
  name: string,
  service: ComposeService,
  { volumes = {} }: ComposeConfig,
  stack: string,
): SummaryService {
  const local = (service.volumes ?? []).flatMap(({ type, source }) => {
    const volume = source !== undefined && Object.hasOwn(volumes, source) ? volumes[source] : undefined;
    return type === 'volume' && source !== undefined && volume && isLocal(volume) ? [{ source, volume }] : [];
  });
  return {
    name,
    image: service.image ?? '',
    ports: (service.ports ?? []).flatMap(published),
    environment: Object.keys(service.environment ?? {}),
    constraints: service.deploy?.placement?.constraints ?? [],
    volumes: local.map(({ source }) => source),
    volumeNames: local.map(({ source, volume }) => volume.name ?? `${stack}_${source}`),
  };
}

/** With a driver, or options for one, a volume may be reached from any node. */
function isLocal({
  driver,
  driver_opts: options,
}: {
  readonly driver?: string;
  readonly driver_opts?: object;
}): boolean {
  return (driver === undefined || driver === 'local') && options === undefined;
}

function published({ target, published: port, protocol = 'tcp', mode }: ComposePort): readonly SummaryPort[] {
  if (port === undefined || target === undefined) return [];
  if (protocol !== 'tcp' && protocol !== 'udp' && protocol !== 'sctp') return [];
  return [{ published: port, target, protocol, mode: mode === 'host' ? 'host' : 'ingress' }];
}

function externalNames(
  objects: Readonly<Record<string, { readonly name?: string; readonly external?: boolean }>> = {},
): readonly string[] {
  return Object.entries(objects).flatMap(([key, { name, external }]) => (external === true ? (name ?? key) : []));
}
