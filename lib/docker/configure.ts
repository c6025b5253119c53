import { isDeepStrictEqual } from 'node:util';
import type { Cluster } from '../config/model.ts';
import { step, updated, type Change, type Value } from '../contracts/change.ts';
import type { Engines, Hosts, Work } from '../contracts/context.ts';
import type { PackageHolds } from '../facts/package-holds.ts';
import { messageOf, SwarmupError } from '../util/errors.ts';
import { daemonDifferences, type DaemonDifference, type DaemonState } from './daemon-config.ts';
import { DAEMON_FILE, noteRead, writeDaemon, type Undo } from './daemon-file.ts';
import { restartEngine, untilEngineAnswers } from './engine.ts';
import { applyHolds, holdChanges } from './holds.ts';
import { proxyFile, publicProxyOf, writeProxyFile } from './proxy.ts';
import { engineLog, lastLog, reloadDocker, reviveDocker } from './service.ts';

/** The configuration of an engine as its host has it. */
export interface Configuration extends DaemonState {
  /** The service's drop-in file with the proxy; empty when there is none. */
  readonly proxy: string;
  /** The engine's packages; they are configured where swarmup installed them. */
  readonly holds: PackageHolds;
}

/** A change of an engine's configuration, or of its packages. */
export type ConfigurationChange = Change &
  (
    | { readonly kind: 'configure'; readonly difference: DaemonDifference }
    | { readonly kind: 'proxy' }
    | { readonly kind: 'hold' }
  );

/**
 * The changes that lead from a host's configuration to the cluster file. Pure.
 *
 * @param reason of changes for which the engine restarts
 * @throws SwarmupError DAEMON_CONFIG_INVALID for a daemon.json that can't be parsed
 */
export function configurationChanges(
  node: string,
  cluster: Cluster,
  found: Configuration | undefined,
  reason?: string,
): ConfigurationChange[] {
  const own = ['nodes', node, 'docker'];
  const changes = daemonDifferences(cluster.docker.daemon, found).map((difference): ConfigurationChange => {
    const { key, from, to, live } = difference;
    const path = [...own, 'daemon', key];
    const change = isDeepStrictEqual(from, to)
      ? step(path, live ? 'reload' : 'restart')
      : updated(path, told(key, from), told(key, to), { reason: live ? undefined : reason });
    return { ...change, kind: 'configure', difference };
  });
  const holds = holdChanges(node, found?.holds);
  const proxy = found?.proxy ?? '';
  if (proxyFile(cluster) === proxy) return [...changes, ...holds];
  const { proxy: wanted } = cluster.docker;
  const toProxy = updated([...own, 'proxy'], publicProxyOf(proxy), wanted, { reason });
  return [...changes, { ...toProxy, kind: 'proxy' }, ...holds];
}

/** Whether changes need a restart of the engine. */
export function needsRestart(changes: readonly ConfigurationChange[]): boolean {
  return changes.some((change) => change.kind === 'proxy' || (change.kind === 'configure' && !change.difference.live));
}

/** Keys with a value that may be secret. */
const SECRET = /pass|secret|token|credential|prox(y|ies)/i;

/** The printable part of a setting: of objects, such as the options of a logging driver, only the names. */
function told(key: string, value: unknown): Value | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'object' && !Array.isArray(value)) return Object.keys(value).sort();
  if (SECRET.test(key)) return '***';
  if (typeof value === 'number' || typeof value === 'boolean') return value;
  const text = typeof value === 'string' ? value : JSON.stringify(value).replace(/^\[|\]$|"/g, '');
  // The user and password of an address.
  return text.replace(/\/\/[^/@\s]*@/g, '//***@');
}

/**
 * Configures an engine that runs, and restarts it, or lets it read its configuration again where that is enough. When it
 * doesn't come back, its old daemon.json is restored.
 *
 * @throws SwarmupError DAEMON_CONFIG_INVALID
 */
export async function configureEngine(
  ctx: Work & Engines & Hosts,
  node: string,
  { cluster, found, changes }: Reconfiguration,
): Promise<void> {
  const host = await ctx.host(node);
  const differences = differencesIn(changes);
  if (changes.some(({ kind }) => kind === 'hold')) await applyHolds(host, found?.holds, ctx);
  if (changes.every(({ kind }) => kind === 'hold')) return;
  if (changes.some(({ kind }) => kind === 'proxy')) await writeProxyFile(host, cluster, ctx.signal);
  const undo = differences.length > 0 ? await writeDaemon(host, found ?? {}, differences, ctx) : undefined;
  try {
    ctx.report(needsRestart(changes) ? 'restarting the engine' : 'reloading its configuration');
    if (needsRestart(changes)) await restartEngine(ctx, node);
    else await reloadDocker(host, ctx.signal);
  } catch (error) {
    ctx.signal.throwIfAborted();
    throw undo ? await putBack(ctx, node, { undo, cause: error, keys: differences.map(({ key }) => key) }) : error;
  }
  if (undo) await noteRead(host, found ?? {}, differences, ctx);
}

/** What a host's configuration is, and the planned changes. */
export interface Reconfiguration {
  readonly cluster: Cluster;
  readonly found: Configuration | undefined;
  readonly changes: readonly ConfigurationChange[];
}

export function differencesIn(changes: readonly ConfigurationChange[]): readonly DaemonDifference[] {
  return changes.flatMap((change) => (change.kind === 'configure' ? change.difference : []));
}

interface Failure {
  readonly undo: Undo;
  readonly cause: unknown;
  readonly keys: readonly string[];
}

/** Restores the old file, and returns the error to throw: why the engine doesn't start, and what runs there now. */
async function putBack(
  ctx: Work & Engines & Hosts,
  node: string,
  { undo, cause, keys }: Failure,
): Promise<SwarmupError> {
  const host = await ctx.host(node);
  const output = await lastLog(host, ctx.signal);
  ctx.report('restoring its old configuration');
  await undo();
  const now = await reviveDocker(host, ctx.signal)
    .then(() => untilEngineAnswers(ctx, node))
    .then(
      () => 'it runs with its old one again',
      (error: unknown) => `its old one is back, but it doesn't start with it either: ${messageOf(error)}`,
    );
  ctx.signal.throwIfAborted();
  return new SwarmupError(
    'DAEMON_CONFIG_INVALID',
    `the Docker Engine on ${node} doesn't start with the new ${DAEMON_FILE} (${keys.join(', ')}); ${now}`,
    {
      fix: `Correct docker.daemon in the cluster file. The other nodes were not changed. ${engineLog(node)}`,
      output: output.trim(),
      cause,
    },
  );
}
