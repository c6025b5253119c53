import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { readBackup } from '../../backup/read.ts';
import { keyFrom, lockFrom, type PassphraseSource } from '../../backup/keys.ts';
import type { Manifest, VolumeName } from '../../contracts/backup-request.ts';
import { managersOf, type Cluster } from '../../config/model.ts';
import type { RunCluster } from '../../contracts/run-cluster.ts';
import { SwarmupError } from '../../util/errors.ts';
import { exists } from '../../util/files.ts';
import { askSecret, canAsk, confirm } from '../../render/confirm.ts';
import { writeStderr } from '../../render/output.ts';
import type { RunOptions } from '../options.ts';
import { clusterOf } from '../session.ts';
import { requireKnown } from '../../util/require-known.ts';
import { run } from '../run.ts';

export interface BackupOptions extends RunOptions {
  readonly output?: string;
  readonly recipient: readonly string[];
  readonly volume: readonly string[];
}

/** One encrypted file with what the managers keep, and volumes. */
export async function backup(options: BackupOptions): Promise<number> {
  const cluster = await clusterOf(options);
  const time = new Date().toISOString().slice(0, 19).replaceAll(':', '-');
  const file = resolve(options.output ?? `${cluster.name}-${time}Z.age`);
  if (await exists(file))
    throw new SwarmupError('USAGE', `${file} exists, and a back-up never overwrites a file`, {
      fix: 'Name another file: --output FILE',
    });
  const volumes = options.volume.map((text) => volumeNamed(text, cluster));
  const lock = await lockFrom(options.recipient, passphraseSource());
  const change = (loaded: Cluster): RunCluster => ({ ...loaded, request: { backup: { file, lock, volumes } } });
  const status = await run({ pipeline: 'backup', mode: 'apply', options, change });
  if (status === 0) writeStderr(`${file}: ${Math.ceil((await stat(file)).size / 1024)} KiB, verified\n`);
  if (status === 0 && 'recipients' in lock) writeStderr(UNSIGNED);
  return status;
}

/** A public key encrypts, and proves nothing about who used it. Source: the age specification, "Security". */
const UNAUTHENTICATED =
  'This back-up is not authenticated: anyone who has the public key (age1…) can write one. Restore it only from a place that you trust.\n';

const UNSIGNED = 'It is encrypted, but not signed: keep it where nobody else can replace it.\n';

export interface RestoreOptions extends RunOptions {
  readonly identity?: string;
}

/** Restores a swarm from a back-up, and then does everything that `up` does. */
export async function restore(path: string, options: RestoreOptions): Promise<number> {
  const file = resolve(path);
  if (!(await exists(file)))
    throw new SwarmupError('USAGE', `${file} does not exist`, { fix: "Name the file that 'swarmup backup' wrote." });
  const key = await keyFrom(options.identity, passphraseSource());
  const manifest = await readBackup(file, key);
  const change = (cluster: Cluster): RunCluster => {
    requireFitting(manifest, cluster);
    return { ...cluster, request: { restore: { file, key, manifest } } };
  };
  const question = `Restore the cluster ${manifest.cluster} as it was on ${manifest.createdAt}, on ${manifest.manager.name}?`;
  if ('identities' in key) writeStderr(UNAUTHENTICATED);
  const proceed = async () => options.yes === true || confirm(question);
  return run({ pipeline: 'restore', mode: 'apply', options, change, proceed });
}

function passphraseSource(): PassphraseSource {
  return { env: process.env, ask: canAsk() ? askSecret : undefined };
}

function volumeNamed(text: string, { nodes }: Cluster): VolumeName {
  const [node, volume, ...rest] = text.split(':');
  if (!node || !volume || rest.length > 0)
    throw new SwarmupError('USAGE', `'${text}' does not name a volume of a node`, {
      fix: 'Write NODE:VOLUME, such as worker1:data.',
    });
  requireKnown(
    'node',
    node,
    nodes.map(({ name }) => name),
  );
  return { node, volume };
}

/** @throws SwarmupError USAGE when the back-up is of a different cluster from the one in the file */
function requireFitting({ cluster: of, manager }: Manifest, cluster: Cluster): void {
  if (of !== cluster.name)
    throw new SwarmupError(
      'USAGE',
      `the back-up is of the cluster ${of}, but the cluster file describes ${cluster.name}`,
      {
        fix: 'Name the cluster file of the back-up: -f FILE',
      },
    );
  const managers = managersOf(cluster).map(({ name }) => name);
  if (!managers.includes(manager.name))
    throw new SwarmupError(
      'USAGE',
      `the back-up is of the manager ${manager.name}, which the cluster file doesn't have (${managers.join(', ')})`,
      {
        fix: `Add ${manager.name} to the cluster file as a manager with the address ${manager.address}; it may be demoted afterwards.`,
      },
    );
}
