import type { Abortable } from '../contracts/context.ts';
import type { Host } from '../contracts/host.ts';
import { daemonJson, type DaemonJson } from '../facts/daemon-json.ts';
import { DAEMON_NOTE, daemonNote } from '../facts/daemon-note.ts';
import { packageHolds } from '../facts/package-holds.ts';
import { proxyFileOn } from './proxy.ts';
import { replaceOn, writeOn } from '../remote/write-file.ts';
import { SwarmupError } from '../util/errors.ts';
import { Secret } from '../util/secret.ts';
import { mergedDaemon, notedKeys, type DaemonDifference, type DaemonState } from './daemon-config.ts';

export const DAEMON_FILE = '/etc/docker/daemon.json';

/** What the configuration of an engine is compared with: daemon.json, the service's drop-in file with the proxy, and holds. */
export const CONFIGURATION = { daemon: daemonJson, note: daemonNote, proxy: proxyFileOn, holds: packageHolds } as const;

/**
 * Asks the engine's program about the file on standard input. A program without --validate (Docker before 23.0) has no
 * answer. The pipe is needed because SSH servers use sockets for standard input, which can't be opened by name.
 */
const VALIDATE = [
  'd=$(command -v dockerd || echo /usr/sbin/dockerd)',
  'if [ -x "$d" ] && "$d" --help 2>/dev/null | grep -q -e --validate; then cat | "$d" --validate --config-file=/dev/stdin',
  'else cat >/dev/null; fi',
].join('\n');

/**
 * Lets the engine's own program check the configuration before anything is touched.
 *
 * @throws SwarmupError DAEMON_CONFIG_INVALID with the program's message
 */
export async function validateDaemon(
  host: Host,
  daemon: DaemonJson | undefined,
  differences: readonly DaemonDifference[],
  signal: AbortSignal,
): Promise<void> {
  if (differences.length === 0) return;
  const input = new Secret(mergedDaemon(daemon, differences));
  const { exitCode, stdout, stderr } = await host.run(['sh', '-c', VALIDATE], { input, signal, okExit: 'any' });
  if (exitCode === 0) return;
  const keys = differences.map(({ key }) => key).join(', ');
  throw new SwarmupError(
    'DAEMON_CONFIG_INVALID',
    `${host.name}: the Docker Engine there refuses docker.daemon (${keys}); nothing was changed`,
    {
      fix: "Correct docker.daemon in the cluster file: see the engine's message, and docs.docker.com, dockerd.",
      output: `${stderr}${stdout}`.trim(),
    },
  );
}

/** Puts a file back to what it was. */
export type Undo = () => Promise<void>;

/**
 * Writes daemon.json, keeping all other settings, and notes the keys as unread until `noteRead` is called.
 *
 * @returns how to undo it
 */
export async function writeDaemon(
  host: Host,
  { daemon, note }: Partial<DaemonState>,
  differences: readonly DaemonDifference[],
  { signal }: Abortable,
): Promise<Undo> {
  const { stdout: before, exitCode } = await host.run(['cat', DAEMON_FILE], { signal, okExit: [0, 1], secret: true });
  const unread = differences.map(({ key }) => key);
  await noteDaemon(host, { keys: notedKeys(note, differences), unread }, signal);
  await replaceOn(host, DAEMON_FILE, new Secret(mergedDaemon(daemon, differences)), signal);
  return async () => {
    if (exitCode === 0) await replaceOn(host, DAEMON_FILE, new Secret(before), signal);
    else await host.run(['rm', '-f', DAEMON_FILE], { signal });
    await noteDaemon(host, note ?? { keys: [], unread: [] }, signal);
  };
}

/** Notes that the engine has read its configuration. */
export async function noteRead(
  host: Host,
  { note }: Partial<DaemonState>,
  differences: readonly DaemonDifference[],
  { signal }: Abortable,
): Promise<void> {
  await noteDaemon(host, { keys: notedKeys(note, differences), unread: [] }, signal);
}

async function noteDaemon(host: Host, note: DaemonState['note'], signal: AbortSignal): Promise<void> {
  await writeOn(host, DAEMON_NOTE, `${JSON.stringify(note)}\n`, signal);
}
