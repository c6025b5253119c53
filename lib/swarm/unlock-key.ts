import { Secret } from '../util/secret.ts';
import type { StateFolder } from '../util/state-folder.ts';

/** In the cluster's local folder, readable by its owner only. */
const FILE = 'unlock-key';
const VARIABLE = 'SWARMUP_UNLOCK_KEY';
/** In the file's place of a key: whoever was shown it keeps it. */
const ELSEWHERE = '# kept elsewhere';

/** The keys that may be the swarm's: the one of the environment, and the one that was kept. */
export async function knownUnlockKeys(
  state: Pick<StateFolder, 'read'>,
  env: Readonly<Record<string, string | undefined>>,
): Promise<readonly Secret[]> {
  const keys = [env[VARIABLE], (await state.read(FILE))?.trim()];
  return keys.flatMap((key) => (key && key !== ELSEWHERE ? new Secret(key) : []));
}

/** The key that locked managers are unlocked with: from the environment, else the one that was kept. */
export async function keptUnlockKey(...where: Parameters<typeof knownUnlockKeys>): Promise<Secret | undefined> {
  return (await knownUnlockKeys(...where))[0];
}

/** Whether the key was shown once, to be kept by whoever saw it. */
export async function isKeptElsewhere(state: Pick<StateFolder, 'read'>): Promise<boolean> {
  return (await state.read(FILE))?.trim() === ELSEWHERE;
}

/** From now on the key isn't kept here, until another one is. */
export async function forgetUnlockKey(state: Pick<StateFolder, 'write'>): Promise<void> {
  await state.write(`${ELSEWHERE}\n`, FILE);
}

/** @param key undefined: autolock is off, and there is none to keep */
export async function keepUnlockKey(
  state: Pick<StateFolder, 'write' | 'forget'>,
  key: Secret | undefined,
): Promise<void> {
  if (key) await state.write(`${key.reveal()}\n`, FILE);
  else await state.forget(FILE);
}
