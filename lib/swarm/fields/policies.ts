import type { ServiceSpec } from '../../config/model.ts';
import { asList, asObject, container, text, words, type Field, type Json } from './field.ts';

/**
 * By default failed updates are rolled back; Docker's own default, pause, leaves the service half updated. Monitor is
 * in ns.
 */
export const UPDATE_DEFAULTS = {
  Parallelism: 1,
  FailureAction: 'rollback',
  Monitor: 5_000_000_000,
  Order: 'stop-first',
} as const;

export const preferences: Field = {
  name: 'preferences',
  path: ['TaskTemplate', 'Placement', 'Preferences'],
  wanted: (service) => service.preferences?.map((one) => ({ Spread: { SpreadDescriptor: one } })),
  told: (value) => words(asList(value).map((one) => asObject(asObject(one)['Spread'])['SpreadDescriptor'])),
};

const nano = (cpus: number | undefined): number | undefined =>
  cpus === undefined ? undefined : Math.round(cpus * 1e9);

export const limits: Field = {
  name: 'limits',
  path: ['TaskTemplate', 'Resources', 'Limits'],
  wanted: ({ limits: one }) => one && { NanoCPUs: nano(one.cpus), MemoryBytes: one.memory, Pids: one.pids },
};

export const reservations: Field = {
  name: 'reservations',
  path: ['TaskTemplate', 'Resources', 'Reservations'],
  wanted: ({ reservations: one }) =>
    one && {
      NanoCPUs: nano(one.cpus),
      MemoryBytes: one.memory,
      ...(one.genericResources ? { GenericResources: generic(one.genericResources) } : {}),
    },
  current: (value) => {
    const { GenericResources, ...rest } = asObject(value);
    return { ...rest, GenericResources: asList(GenericResources).toSorted(byKind) };
  },
};

function generic(resources: Readonly<Record<string, number>>): Json {
  const all = Object.entries(resources).map(([kind, count]) => ({
    DiscreteResourceSpec: { Kind: kind, Value: count },
  }));
  return all.toSorted(byKind);
}

function byKind(one: Json, other: Json): number {
  const [a, b] = [one, other].map((each) => text(asObject(asObject(each)['DiscreteResourceSpec'])['Kind']));
  return (a ?? '').localeCompare(b ?? '');
}

export const restart: Field = {
  name: 'restart',
  path: ['TaskTemplate', 'RestartPolicy'],
  // What isn't set is as swarmkit has it (api/defaults/service.go).
  current: (value) => ({ Condition: 'any', Delay: 5e9, ...asObject(value) }),
  wanted: ({ restart: one }) =>
    one && { Condition: one.condition, Delay: one.delay, MaxAttempts: one.maxAttempts, Window: one.window },
};

type Policy = NonNullable<ServiceSpec['update'] | ServiceSpec['rollback']>;

export const policy = (one: Policy | undefined): Json =>
  one && {
    Parallelism: one.parallelism,
    Delay: one.delay,
    FailureAction: one.onFailure,
    Monitor: one.monitor,
    MaxFailureRatio: one.maxFailureRatio,
    Order: one.order,
  };

/** The engine's own values for a check of its own, which are not the image's. Times are in ns. */
const HEALTH_DEFAULTS = { interval: 30e9, timeout: 30e9, retries: 3 } as const;

export const healthcheck: Field = {
  name: 'healthcheck',
  path: container('Healthcheck'),
  wanted: ({ healthcheck: one }) => {
    if (one === undefined) return undefined;
    if (one === 'none') return { Test: ['NONE'] };
    const { test, interval, timeout, startPeriod, startInterval, retries } = one;
    if (test === undefined)
      return {
        Interval: interval,
        Timeout: timeout,
        StartPeriod: startPeriod,
        StartInterval: startInterval,
        Retries: retries,
      };
    return {
      Test: typeof test === 'string' ? ['CMD-SHELL', test] : commandOf(test),
      Interval: interval ?? HEALTH_DEFAULTS.interval,
      Timeout: timeout ?? HEALTH_DEFAULTS.timeout,
      StartPeriod: startPeriod,
      StartInterval: startInterval,
      Retries: retries ?? HEALTH_DEFAULTS.retries,
    };
  },
};

function commandOf(test: readonly string[]): readonly string[] {
  return ['CMD', 'CMD-SHELL', 'NONE'].includes(test[0] ?? '') ? test : ['CMD', ...test];
}
