import type { SwarmSection } from '../config/model.ts';
import { updated, type Change } from '../contracts/change.ts';
import type { SwarmSpec } from './settings.ts';

/** A setting of the whole swarm that may be changed at any time. Source: POST /swarm/update, SwarmSpec. */
interface SwarmOption {
  readonly key: 'autolock' | 'heartbeat' | 'certificateExpiry' | 'taskHistory';
  /** Its place in the swarm's specification. */
  readonly at: readonly [section: keyof SwarmSpec, field: string];
}

const OPTIONS: readonly SwarmOption[] = [
  { key: 'autolock', at: ['EncryptionConfig', 'AutoLockManagers'] },
  { key: 'heartbeat', at: ['Dispatcher', 'HeartbeatPeriod'] },
  { key: 'certificateExpiry', at: ['CAConfig', 'NodeCertExpiry'] },
  { key: 'taskHistory', at: ['Orchestration', 'TaskHistoryRetentionLimit'] },
];

function sectionOf(spec: SwarmSpec, section: keyof SwarmSpec): Readonly<Record<string, unknown>> {
  return { ...spec[section] };
}

/** Whether the cluster file sets any option of the swarm. */
export function hasOptions(section: SwarmSection): boolean {
  return OPTIONS.some(({ key }) => section[key] !== undefined);
}

/** The change of an option that differs from the cluster file. Durations are in nanoseconds, as in the Engine API. */
export type OptionChange = Change & { readonly write: (spec: SwarmSpec) => SwarmSpec };

export function differingOptions(spec: SwarmSpec, section: SwarmSection): readonly OptionChange[] {
  return OPTIONS.flatMap(({ key, at: [part, field] }) => {
    const wanted = section[key];
    // A swarm without autolock omits the field.
    const found = sectionOf(spec, part)[field] ?? (key === 'autolock' ? false : undefined);
    if (wanted === undefined || wanted === found) return [];
    const from = typeof found === 'number' || typeof found === 'boolean' ? found : undefined;
    const write = (current: SwarmSpec) => ({ ...current, [part]: { ...sectionOf(current, part), [field]: wanted } });
    return [{ ...updated(['swarm', key], from, wanted), write }];
  });
}
