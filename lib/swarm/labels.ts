/** Marks what swarmup made; the value is the cluster's name. */
export const OWNER_LABEL = 'swarmup.cluster';

/** On a node: the keys of the labels that swarmup set there, by which it recognises its own labels later. */
const MANAGED_LABEL = 'swarmup.labels';

/** On a node whose host name differs from its name in the cluster file: the name in the file. */
export const NAME_LABEL = 'swarmup.node';

export type Labels = Readonly<Record<string, string>>;

export interface Marking {
  readonly wanted: Labels;
  /** Keys of labels to remove. */
  readonly remove: readonly string[];
  readonly cluster: string;
  /** The node's name in the cluster file, if its host name differs. */
  readonly name: string | undefined;
}

/** Whether swarmup made a node, a service or a swarm for this cluster. */
export function isMarked({ Labels }: { readonly Labels?: Labels | null }, cluster: string): boolean {
  return Labels?.[OWNER_LABEL] === cluster;
}

/** The keys of the labels that swarmup set on a node. */
export function managedKeys(labels: Labels): readonly string[] {
  return (labels[MANAGED_LABEL] ?? '').split(',').filter((key) => key !== '');
}

/**
 * The new labels of a node: its labels overridden by those of the cluster file, without those to remove, and with
 * swarmup's own marks. Labels set by others are kept.
 */
export function markedLabels(current: Labels, { wanted, remove, cluster, name }: Marking): Labels {
  const kept = Object.fromEntries(Object.entries(current).filter(([key]) => !remove.includes(key)));
  const managed = [...managedKeys(current).filter((key) => key in kept), ...Object.keys(wanted)];
  const marks = { [OWNER_LABEL]: cluster, [MANAGED_LABEL]: [...new Set(managed)].sort().join(',') };
  const named = name === undefined ? {} : { [NAME_LABEL]: name };
  const { [MANAGED_LABEL]: _none, ...bare } = { ...kept, ...wanted, ...marks, ...named };
  return managed.length > 0 ? { ...bare, [MANAGED_LABEL]: marks[MANAGED_LABEL] } : bare;
}
