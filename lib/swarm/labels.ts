/** Marks what swarmup made: the value is the cluster's name. */
export const OWNER_LABEL = 'swarmup.cluster';

/** On a node: the keys of the labels that swarmup set there, so that it knows later which are its own. */
const MANAGED_LABEL = 'swarmup.labels';

/** On a node whose host name isn't the name that the cluster file has for it: that name. */
export const NAME_LABEL = 'swarmup.node';

export type Labels = Readonly<Record<string, string>>;

export interface Marking {
  readonly wanted: Labels;
  /** Keys of labels to take away. */
  readonly remove: readonly string[];
  readonly cluster: string;
  /** The node's name in the cluster file, where its host name is another. */
  readonly name: string | undefined;
}

/** Whether a node, a service or a swarm is one that swarmup made for this cluster. */
export function isMarked({ Labels }: { readonly Labels?: Labels | null }, cluster: string): boolean {
  return Labels?.[OWNER_LABEL] === cluster;
}

/** The keys of the labels that swarmup set on a node. */
export function managedKeys(labels: Labels): readonly string[] {
  return (labels[MANAGED_LABEL] ?? '').split(',').filter((key) => key !== '');
}

/**
 * The labels a node gets: those of the cluster file over what it has, without those to take away, and with
 * swarmup's own marks. Labels that others set stay.
 */
export function markedLabels(current: Labels, { wanted, remove, cluster, name }: Marking): Labels {
  const kept = Object.fromEntries(Object.entries(current).filter(([key]) => !remove.includes(key)));
  const managed = [...managedKeys(current).filter((key) => key in kept), ...Object.keys(wanted)];
  const marks = { [OWNER_LABEL]: cluster, [MANAGED_LABEL]: [...new Set(managed)].sort().join(',') };
  const named = name === undefined ? {} : { [NAME_LABEL]: name };
  const { [MANAGED_LABEL]: _none, ...bare } = { ...kept, ...wanted, ...marks, ...named };
  return managed.length > 0 ? { ...bare, [MANAGED_LABEL]: marks[MANAGED_LABEL] } : bare;
}
