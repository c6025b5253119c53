import type { ComposeDeploy, ComposeHealthcheck, ComposeService, ComposeUpdate } from '../../compose/types.ts';
import { nanoCpus, nanoseconds, notEmpty, orNone } from './values.ts';

/** How a stack's services run, in the form of the Engine API. Source: docker/cli, cli/compose/convert. */

export function modeOf({ mode = 'replicated', replicas }: ComposeDeploy): object {
  switch (mode) {
    case 'global':
      return { Global: {} };
    case 'global-job':
      return { GlobalJob: {} };
    case 'replicated-job':
      return { ReplicatedJob: { MaxConcurrent: replicas, TotalCompletions: replicas } };
    default:
      return { Replicated: { Replicas: replicas } };
  }
}

export function updateOf(update: ComposeUpdate | undefined): object | undefined {
  return (
    update && {
      Parallelism: update.parallelism ?? 1,
      Delay: orNone(nanoseconds(update.delay)),
      FailureAction: orNone(update.failure_action),
      Monitor: orNone(nanoseconds(update.monitor)),
      MaxFailureRatio: update.max_failure_ratio ?? 0,
      Order: update.order ?? '',
    }
  );
}

export function restartOf({ restart = '', deploy }: ComposeService): object | undefined {
  const policy = deploy?.restart_policy;
  if (policy)
    return {
      Condition: orNone(policy.condition),
      Delay: nanoseconds(policy.delay),
      MaxAttempts: policy.max_attempts,
      Window: nanoseconds(policy.window),
    };
  const [kind, attempts = '0'] = restart.split(':');
  if (kind === 'always' || kind === 'unless-stopped') return { Condition: 'any' };
  return kind === 'on-failure' ? { Condition: 'on-failure', MaxAttempts: Number(attempts) } : undefined;
}

export function resourcesOf({ resources }: ComposeDeploy): object {
  const limits = resources?.limits;
  return {
    Limits: limits && {
      NanoCPUs: orNone(nanoCpus(limits.cpus)),
      MemoryBytes: orNone(Number(limits.memory ?? 0)),
      Pids: orNone(limits.pids),
    },
    Reservations: reserved(resources?.reservations),
  };
}

type Reservations = NonNullable<ComposeDeploy['resources']>['reservations'];

function reserved(reservations: Reservations): object | undefined {
  if (!reservations) return undefined;
  const generic = (reservations.generic_resources ?? []).map(({ discrete_resource_spec: one }) =>
    one ? { DiscreteResourceSpec: { Kind: orNone(one.kind), Value: one.value } } : {},
  );
  return {
    NanoCPUs: orNone(nanoCpus(reservations.cpus)),
    MemoryBytes: orNone(Number(reservations.memory ?? 0)),
    GenericResources: notEmpty(generic),
  };
}

export function healthcheckOf(check: ComposeHealthcheck | undefined): object | undefined {
  if (!check) return undefined;
  if (check.disable) return { Test: ['NONE'] };
  return {
    Test: check.test,
    Timeout: orNone(nanoseconds(check.timeout)),
    Interval: orNone(nanoseconds(check.interval)),
    StartPeriod: orNone(nanoseconds(check.start_period)),
    StartInterval: orNone(nanoseconds(check.start_interval)),
    Retries: orNone(check.retries),
  };
}

export function placementOf({ placement = {} }: ComposeDeploy): object {
  const { constraints = [], preferences = [], max_replicas_per_node: most } = placement;
  return {
    Constraints: notEmpty(constraints),
    Preferences: notEmpty(preferences.map(({ spread = '' }) => ({ Spread: { SpreadDescriptor: spread } }))),
    MaxReplicas: orNone(most),
  };
}
