import { expectedOneOf } from '../util/nearest-name.ts';
import type { DependsOn } from './dependency-schema.ts';
import type { Path } from './locate.ts';
import type { Cluster, Dependency, ServiceSpec, StackSpec } from './model.ts';
import type { Reporter } from './reporter.ts';

/** The order in which services and stacks are deployed, from their `dependsOn`. */

interface Written {
  readonly services: Readonly<Record<string, { readonly dependsOn?: DependsOn | undefined }>>;
  readonly stacks: Readonly<Record<string, { readonly dependsOn?: DependsOn | undefined }>>;
}

type Parts = Pick<Cluster, 'services' | 'stacks'>;

/** Services and stacks with their dependencies resolved. Unknown names, impossible conditions and cycles are reported. */
export function withDependencies(written: Written, parts: Parts, reporter: Reporter): Parts {
  const resolver = new Resolver(parts, reporter);
  const resolved = <T extends ServiceSpec | StackSpec>(section: 'services' | 'stacks', all: readonly T[]): T[] =>
    all.map((one) => {
      const found = resolver.resolve(written[section][one.name]?.dependsOn, [section, one.name, 'dependsOn']);
      return found.length === 0 ? one : { ...one, dependsOn: found };
    });
  const ordered = { services: resolved('services', parts.services), stacks: resolved('stacks', parts.stacks) };
  reportCycles(ordered, reporter);
  return ordered;
}

class Resolver {
  readonly #parts: Parts;
  readonly #reporter: Reporter;

  constructor(parts: Parts, reporter: Reporter) {
    this.#parts = parts;
    this.#reporter = reporter;
  }

  resolve(written: DependsOn | undefined, place: Path): Dependency[] {
    if (written === undefined) return [];
    const list = Array.isArray(written)
      ? written.map((name, i) => ({ name, condition: 'running' as const, key: i }))
      : Object.entries(written).map(([name, condition]) => ({ name, condition, key: name }));
    return list.flatMap(({ name, condition, key }) => {
      const found = this.#named(name, condition, [...place, key]);
      return found ? [found] : [];
    });
  }

  #named(name: string, condition: Dependency['condition'], place: Path): Dependency | undefined {
    const { services, stacks } = this.#parts;
    const service = services.find((one) => one.name === name);
    const stack = stacks.find((one) => one.name === name);
    const within = stacks.find((one) => one.services.some((inner) => `${one.name}_${inner.name}` === name));
    if ([service, stack, within].filter((one) => one !== undefined).length > 1) {
      const hint = 'expected a name that only one of them has';
      this.#reporter.wrong(place, `'${name}' names several services or stacks of this file`, hint);
      return undefined;
    }
    if (service) {
      this.#possible(service, condition, place);
      return { kind: 'service', name, condition };
    }
    if (stack) return { kind: 'stack', name, condition };
    if (within) return { kind: 'stack', name: within.name, service: name, condition };
    const names = [...services, ...stacks].map((one) => one.name);
    const hint = names.length > 0 ? expectedOneOf(name, names) : 'expected a service or a stack of this file';
    this.#reporter.wrong(place, `there is no service or stack '${name}'`, hint);
    return undefined;
  }

  /** What the file alone rules out. The rest is known once the service runs. */
  #possible(service: ServiceSpec, condition: Dependency['condition'], place: Path): void {
    const { name, restart, healthcheck } = service;
    const job = isJobMode(service.mode);
    if (condition === 'completed' && !job && (restart?.condition ?? 'any') === 'any')
      this.#reporter.wrong(
        place,
        `${name} never completes: its tasks are restarted whenever they end`,
        'expected a job (mode: replicated-job), or restart: { condition: on-failure }; or to depend on it as running',
      );
    if (condition === 'healthy' && (job || healthcheck === 'none'))
      this.#reporter.wrong(
        place,
        job ? `${name} is a job, which completes` : `${name} has no health check`,
        job ? 'expected completed' : 'expected a healthcheck there, or to depend on it as running',
      );
  }
}

function isJobMode(mode: ServiceSpec['mode']): boolean {
  return mode === 'replicated-job' || mode === 'global-job';
}

/** Reports each cycle once, where its first member in the file names the next. */
function reportCycles({ services, stacks }: Parts, reporter: Reporter): void {
  const all = [
    ...services.map((one) => ({ key: `service ${one.name}`, place: ['services', one.name, 'dependsOn'], ...one })),
    ...stacks.map((one) => ({ key: `stack ${one.name}`, place: ['stacks', one.name, 'dependsOn'], ...one })),
  ];
  const byKey = new Map(all.map((one) => [one.key, one]));
  const done = new Set<string>();
  const visit = (key: string, trail: readonly string[]): void => {
    const start = trail.indexOf(key);
    if (start >= 0) {
      const names = [...trail.slice(start), key].map((one) => one.slice(one.indexOf(' ') + 1));
      const what =
        names.length === 2 ? `${names[0]} depends on itself` : `these depend on each other: ${names.join(' → ')}`;
      const hint = 'expected an order in which each can be deployed after those that it depends on';
      reporter.wrong(byKey.get(key)?.place ?? [], what, hint);
      return;
    }
    if (done.has(key)) return;
    for (const { kind, name } of byKey.get(key)?.dependsOn ?? []) visit(`${kind} ${name}`, [...trail, key]);
    done.add(key);
  };
  for (const { key } of all) visit(key, []);
}

/** Whether the tasks of a service, by its name in the swarm, have to complete because something depends on that. */
export function awaitedToComplete({ services, stacks }: Parts): (service: string) => boolean {
  const awaited = [...services, ...stacks].flatMap((one) =>
    (one.dependsOn ?? []).filter(({ condition }) => condition === 'completed'),
  );
  const names = new Set(awaited.flatMap((dependency) => servicesNamed(dependency, stacks)));
  return (service) => names.has(service);
}

/** The services that a dependency means, by their names in the swarm. */
export function servicesNamed(
  { kind, name, service }: Dependency,
  stacks: readonly Pick<StackSpec, 'name' | 'services'>[],
): readonly string[] {
  if (kind === 'service') return [name];
  if (service !== undefined) return [service];
  return stacks.find((one) => one.name === name)?.services.map((inner) => `${name}_${inner.name}`) ?? [];
}
