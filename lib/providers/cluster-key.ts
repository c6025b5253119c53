import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Cluster } from '../config/model.ts';
import { ifThere } from '../util/files.ts';
import { generateKeyPair } from '../remote/keys.ts';
import { KeyedMutex } from '../async/keyed-mutex.ts';

/** The path of a cluster's private key. */
export function identityFileOf({ stateDir }: Pick<Cluster, 'stateDir'>): string {
  return join(stateDir, 'ssh', 'id_ed25519');
}

/** The public half of the cluster's own key pair, if it exists on this computer. */
export async function knownClusterKey(identityFile: string): Promise<string | undefined> {
  return (await ifThere(readFile(`${identityFile}.pub`, 'utf8')))?.trim();
}

const mutex = new KeyedMutex();

/**
 * The public half of the cluster's own key pair, which is generated once, even if several providers ask concurrently.
 */
export function clusterKey(identityFile: string, cluster: string): Promise<string> {
  return mutex.take(identityFile, () => makeKey(identityFile, cluster));
}

async function makeKey(identityFile: string, cluster: string): Promise<string> {
  const known = await knownClusterKey(identityFile);
  if (known !== undefined) return known;
  const pair = generateKeyPair(`swarmup-${cluster}`);
  await mkdir(dirname(identityFile), { recursive: true, mode: 0o700 });
  await writeFile(identityFile, pair.privateKey, { mode: 0o600 });
  await writeFile(`${identityFile}.pub`, `${pair.publicKey}\n`, { mode: 0o644 });
  return pair.publicKey;
}
