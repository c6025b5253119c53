import { compareBytes } from './values.ts';
import type { ComposeConfig } from './types.ts';

/**
 * Several files as one, as `docker stack deploy -c A -c B` merges them. Source: docker/cli, cli/compose/loader/merge.go,
 * which walks Go structures with dario.cat/mergo; so an empty value never replaces another one.
 */
export function mergeConfigs(base: ComposeConfig, override: ComposeConfig): ComposeConfig {
  const services = { ...base.services, ...override.services };
  for (const name of Object.keys(override.services)) {
    if (!Object.hasOwn(base.services, name)) continue;
    const merged = mergeObjects(plain(base.services[name]), plain(override.services[name]), SERVICE);
    Object.defineProperty(services, name, { value: merged, enumerable: true, writable: true, configurable: true });
  }
  const sections = (['networks', 'volumes', 'secrets', 'configs'] as const).map((section) => {
    const both = { ...base[section], ...override[section] };
    return [section, Object.keys(both).length === 0 ? undefined : both] as const;
  });
  const present = Object.fromEntries(sections.filter(([, value]) => value !== undefined));
  return { ...base, services, ...present };
}

type Plain = Readonly<Record<string, unknown>>;
/** Merges two values, of which at least one is present. */
type Merge = (base: unknown, override: unknown) => unknown;
type Rules = Readonly<Record<string, Merge>>;

const replace: Merge = (base, override) => override ?? base;

/** For what Go points to: a zero value doesn't replace another one. */
const replaceUnless =
  (zero: unknown): Merge =>
  (base, override) =>
    override === undefined || (override === zero && base !== undefined) ? base : override;

const append: Merge = (base, override) => [...listed(base), ...listed(override)];

const structure =
  (rules: Rules): Merge =>
  (base, override) =>
    mergeObjects(plain(base), plain(override), rules);

const entries: Merge = (base, override) => ({ ...plain(base), ...plain(override) });

/** Items with the same key replace each other, and all are sorted; a list that isn't merged stays as it is. */
const byKey =
  (key: string, compare: (a: unknown, b: unknown) => number): Merge =>
  (base, override) => {
    if (base === undefined) return override;
    const found = new Map<unknown, unknown>();
    for (const item of [...listed(base), ...listed(override)]) found.set(plain(item)[key], item);
    return [...found].toSorted(([a], [b]) => compare(a, b)).map(([, item]) => item);
  };

const byText = (a: unknown, b: unknown) => compareBytes(textOf(a), textOf(b));
const byNumber = (a: unknown, b: unknown) => numberOf(a) - numberOf(b);

const pointers =
  (merge: (base: unknown, override: unknown) => unknown): Merge =>
  (base, override) => {
    const before = plain(base);
    const changed = Object.entries(plain(override)).map(([key, value]) => {
      const old = Object.hasOwn(before, key) ? before[key] : null;
      return [key, old === null ? value : merge(old, value)] as const;
    });
    return { ...before, ...Object.fromEntries(changed) };
  };

const variable = (base: unknown, override: unknown) =>
  base === '' || (override !== null && override !== '') ? override : base;
const limit = (base: unknown, override: unknown) => override ?? base;

const attachment = (base: unknown, override: unknown) => {
  if (override === null) return base;
  const { aliases, ipv4_address: v4, ipv6_address: v6 } = plain(override);
  const { aliases: _, ...kept } = plain(base);
  return {
    ...(aliases === undefined ? {} : { aliases }),
    ...kept,
    ...(v4 === undefined ? {} : { ipv4_address: v4 }),
    ...(v6 === undefined ? {} : { ipv6_address: v6 }),
  };
};

/** Options of one driver are merged, unless the first file has none: then Docker loses those of the second. */
const logging: Merge = (base, override) => {
  if (base === undefined || override === undefined) return override ?? base;
  const { driver: before, options } = plain(base);
  const { driver: after, options: added } = plain(override);
  if (before !== undefined && after !== undefined && before !== after) return override;
  const driver = before ?? after;
  const merged = options === undefined ? undefined : { ...plain(options), ...plain(added) };
  return { ...(driver === undefined ? {} : { driver }), ...(merged === undefined ? {} : { options: merged }) };
};

const extension: Merge = (base, override) => {
  if (override === undefined || base === undefined) return override === undefined ? base : override;
  if (Array.isArray(base) && Array.isArray(override)) return append(base, override);
  if (!isPlain(base) || !isPlain(override)) return override;
  const added = Object.entries(override).map(([key, value]) => {
    return [key, Object.hasOwn(base, key) ? extension(base[key], value) : value] as const;
  });
  return { ...base, ...Object.fromEntries(added) };
};

const update = structure({ delay: replaceUnless('0s'), monitor: replaceUnless('0s') });

const SERVICE: Rules = {
  build: structure({ args: pointers(variable), labels: entries, cache_from: append, extra_hosts: append }),
  ...Object.fromEntries(
    ['cap_add', 'cap_drop', 'depends_on', 'devices', 'dns', 'dns_search', 'env_file', 'expose', 'external_links']
      .concat('extra_hosts', 'links', 'security_opt', 'tmpfs')
      .map((key) => [key, append] as const),
  ),
  configs: byKey('source', byText),
  secrets: byKey('source', byText),
  ports: byKey('published', byNumber),
  volumes: byKey('target', byText),
  credential_spec: structure({}),
  deploy: structure({
    labels: entries,
    update_config: update,
    rollback_config: update,
    resources: structure({
      limits: structure({}),
      reservations: structure({ generic_resources: append }),
    }),
    restart_policy: structure({ delay: replaceUnless('0s'), window: replaceUnless('0s') }),
    placement: structure({ constraints: append, preferences: append }),
  }),
  environment: pointers(variable),
  healthcheck: structure({
    test: append,
    timeout: replaceUnless('0s'),
    interval: replaceUnless('0s'),
    start_period: replaceUnless('0s'),
    start_interval: replaceUnless('0s'),
  }),
  init: replaceUnless(false),
  labels: entries,
  logging,
  networks: pointers(attachment),
  stop_grace_period: replaceUnless('0s'),
  sysctls: entries,
  ulimits: pointers(limit),
};

function mergeObjects(base: Plain, override: Plain, rules: Rules): Plain {
  const keys = new Set([...Object.keys(base), ...Object.keys(override)]);
  const merged = [...keys].map((key) => {
    const rule = Object.hasOwn(rules, key) ? rules[key] : key.startsWith('x-') ? extension : replace;
    const own = (from: Plain) => (Object.hasOwn(from, key) ? from[key] : undefined);
    return [key, rule?.(own(base), own(override))] as const;
  });
  return Object.fromEntries(merged);
}

function isPlain(value: unknown): value is Plain {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function plain(value: unknown): Plain {
  return isPlain(value) ? value : {};
}

function listed(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function numberOf(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}
