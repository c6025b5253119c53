import { Float, isDict, isList, type Dict, type Value } from './values.ts';
import { substitute } from './template.ts';
import type { Path } from './yaml/read.ts';

/** What interpolation needs to know, and where it reports to. */
export interface Interpolation {
  readonly lookup: (name: string) => string | undefined;
  readonly referTo: (name: string) => void;
  readonly wrong: (path: Path, message: string, hint?: string) => void;
}

type Cast = (text: string) => Value | undefined;

const integer: Cast = (text) => {
  if (!/^[-+]?[0-9]{1,100}$/.test(text)) return undefined;
  const value = BigInt(text.replace('+', ''));
  if (BigInt.asIntN(64, value) !== value) return undefined;
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
};

const number: Cast = (text) => {
  if (!/^[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?$/.test(text)) return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? new Float(value) : undefined;
};

const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ...['y', 'yes', 'true', 'on'].map((word) => [word, true] as const),
  ...['n', 'no', 'false', 'off'].map((word) => [word, false] as const),
]);
const boolean: Cast = (text) => BOOLEANS.get(text.toLowerCase());

/**
 * The values that become numbers or booleans when a variable is in them. `*` is any key, `[]` an item of a list. Source:
 * docker/cli, cli/compose/loader, interpolateTypeCastMapping.
 */
const CASTS: readonly (readonly [Cast, string, readonly string[]])[] = [
  [integer, 'a whole number', ['services.*.configs.[].mode', 'services.*.secrets.[].mode']],
  [integer, 'a whole number', ['services.*.healthcheck.retries', 'services.*.deploy.replicas']],
  [integer, 'a whole number', ['update', 'rollback'].map((name) => `services.*.deploy.${name}_config.parallelism`)],
  [number, 'a number', ['update', 'rollback'].map((name) => `services.*.deploy.${name}_config.max_failure_ratio`)],
  [integer, 'a whole number', ['services.*.deploy.restart_policy.max_attempts']],
  [integer, 'a whole number', ['services.*.deploy.placement.max_replicas_per_node', 'services.*.oom_score_adj']],
  [integer, 'a whole number', ['services.*.ports.[].target', 'services.*.ports.[].published']],
  [integer, 'a whole number', ['services.*.ulimits.*', 'services.*.ulimits.*.hard', 'services.*.ulimits.*.soft']],
  [boolean, 'true or false', ['services.*.healthcheck.disable', 'services.*.privileged', 'services.*.read_only']],
  [boolean, 'true or false', ['services.*.stdin_open', 'services.*.tty', 'services.*.volumes.[].read_only']],
  [boolean, 'true or false', ['services.*.volumes.[].volume.nocopy']],
  [boolean, 'true or false', ['networks.*.external', 'networks.*.internal', 'networks.*.attachable']],
  [boolean, 'true or false', ['volumes.*.external', 'secrets.*.external', 'configs.*.external']],
];

const PATTERNS = CASTS.flatMap(([cast, expected, patterns]) =>
  patterns.map((pattern) => ({ cast, expected, parts: pattern.split('.') })),
);

/**
 * A copy of a file's contents with its variables replaced, in every section. Where Docker expects a number or a boolean,
 * a text in which something was replaced becomes one; a text without variables stays a text.
 */
export function interpolate(root: Dict, { lookup, referTo, wrong }: Interpolation): Dict {
  const text = (value: string, path: Path): Value => {
    const { text: replaced, names, problems } = substitute(value, lookup);
    names.forEach(referTo);
    for (const { message, hint } of problems) wrong(path, message, hint);
    if (replaced === value || problems.length > 0) return value;
    const rule = ruleOf(path);
    if (!rule) return replaced;
    const cast = rule.cast(replaced);
    if (cast !== undefined) return cast;
    wrong(path, `${path.join('.')} is '${replaced}' after its variables are replaced`, `expected ${rule.expected}`);
    return replaced;
  };
  const walk = (value: Value, path: Path): Value => {
    if (typeof value === 'string') return text(value, path);
    if (isList(value)) return value.map((item, i) => walk(item, [...path, i]));
    return isDict(value) ? mapOf(value, path) : value;
  };
  const mapOf = (value: Dict, path: Path): Dict =>
    new Map([...value].map(([key, one]) => [key, walk(one, [...path, key])]));
  return mapOf(root, []);
}

/** Docker splits the path again at its dots, so a key with a dot matches no pattern. */
function ruleOf(path: Path): { readonly cast: Cast; readonly expected: string } | undefined {
  const parts = path
    .map((part) => (typeof part === 'number' ? '[]' : part))
    .join('.')
    .split('.');
  return PATTERNS.find(
    (pattern) =>
      pattern.parts.length === parts.length && parts.every((part, i) => ['*', part].includes(pattern.parts[i] ?? '')),
  );
}
