import { listOf, pairs, plainStructure, structure, text, texts, type Convert } from './convert.ts';
import { duration, nonZero, nonZeroDuration, ratio, signed, size, unsigned } from './convert-numbers.ts';
import type { ComposeDeploy, ComposeUpdate } from './types.ts';

const update = structure<ComposeUpdate>({
  parallelism: unsigned,
  delay: nonZeroDuration,
  failure_action: text,
  monitor: nonZeroDuration,
  max_failure_ratio: ratio,
  order: text,
});

type Resources = NonNullable<ComposeDeploy['resources']>;
type Generic = NonNullable<NonNullable<Resources['reservations']>['generic_resources']>[number];

const generic = structure<Generic>({
  discrete_resource_spec: (at) => ({ kind: '', value: 0, ...structure({ kind: text, value: signed })(at) }),
});

/** The `deploy` section of a service; undefined when it says nothing. */
export const deploy: Convert<ComposeDeploy> = plainStructure<ComposeDeploy>({
  mode: text,
  replicas: unsigned,
  labels: pairs,
  update_config: update,
  rollback_config: update,
  resources: plainStructure<Resources>({
    limits: structure({ cpus: text, memory: size, pids: nonZero(signed) }),
    reservations: structure({ cpus: text, memory: size, generic_resources: listOf(generic) }),
  }),
  restart_policy: structure({ condition: text, delay: duration, max_attempts: unsigned, window: duration }),
  placement: plainStructure({
    constraints: texts,
    preferences: listOf(structure({ spread: text })),
    max_replicas_per_node: nonZero(unsigned),
  }),
  endpoint_mode: text,
});
