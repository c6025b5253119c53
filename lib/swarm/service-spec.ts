import type { ServiceSpec } from '../config/model.ts';
import type { Path, Value } from '../contracts/change.ts';
import { semanticEqual } from './semantic-equal.ts';
import { managedKeys, markedLabels, OWNER_LABEL, type Labels } from './labels.ts';
import { asValue, NO_NAMES, type Field, type Names } from './fields/field.ts';
import { FIELDS } from './fields/index.ts';
import { valueAt } from './fields/paths.ts';
import { UPDATE_DEFAULTS } from './fields/policies.ts';
import type { ServiceSpecification, SwarmService } from '../contracts/swarm-types.ts';

/** On a service: the keys of the cluster file that were applied to it, so that a key removed from the file is reset. */
const FIELDS_LABEL = 'swarmup.fields';

/** The keys that every service has, and that needn't be recorded. */
const ALWAYS = ['image', 'replicas', 'ports', 'env', 'constraints'];

type Mode = ServiceSpec['mode'];

/** The modes in the words of the Engine API. */
const MODES = {
  replicated: 'Replicated',
  global: 'Global',
  'replicated-job': 'ReplicatedJob',
  'global-job': 'GlobalJob',
} as const satisfies Record<Mode, keyof ServiceSpecification['Mode']>;

/** A service's mode in the words of the cluster file. */
export function modeOf({ Mode: found }: Pick<ServiceSpecification, 'Mode'>): Mode {
  if (found.GlobalJob) return 'global-job';
  if (found.ReplicatedJob) return 'replicated-job';
  return found.Global ? 'global' : 'replicated';
}

/** Whether its tasks are run once, until they complete. */
function isJob(mode: Mode): boolean {
  return mode === 'replicated-job' || mode === 'global-job';
}

/** A difference between a service and the cluster file. */
export interface Difference {
  /** The path below the service, in keys of the cluster file: a key, or `labels` and the label. */
  readonly path: Path;
  /** Both in the form of `Field.told`; undefined for none. */
  readonly from: Value | undefined;
  readonly to: Value | undefined;
}

/**
 * The differences in the fields that the cluster file sets or did set; everything else of the service is left
 * unchanged.
 */
export function differences(service: SwarmService, wanted: ServiceSpec, names: Names = NO_NAMES): Difference[] {
  const { Labels: labels = {} } = service.Spec;
  const fields = FIELDS.flatMap((field): Difference[] => {
    const standing = valueAt(service.Spec, field.path);
    const current = field.current ? field.current(standing, names) : standing;
    const value = wantedValue(field, wanted, labels);
    if (!value || (field.same ?? semanticEqual)(current, value.wanted)) return [];
    const told = field.told ?? asValue;
    return [{ path: [field.name], from: told(current), to: told(value.wanted) }];
  });
  // A service that swarmup hasn't changed yet has no mark: it gets one with its first change.
  const isAdopted = labels[OWNER_LABEL] === undefined && labels[FIELDS_LABEL] === undefined;
  const isMarked = isAdopted || notedFields(wanted) === (labels[FIELDS_LABEL] ?? '');
  const mark = isMarked ? [] : [markDifference(labels, wanted)];
  return [...fields, ...labelDifferences(labels, wanted), ...(fields.length === 0 ? mark : [])];
}

function markDifference(labels: Labels, wanted: ServiceSpec): Difference {
  return { path: ['managedKeys'], from: labels[FIELDS_LABEL], to: notedFields(wanted) || undefined };
}

function labelDifferences(labels: Labels, { labels: wanted = {} }: ServiceSpec): Difference[] {
  const gone = managedKeys(labels).filter((key) => !(key in wanted) && key in labels);
  const changed = Object.entries(wanted).filter(([key, value]) => labels[key] !== value);
  return [
    ...changed.map(([key, value]) => ({ path: ['labels', key], from: labels[key], to: value })),
    ...gone.map((key) => ({ path: ['labels', key], from: labels[key], to: undefined })),
  ];
}

/** The wanted value of a field; undefined when the file doesn't set it and never did. */
function wantedValue(field: Field, service: ServiceSpec, labels: Labels): { readonly wanted: unknown } | undefined {
  const wanted = field.wanted(service);
  if (wanted !== undefined) return { wanted };
  const did = (labels[FIELDS_LABEL] ?? '').split(',').includes(field.name);
  return did ? { wanted: field.otherwise } : undefined;
}

/**
 * The keys of a cluster file that were applied to a service, besides those that every service has; undefined for a
 * service that swarmup never changed.
 */
export function appliedKeys({ Spec: { Labels = {} } }: SwarmService): readonly string[] | undefined {
  const noted = Labels[FIELDS_LABEL];
  if (noted === undefined) return Labels[OWNER_LABEL] === undefined ? undefined : [];
  return noted.split(',');
}

/** The keys to record on a service. */
function notedFields(service: ServiceSpec): string {
  const named = FIELDS.filter((field) => !ALWAYS.includes(field.name) && field.wanted(service) !== undefined);
  return named.map(({ name }) => name).join(',');
}

/**
 * The specification to send: the service's current one, overridden by the file's fields.
 * @param image with the registry's digest if known, so that every node runs the same
 */
export function specification(
  wanted: ServiceSpec,
  image: string,
  cluster: string,
  { current, names = NO_NAMES }: { readonly current?: ServiceSpecification | undefined; readonly names?: Names } = {},
): ServiceSpecification {
  const labels = current?.Labels ?? {};
  let spec: object = {
    // Swarm refuses jobs that say how they are updated.
    ...(isJob(wanted.mode) ? {} : { UpdateConfig: UPDATE_DEFAULTS }),
    ...current,
    Name: wanted.name,
    Labels: labelsFor(wanted, labels, cluster),
    Mode: current !== undefined && modeOf(current) === wanted.mode ? current.Mode : { [MODES[wanted.mode]]: {} },
  };
  for (const field of FIELDS) {
    const value = wantedValue(field, wanted, labels);
    if (!value) continue;
    const sent = field.send && value.wanted !== undefined ? field.send(value.wanted, names) : value.wanted;
    spec = withValue(spec, field.path, field.name === 'image' ? image : sent);
  }
  // eslint-disable-next-line typescript/no-unsafe-type-assertion -- built by the paths of the API's own type
  return spec as ServiceSpecification;
}

function labelsFor(wanted: ServiceSpec, current: Labels, cluster: string): Labels {
  const own = wanted.labels ?? {};
  const remove = [...managedKeys(current).filter((key) => !(key in own)), FIELDS_LABEL];
  const labels = markedLabels(current, { wanted: own, remove, cluster, name: undefined });
  const noted = notedFields(wanted);
  return noted === '' ? labels : { ...labels, [FIELDS_LABEL]: noted };
}

/** A copy with another value at a path; for undefined without that path, and without objects that it leaves empty. */
function withValue(whole: object, [key = '', ...rest]: readonly string[], value: unknown): object {
  const inner: unknown = Reflect.get(whole, key);
  const next =
    rest.length === 0 ? value : withValue(typeof inner === 'object' && inner !== null ? inner : {}, rest, value);
  const isLeftEmpty = value === undefined && typeof next === 'object' && next !== null && isEmptyObject(next);
  return { ...whole, [key]: isLeftEmpty ? undefined : next };
}

function isEmptyObject(value: object): boolean {
  return Object.values(value).every((one) => one === undefined);
}
