import type { Engine } from '../contracts/engine.ts';

/** An engine's own view of its part in a swarm. */
export interface LocalSwarm {
  /** inactive, pending, active, error or locked. */
  readonly state: string;
  readonly nodeId: string;
  readonly nodeAddress: string;
  /** The cluster's ID, known to managers while they have a leader, but not to workers. */
  readonly clusterId?: string;
  readonly isManager: boolean;
  readonly managerAddresses: readonly string[];
  readonly error: string;
  /** Where the engine keeps its certificates and, as a manager, the Raft log. */
  readonly folder: string;
}

/** The folder in which an engine keeps its swarm state. @param root the engine's data folder */
export function swarmFolder(root = '/var/lib/docker'): string {
  return `${root}/swarm`;
}

interface SwarmInfo {
  readonly LocalNodeState?: string;
  readonly NodeID?: string;
  readonly NodeAddr?: string;
  readonly ControlAvailable?: boolean;
  readonly Error?: string;
  readonly RemoteManagers?: readonly { readonly Addr: string }[] | null;
  readonly Cluster?: { readonly ID?: string };
}

interface EngineInfo {
  readonly Name?: string;
  readonly HttpProxy?: string;
  readonly HttpsProxy?: string;
  readonly NoProxy?: string;
  readonly DockerRootDir?: string;
  readonly Swarm?: SwarmInfo;
}

/** Reads an engine's own part in a swarm. Source: GET /info, field Swarm. */
export async function localSwarm(engine: Engine): Promise<LocalSwarm> {
  const info: EngineInfo = await engine.call('ask for its state', (docker): Promise<EngineInfo> => docker.info());
  const swarm = info.Swarm ?? {};
  return {
    state: swarm.LocalNodeState ?? 'inactive',
    nodeId: swarm.NodeID ?? '',
    nodeAddress: swarm.NodeAddr ?? '',
    isManager: swarm.ControlAvailable ?? false,
    managerAddresses: (swarm.RemoteManagers ?? []).map((manager) => manager.Addr),
    error: swarm.Error ?? '',
    folder: swarmFolder(info.DockerRootDir),
    ...(swarm.Cluster?.ID ? { clusterId: swarm.Cluster.ID } : {}),
  };
}

/** What an engine was started with. */
export interface EngineEnvironment {
  /** The machine's host name. */
  readonly hostname: string;
  /** The proxy for its connections, those of the swarm included; empty without one. */
  readonly proxy: string;
  /** What is excluded from the proxy, separated by commas. */
  readonly noProxy: string;
}

/** Source: GET /info; swarm's connections go through HTTPS_PROXY, as those of all of gRPC. */
export async function engineEnvironment(engine: Engine): Promise<EngineEnvironment> {
  const info: EngineInfo = await engine.call('ask for its state', (docker): Promise<EngineInfo> => docker.info());
  return { hostname: info.Name ?? '', proxy: info.HttpsProxy || info.HttpProxy || '', noProxy: info.NoProxy ?? '' };
}
