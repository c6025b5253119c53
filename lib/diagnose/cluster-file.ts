import { MASK } from '../util/secret-shapes.ts';
import { isHarmlessKey } from './daemon-keys.ts';
import { isRecord } from './pick.ts';

/** The parts of a cluster file in which values of variables, labels, headers and options may be anything. */
const SECTIONS = new Set(['services', 'stacks', 'networks']);
const ANYTHING = new Set(['env', 'environment', 'headers', 'labels', 'containerLabels', 'options', 'driverOptions']);
/** The content of secrets and configs. */
const CONTENT = new Set(['value', 'content', 'data']);

/** The cluster file as `swarmup config` prints it, without the values of variables, labels, headers and options. */
export function withoutValues(file: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const entries = Object.entries(file).map(([section, value]) => [section, sectionOf(section, value)] as const);
  return Object.fromEntries(entries);
}

function sectionOf(section: string, value: unknown): unknown {
  if (section === 'secrets' || section === 'configs') return mapKeys(value, (key) => CONTENT.has(key));
  if (section === 'docker' && isRecord(value) && isRecord(value['daemon'])) {
    const daemon = Object.entries(value['daemon']).map(([key, one]) => [key, isHarmlessKey(key) ? one : MASK] as const);
    return { ...value, daemon: Object.fromEntries(daemon) };
  }
  return SECTIONS.has(section) ? mapKeys(value, (key) => ANYTHING.has(key)) : value;
}

/** A copy in which everything under some keys has only its names. */
function mapKeys(value: unknown, hides: (key: string) => boolean): unknown {
  if (Array.isArray(value)) return value.map((one) => mapKeys(one, hides));
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [key, hides(key) ? onlyNames(one) : mapKeys(one, hides)]),
  );
}

/** `A=1` as `A=***`, in a list; `***` for every other text and number. */
function onlyNames(value: unknown): unknown {
  if (Array.isArray(value))
    return value.map((one: unknown) =>
      typeof one === 'string' && one.includes('=') ? `${one.split('=')[0]}=${MASK}` : onlyNames(one),
    );
  if (isRecord(value)) return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, onlyNames(one)]));
  return typeof value === 'string' || typeof value === 'number' ? MASK : value;
}
