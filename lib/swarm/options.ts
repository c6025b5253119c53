import type { SwarmSection } from '../config/model.ts';
import { updated, type Change, type Value } from '../contracts/change.ts';
import { isObject, semanticEqual } from './semantic-equal.ts';
import type { SwarmSpec } from './settings.ts';

/** A setting of the whole swarm that may be changed at any time. Source: POST /swarm/update, SwarmSpec. */
interface SwarmOption {
  readonly key: string;
  /** Its place in the swarm's specification. */
  readonly at: readonly [section: keyof SwarmSpec, field: string];
  /** Its value in the cluster file, in the API's form; undefined if the file doesn't set it. */
  readonly wanted: (section: SwarmSection) => unknown;
  /** The printable form of a value; default: the value. */
  readonly told?: (value: unknown) => Value | undefined;
}

const OPTIONS: readonly SwarmOption[] = [
  { key: 'autolock', at: ['EncryptionConfig', 'AutoLockManagers'], wanted: ({ autolock }) => autolock },
  { key: 'heartbeat', at: ['Dispatcher', 'HeartbeatPeriod'], wanted: ({ heartbeat }) => heartbeat },
  {
    key: 'certificateExpiry',
    at: ['CAConfig', 'NodeCertExpiry'],
    wanted: ({ certificateExpiry }) => certificateExpiry,
  },
  { key: 'externalCA', at: ['CAConfig', 'ExternalCAs'], wanted: externalCAsOf, told: addresses },
  {
    key: 'taskHistory',
    at: ['Orchestration', 'TaskHistoryRetentionLimit'],
    wanted: ({ taskHistory }) => taskHistory,
  },
  { key: 'snapshotInterval', at: ['Raft', 'SnapshotInterval'], wanted: ({ snapshotInterval }) => snapshotInterval },
  { key: 'keepOldSnapshots', at: ['Raft', 'KeepOldSnapshots'], wanted: ({ keepOldSnapshots }) => keepOldSnapshots },
  {
    key: 'logEntriesForSlowFollowers',
    at: ['Raft', 'LogEntriesForSlowFollowers'],
    wanted: ({ logEntriesForSlowFollowers }) => logEntriesForSlowFollowers,
  },
];

/** The authorities that sign nodes' certificates, in the API's form. */
export function externalCAsOf({ externalCAs }: SwarmSection): readonly object[] | undefined {
  return externalCAs?.map(({ protocol, url, options, certificate }) => ({
    Protocol: protocol,
    URL: url,
    Options: options,
    CACert: certificate,
  }));
}

function addresses(value: unknown): Value {
  return (Array.isArray(value) ? value : []).map((one) => (isObject(one) ? String(one['URL']) : ''));
}

function sectionOf(spec: SwarmSpec, section: keyof SwarmSpec): Readonly<Record<string, unknown>> {
  return { ...spec[section] };
}

/** Whether the cluster file sets any option of the swarm. */
export function hasOptions(section: SwarmSection): boolean {
  return OPTIONS.some(({ wanted }) => wanted(section) !== undefined);
}

/** The change of an option that differs from the cluster file. Durations are in nanoseconds, as in the Engine API. */
export type OptionChange = Change & { readonly write: (spec: SwarmSpec) => SwarmSpec };

export function differingOptions(spec: SwarmSpec, section: SwarmSection): readonly OptionChange[] {
  return OPTIONS.flatMap(({ key, at: [part, field], wanted: of, told = plain }) => {
    const wanted = of(section);
    // A swarm without autolock omits the field.
    const found = sectionOf(spec, part)[field] ?? (key === 'autolock' ? false : undefined);
    const isSame = typeof wanted === 'object' ? semanticEqual(found, wanted) : found === wanted;
    if (wanted === undefined || isSame) return [];
    const write = (current: SwarmSpec) => ({ ...current, [part]: { ...sectionOf(current, part), [field]: wanted } });
    return [{ ...updated(['swarm', key], told(found), told(wanted)), write }];
  });
}

function plain(value: unknown): Value | undefined {
  return typeof value === 'number' || typeof value === 'boolean' ? value : undefined;
}
