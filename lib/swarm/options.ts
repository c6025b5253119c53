import type { SwarmSection } from '../config/model.ts';
import type { SwarmSpec } from './settings.ts';

type Value = boolean | number;

/** Something about the whole swarm that may be changed at any time. Source: POST /swarm/update, SwarmSpec. */
interface SwarmOption {
  /** Its name, as `plan` shows it. */
  readonly name: string;
  readonly key: 'autolock' | 'heartbeat' | 'certificateExpiry' | 'taskHistory';
  /** Where the swarm's specification has it. */
  readonly at: readonly [section: keyof SwarmSpec, field: string];
  readonly show: (value: Value) => string;
}

const onOff = (value: Value) => (value ? 'on' : 'off');
const seconds = (value: Value) => `${Number(value) / 1e9} s`;
const hours = (value: Value) => `${Number(value) / 3_600e9} h`;

const OPTIONS: readonly SwarmOption[] = [
  { name: 'autolock', key: 'autolock', at: ['EncryptionConfig', 'AutoLockManagers'], show: onOff },
  { name: 'heartbeat', key: 'heartbeat', at: ['Dispatcher', 'HeartbeatPeriod'], show: seconds },
  { name: 'certificates last', key: 'certificateExpiry', at: ['CAConfig', 'NodeCertExpiry'], show: hours },
  { name: 'task history', key: 'taskHistory', at: ['Orchestration', 'TaskHistoryRetentionLimit'], show: String },
];

function sectionOf(spec: SwarmSpec, section: keyof SwarmSpec): Readonly<Record<string, unknown>> {
  return { ...spec[section] };
}

/** Whether the cluster file says anything about the swarm as a whole. */
export function hasOptions(section: SwarmSection): boolean {
  return OPTIONS.some(({ key }) => section[key] !== undefined);
}

/** An option that isn't as the cluster file says. */
export interface Difference {
  /** Both values: "heartbeat 5 s → 10 s". */
  readonly summary: string;
  readonly write: (spec: SwarmSpec) => SwarmSpec;
}

export function differingOptions(spec: SwarmSpec, section: SwarmSection): readonly Difference[] {
  return OPTIONS.flatMap(({ name, key, at: [part, field], show }) => {
    const wanted = section[key];
    // A swarm without autolock leaves it out.
    const found = sectionOf(spec, part)[field] ?? (key === 'autolock' ? false : undefined);
    if (wanted === undefined || wanted === found) return [];
    const from = typeof found === 'number' || typeof found === 'boolean' ? show(found) : 'not set';
    const write = (current: SwarmSpec) => ({ ...current, [part]: { ...sectionOf(current, part), [field]: wanted } });
    return [{ summary: `${name} ${from} → ${show(wanted)}`, write }];
  });
}
