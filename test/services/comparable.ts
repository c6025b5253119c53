import type { ServiceSpecification } from '../../lib/contracts/swarm-types.ts';

/** Requests of Docker's client and of swarmup in a form in which they can be compared. */

type Body = Readonly<Record<string, unknown>>;

/** A value without what an API that omits empty values doesn't see, and with lists in order. */
export function essence(value: unknown): unknown {
  if (Array.isArray(value)) {
    const list = value.map(essence);
    return list.every((one) => typeof one === 'object') ? list.sort((a, b) => order(a).localeCompare(order(b))) : list;
  }
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, inner]) => [key, essence(inner)] as const);
  const kept = entries.filter(([, inner]) => !isEmpty(inner)).sort(([a], [b]) => a.localeCompare(b));
  return Object.fromEntries(kept);
}

const order = (value: unknown) => JSON.stringify(value) ?? '';

function isEmpty(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length === 0;
  return value === undefined || value === null || value === '' || value === 0 || value === false;
}

/** A service's specification without what swarmup adds to every service, and what it says where Docker leaves a default. */
export function comparableService(spec: object): unknown {
  const { UpdateConfig, EndpointSpec, Mode, TaskTemplate, ...rest } = spec as Record<string, Record<string, unknown>>;
  const { Mode: endpoint, ...ports } = EndpointSpec ?? {};
  const { Replicated, ...other } = Mode ?? {};
  const { ContainerSpec, ...task } = TaskTemplate ?? {};
  const isOurs = UpdateConfig?.['FailureAction'] === 'rollback';
  const hosts = { ...(ContainerSpec as object) } as Record<string, unknown>;
  if (Array.isArray(hosts['Hosts'])) hosts['Hosts'] = (hosts['Hosts'] as string[]).toSorted();
  return essence({
    ...rest,
    Labels: Object.fromEntries(Object.entries(rest['Labels'] ?? {}).filter(([key]) => !key.startsWith('swarmup.'))),
    TaskTemplate: { ...task, ContainerSpec: hosts },
    UpdateConfig: isOurs ? undefined : UpdateConfig,
    EndpointSpec: { ...ports, Mode: endpoint === 'vip' ? undefined : endpoint },
    // An empty object is a mode too.
    Mode: Replicated
      ? { Replicas: (Replicated as Body)['Replicas'] ?? 1 }
      : { ...other, is: Object.keys(other).join() },
  });
}

export function comparableNetwork(body: object): unknown {
  const { Labels = {}, IPAM, ...rest } = body as Record<string, Record<string, unknown>>;
  const labels = Object.fromEntries(Object.entries(Labels).filter(([key]) => !key.startsWith('swarmup.')));
  return essence({
    ...rest,
    Labels: labels,
    IPAM: { ...IPAM, Driver: IPAM?.['Driver'] === 'default' ? '' : IPAM?.['Driver'] },
  });
}

/** The swarm as it is once it was created and configured: which of the two says a thing makes no difference to users. */
export function comparableSwarm(body: object): unknown {
  const { Spec = {}, AutoLockManagers: _repeated, DataPathPort, SubnetSize, ...rest } = body as Body & { Spec?: Body };
  return essence({
    ...rest,
    DataPathPort: DataPathPort === 4789 ? 0 : DataPathPort,
    SubnetSize: SubnetSize === 24 ? 0 : SubnetSize,
    Spec: { ...Spec, Labels: {} },
  });
}

/** A job that leaves its numbers to the managers has one task. */
export function withDefaults(spec: ServiceSpecification): ServiceSpecification {
  const { ReplicatedJob } = spec.Mode;
  return ReplicatedJob ? { ...spec, Mode: { ReplicatedJob: { TotalCompletions: 1, MaxConcurrent: 1 } } } : spec;
}
