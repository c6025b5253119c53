import { isDeepStrictEqual } from 'node:util';
import { SwarmupError } from '../util/errors.ts';
import type { DaemonJson } from '../facts/daemon-json.ts';
import type { DaemonNote } from '../facts/daemon-note.ts';

type Settings = Readonly<Record<string, unknown>>;

/** The configuration of an engine, as its host has it. */
export interface DaemonState {
  readonly daemon: DaemonJson;
  readonly note: DaemonNote;
}

/** A key of daemon.json that differs from the cluster file, or that the engine hasn't read yet. */
export interface DaemonDifference {
  readonly key: string;
  /** Undefined: the file doesn't have it, so the engine's default applies. */
  readonly from: unknown;
  readonly to: unknown;
  /** Whether the engine applies it without a restart. */
  readonly live: boolean;
}

/**
 * Keys whose new values a running engine applies. Source: moby, daemon/reload.go, in which a key that is gone keeps its
 * value, except for those that are reset.
 */
const RELOADED = new Map<string, 'set' | 'reset'>([
  ['debug', 'set'],
  ['labels', 'set'],
  ['shutdown-timeout', 'set'],
  ['insecure-registries', 'set'],
  ['registry-mirrors', 'set'],
  ['max-concurrent-downloads', 'reset'],
  ['max-concurrent-uploads', 'reset'],
  ['max-download-attempts', 'reset'],
]);

/**
 * Compares the keys that the cluster file sets, and those that it set before. All others are the host's own.
 *
 * @throws SwarmupError DAEMON_CONFIG_INVALID for a file that can't be parsed
 */
export function daemonDifferences(wanted: Settings, state: DaemonState | undefined): readonly DaemonDifference[] {
  const { keys: noted, unread } = state?.note ?? { keys: [], unread: [] };
  if (Object.keys(wanted).length === 0 && noted.length === 0 && unread.length === 0) return [];
  const actual = valuesOf(state?.daemon);
  const differs = (key: string) => !isDeepStrictEqual(at(actual, key), at(wanted, key));
  const differing = new Set([
    ...Object.keys(wanted).filter(differs),
    ...noted.filter((key) => at(wanted, key) === undefined && at(actual, key) !== undefined),
  ]);
  const keys = [...differing, ...unread.filter((key) => !differing.has(key))];
  return keys.map((key) => {
    const from = at(actual, key);
    const to = differing.has(key) ? at(wanted, key) : from;
    const reload = RELOADED.get(key);
    return { key, from, to, live: reload === 'reset' || (reload === 'set' && to !== undefined) };
  });
}

/**
 * The keys that a cluster file once set, with their values, as far as daemon.json still has them.
 *
 * @throws SwarmupError DAEMON_CONFIG_INVALID for a file that can't be parsed
 */
export function ownSettings({ daemon, note }: DaemonState): Settings {
  const actual = note.keys.length === 0 ? {} : valuesOf(daemon);
  return Object.fromEntries(note.keys.filter((key) => Object.hasOwn(actual, key)).map((key) => [key, actual[key]]));
}

/** The daemon.json to write: all other settings are kept. */
export function mergedDaemon(daemon: DaemonJson | undefined, differences: readonly DaemonDifference[]): string {
  const merged = new Map(Object.entries(valuesOf(daemon)));
  for (const { key, to } of differences) {
    if (to === undefined) merged.delete(key);
    else merged.set(key, to);
  }
  return `${JSON.stringify(Object.fromEntries(merged), null, 2)}\n`;
}

/** The keys to note: those that swarmup set, as long as the cluster file has them. */
export function notedKeys(note: DaemonNote | undefined, differences: readonly DaemonDifference[]): string[] {
  const set = differences.filter(({ from, to }) => to !== undefined && !isDeepStrictEqual(from, to));
  const reset = new Set(differences.filter(({ to }) => to === undefined).map(({ key }) => key));
  return [...new Set([...(note?.keys ?? []), ...set.map(({ key }) => key)])].filter((key) => !reset.has(key)).sort();
}

function valuesOf(daemon: DaemonJson | undefined): Settings {
  if (daemon && 'invalid' in daemon) {
    throw new SwarmupError('DAEMON_CONFIG_INVALID', `/etc/docker/daemon.json can't be read: ${daemon.invalid}`, {
      fix: 'Repair or remove the file; swarmup merges into it and never overwrites a file it cannot parse.',
    });
  }
  return daemon?.values ?? {};
}

function at(settings: Settings, key: string): unknown {
  return Object.hasOwn(settings, key) ? settings[key] : undefined;
}
