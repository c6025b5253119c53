import type { SwarmSection } from '../config/model.ts';
import type { SwarmSpec } from './settings.ts';

/** Something about the whole swarm that may be changed at any time. Source: POST /swarm/update, SwarmSpec. */
interface SwarmOption {
  /** Its name, as `plan` shows it. */
  readonly name: string;
  /** As the cluster file has it; undefined: as it is. */
  readonly wanted: (section: SwarmSection) => boolean | number | undefined;
  readonly read: (spec: SwarmSpec) => boolean | number | undefined;
  readonly write: (spec: SwarmSpec, section: SwarmSection) => SwarmSpec;
  readonly show: (value: boolean | number) => string;
}

const onOff = (value: boolean | number) => (value ? 'on' : 'off');
const seconds = (value: boolean | number) => `${Number(value) / 1e9} s`;
const hours = (value: boolean | number) => `${Number(value) / 3_600e9} h`;

const OPTIONS: readonly SwarmOption[] = [
  {
    name: 'autolock',
    wanted: ({ autolock }) => autolock,
    read: ({ EncryptionConfig }) => EncryptionConfig?.AutoLockManagers ?? false,
    write: (spec, { autolock = false }) => ({
      ...spec,
      EncryptionConfig: { ...spec.EncryptionConfig, AutoLockManagers: autolock },
    }),
    show: onOff,
  },
  {
    name: 'heartbeat',
    wanted: ({ heartbeat }) => heartbeat,
    read: ({ Dispatcher }) => Dispatcher?.HeartbeatPeriod,
    write: (spec, { heartbeat = 0 }) => ({ ...spec, Dispatcher: { ...spec.Dispatcher, HeartbeatPeriod: heartbeat } }),
    show: seconds,
  },
  {
    name: 'certificates last',
    wanted: ({ certificateExpiry }) => certificateExpiry,
    read: ({ CAConfig }) => CAConfig?.NodeCertExpiry,
    write: (spec, { certificateExpiry = 0 }) => ({
      ...spec,
      CAConfig: { ...spec.CAConfig, NodeCertExpiry: certificateExpiry },
    }),
    show: hours,
  },
  {
    name: 'task history',
    wanted: ({ taskHistory }) => taskHistory,
    read: ({ Orchestration }) => Orchestration?.TaskHistoryRetentionLimit,
    write: (spec, { taskHistory = 0 }) => ({
      ...spec,
      Orchestration: { ...spec.Orchestration, TaskHistoryRetentionLimit: taskHistory },
    }),
    show: String,
  },
];

/** Whether the cluster file says anything about the swarm as a whole. */
export function hasOptions(section: SwarmSection): boolean {
  return OPTIONS.some(({ wanted }) => wanted(section) !== undefined);
}

/** An option that isn't as the cluster file says. */
export interface Difference {
  /** Both values: "heartbeat 5 s → 10 s". */
  readonly summary: string;
  readonly write: (spec: SwarmSpec) => SwarmSpec;
}

export function differingOptions(spec: SwarmSpec, section: SwarmSection): readonly Difference[] {
  return OPTIONS.flatMap((option) => {
    const wanted = option.wanted(section);
    const found = option.read(spec);
    if (wanted === undefined || wanted === found) return [];
    const from = found === undefined ? 'not set' : option.show(found);
    const summary = `${option.name} ${from} → ${option.show(wanted)}`;
    return [{ summary, write: (current) => option.write(current, section) }];
  });
}
