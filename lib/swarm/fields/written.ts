import { isObject } from '../semantic-equal.ts';
import { asList, asObject, text, type Field, type Json, type Names } from './field.ts';
import { valueAt } from './paths.ts';
import { bytesText, compact, cpus, durationText, hosts, modeText, pairs } from './written-parts.ts';

/**
 * A field's value in the form of a cluster file. Fields without an entry here have the same form in both. What a reader
 * gets wrong isn't imported, as an import compares what it wrote with the service.
 */
type Writer = (value: Json) => Json;

const resource: Writer = (value) => {
  const { NanoCPUs, MemoryBytes, Pids, GenericResources } = asObject(value);
  const generic = asList(GenericResources).map((one) => asObject(asObject(one)['DiscreteResourceSpec']));
  return compact({
    cpus: cpus(NanoCPUs),
    memory: bytesText(MemoryBytes),
    pids: Pids || undefined,
    genericResources: Object.fromEntries(generic.map(({ Kind, Value }) => [text(Kind), Value])),
  });
};

const policy: Writer = (value) => {
  const { Parallelism, Delay, FailureAction, Monitor, MaxFailureRatio, Order } = asObject(value);
  return compact({
    parallelism: Parallelism ?? 0,
    delay: durationText(Delay ?? 0),
    onFailure: FailureAction,
    monitor: durationText(Monitor ?? 0),
    maxFailureRatio: MaxFailureRatio,
    order: Order,
  });
};

const grant =
  (kind: 'Secret' | 'Config'): Writer =>
  (value) =>
    asList(value).flatMap((one) => {
      const { [`${kind}Name`]: source, File } = asObject(one);
      const { Name: target, UID: uid, GID: gid, Mode: mode } = asObject(File);
      // A config without a file is for the engine itself.
      return target === undefined ? [] : [compact({ source, target, uid, gid, mode: modeText(mode) })];
    });

const port: Writer = (one) => {
  const { PublishedPort: published, TargetPort: target, Protocol, PublishMode } = asObject(one);
  const protocol = text(Protocol ?? 'tcp');
  if (PublishMode === 'host' || !published)
    return compact({ published: published || undefined, target, protocol, mode: PublishMode });
  return `${text(published)}:${text(target)}${protocol === 'tcp' ? '' : `/${protocol}`}`;
};

const mount: Writer = (one) => {
  const { Type, Source, Target, ReadOnly, BindOptions, VolumeOptions, TmpfsOptions, ImageOptions } = asObject(one);
  const { DriverConfig, Labels, NoCopy, Subpath } = asObject(VolumeOptions);
  const { Name, Options } = asObject(DriverConfig);
  const { Propagation, NonRecursive, CreateMountpoint, ReadOnlyNonRecursive, ReadOnlyForceRecursive } =
    asObject(BindOptions);
  const { SizeBytes, Mode, Options: flags } = asObject(TmpfsOptions);
  const recursive = [
    [NonRecursive, 'disabled'],
    [ReadOnlyNonRecursive, 'writable'],
    [ReadOnlyForceRecursive, 'readonly'],
  ].find(([set]) => set === true)?.[1];
  return compact({
    type: Type,
    source: Source,
    target: Target,
    readOnly: ReadOnly === true ? true : undefined,
    driver: Name,
    options:
      Options ??
      (flags && Object.fromEntries(asList(flags).map((flag) => [text(asList(flag)[0]), text(asList(flag)[1] ?? '')]))),
    labels: Labels,
    noCopy: NoCopy === true ? true : undefined,
    subpath: Subpath || asObject(ImageOptions)['Subpath'],
    propagation: Propagation,
    recursive,
    createSource: CreateMountpoint === true ? true : undefined,
    size: bytesText(SizeBytes),
    mode: modeText(Mode),
  });
};

