import { isDeepStrictEqual } from 'node:util';
import { SwarmupError } from '../util/errors.ts';
import type { DaemonJson } from '../facts/daemon-json.ts';
import type { Host } from '../contracts/host.ts';
import { writeOn } from '../remote/write-file.ts';

type Settings = Readonly<Record<string, unknown>>;

/**
 * The keys of daemon.json that differ from the configuration.
 * @throws DAEMON_CONFIG_INVALID for a file that can't be parsed
 */
export function differingKeys(wanted: Settings, actual: DaemonJson | undefined): string[] {
  if (Object.keys(wanted).length === 0) return [];
  if (actual && 'invalid' in actual) {
    throw new SwarmupError('DAEMON_CONFIG_INVALID', `/etc/docker/daemon.json can't be read: ${actual.invalid}`, {
      fix: 'Repair or remove the file; swarmup merges into it and never overwrites a file it cannot parse.',
    });
  }
  return Object.keys(wanted).filter((key) => !isDeepStrictEqual(actual?.values[key], wanted[key]));
}

/** Merges settings into daemon.json, keeping all other settings. */
export async function mergeDaemonJson(
  host: Host,
  wanted: Settings,
  actual: DaemonJson | undefined,
  signal: AbortSignal,
): Promise<void> {
  const merged = { ...(actual && 'values' in actual ? actual.values : {}), ...wanted };
  await writeOn(host, '/etc/docker/daemon.json', `${JSON.stringify(merged, null, 2)}\n`, signal);
}
