import { DEFAULT_POOL } from '../../config/pools.ts';
import { durationText } from '../../swarm/fields/written-parts.ts';
import type { SwarmObjectState } from '../../swarm/settings.ts';

const DEFAULTS = {
  heartbeat: 5e9,
  certificateExpiry: 90 * 24 * 3600e9,
  taskHistory: 5,
  dataPathPort: 4789,
  subnetSize: 24,
} as const;

/** The swarm's own settings that differ from Docker's defaults, as a cluster file has them. */
export function writtenSettings(state: SwarmObjectState): {
  readonly swarm: Readonly<Record<string, unknown>>;
  readonly notes: readonly string[];
} {
  const { DefaultAddrPool: pool = [], SubnetSize: size, DataPathPort: port, Spec } = state;
  const heartbeat = Spec.Dispatcher?.HeartbeatPeriod;
  const expiry = Spec.CAConfig?.NodeCertExpiry;
  const history = Spec.Orchestration?.TaskHistoryRetentionLimit;
  const differs = <T>(value: T | undefined, usual: T) => value !== undefined && value !== 0 && value !== usual;
  const isUsualPool = pool.length === 0 || (pool.length === 1 && pool[0] === DEFAULT_POOL);
  return {
    swarm: {
      addressPool: isUsualPool ? undefined : pool,
      subnetSize: differs(size, DEFAULTS.subnetSize) ? size : undefined,
      dataPathPort: differs(port, DEFAULTS.dataPathPort) ? port : undefined,
      heartbeat: differs(heartbeat, DEFAULTS.heartbeat) ? durationText(heartbeat) : undefined,
      certificateExpiry: differs(expiry, DEFAULTS.certificateExpiry) ? durationText(expiry) : undefined,
      taskHistory: history !== undefined && history >= 0 && history !== DEFAULTS.taskHistory ? history : undefined,
    },
    notes: Spec.EncryptionConfig?.AutoLockManagers
      ? [
          "Autolock is on: with swarm: { autolock: true } swarmup keeps the swarm's unlock key, and unlocks managers that restart.",
        ]
      : [],
  };
}