const healthcheck: Writer = (value) => {
  const { Test, Interval, Timeout, StartPeriod, StartInterval, Retries } = asObject(value);
  const test = asList(Test).map(text);
  if (test[0] === 'NONE') return 'none';
  // Without a test only the times of the image's own check are changed, which the file can't say.
  if (test.length === 0) return undefined;
  return compact({
    test: test[0] === 'CMD-SHELL' && test.length === 2 ? test[1] : test,
    interval: Interval ? durationText(Interval) : undefined,
    timeout: Timeout ? durationText(Timeout) : undefined,
    startPeriod: StartPeriod ? durationText(StartPeriod) : undefined,
    startInterval: StartInterval ? durationText(StartInterval) : undefined,
    retries: Retries || undefined,
  });
};

const network: Writer = (one) => {
  const { Target, Aliases, DriverOpts } = asObject(one);
  const details = compact({ aliases: asList(Aliases).length > 0 ? Aliases : undefined, driverOptions: DriverOpts });
  return details ? { name: Target, ...details } : Target;
};

const WRITERS: Readonly<Record<string, Writer>> = {
  env: pairs,
  ports: (value) => asList(value).map(port),
  stopGracePeriod: durationText,
  networks: (value) => asList(value).map(network),
  mounts: (value) => asList(value).map(mount),
  secrets: grant('Secret'),
  configs: grant('Config'),
  preferences: (value) => asList(value).map((one) => asObject(asObject(one)['Spread'])['SpreadDescriptor']),
  limits: resource,
  reservations: resource,
  restart: (value) => {
    const { Condition, Delay, MaxAttempts, Window } = asObject(value);
    return compact({
      condition: Condition,
      delay: durationText(Delay),
      maxAttempts: MaxAttempts || undefined,
      window: Window ? durationText(Window) : undefined,
    });
  },
  update: policy,
  rollback: policy,
  healthcheck,
  ulimits: (value) =>
    Object.fromEntries(
      asList(value).map((one) => {
        const { Name, Soft = 0, Hard = 0 } = asObject(one);
        return [text(Name), { soft: Soft, hard: Hard }];
      }),
    ),
  credentialSpec: (value) => {
    const { Config: config, File: file, Registry: registry } = asObject(value);
    return compact({ config, file, registry });
  },
  extraHosts: hosts,
  logging: (value) => {
    const { Name, Options } = asObject(value);
    return compact({ driver: Name, options: Options });
  },
};

/**
 * What Docker sets where nothing is said, by the field's name. Such a value isn't written. Source: swarmkit,
 * api/defaults/service.go; docker/cli, cli/command/service/opts.go.
 */
const POLICY = { Parallelism: 1, FailureAction: 'pause', Monitor: 5e9, MaxFailureRatio: 0, Order: 'stop-first' };
const DEFAULTS: Readonly<Record<string, Json>> = {
  stopGracePeriod: 10e9,
  restart: { Condition: 'any', Delay: 5e9, MaxAttempts: 0 },
  update: POLICY,
  rollback: POLICY,
  isolation: 'default',
  endpointMode: 'vip',
};

/**
 * A service's value of a field in the form of a cluster file; undefined if there is none.
 *
 * @param defaults whether values that are Docker's own defaults are written too
 */
export function writtenValue(field: Field, spec: object, names: Names, defaults = false): Json {
  const standing = valueAt(spec, field.path);
  if (isNothing(standing) || (!defaults && isDefault(field.name, standing))) return undefined;
  const value = field.current ? field.current(standing, names) : standing;
  const writer = Object.hasOwn(WRITERS, field.name) ? WRITERS[field.name] : undefined;
  const written = writer ? writer(value) : value;
  return isNothing(written) ? undefined : written;
}

function isNothing(value: Json): boolean {
  if (value === undefined || value === null || value === '' || value === false) return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

function isDefault(name: string, value: Json): boolean {
  return Object.hasOwn(DEFAULTS, name) && equalTo(DEFAULTS[name], value);
}

function equalTo(expected: Json, value: Json): boolean {
  if (!isObject(expected)) return expected === value;
  if (!isObject(value)) return false;
  const known = Object.keys(expected);
  return (
    known.every((key) => (value[key] ?? 0) === expected[key] || isNothing(value[key])) &&
    Object.keys(value).every((key) => known.includes(key) || isNothing(value[key]))
  );
}
