/** Marks what swarmup made: the value is the cluster's name. */
export const OWNER_LABEL = 'swarmup.cluster';

/** On a node: the keys of the labels that swarmup set there, so that it knows later which are its own. */
const MANAGED_LABEL = 'swarmup.labels';

export type Labels = Readonly<Record<string, string>>;

/** The keys of the labels that swarmup set on a node. */
export function managedKeys(labels: Labels): readonly string[] {
  return (labels[MANAGED_LABEL] ?? '').split(',').filter((key) => key !== '');
}

/**
 * The labels a node gets: those of the cluster file over what it has, without those to take away, and with
 * swarmup's own marks. Labels that others set stay.
 */
export function markedLabels(current: Labels, wanted: Labels, remove: readonly string[], cluster: string): Labels {
  const kept = Object.fromEntries(Object.entries(current).filter(([key]) => !remove.includes(key)));
  const managed = [...managedKeys(current).filter((key) => key in kept), ...Object.keys(wanted)];
  const marks = { [OWNER_LABEL]: cluster, [MANAGED_LABEL]: [...new Set(managed)].sort().join(',') };
  const { [MANAGED_LABEL]: _none, ...bare } = { ...kept, ...wanted, ...marks };
  return managed.length > 0 ? { ...bare, [MANAGED_LABEL]: marks[MANAGED_LABEL] } : bare;
}
