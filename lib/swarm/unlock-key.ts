import { Secret } from '../util/secret.ts';
import type { StateFolder } from '../util/state-folder.ts';

/** In the cluster's state folder, readable only by its owner. */
const FILE = 'unlock-key';
const VARIABLE = 'SWARMUP_UNLOCK_KEY';
/** Stored instead of a key that was only shown to the user. */
const ELSEWHERE = '# kept elsewhere';

/** The keys that may be the swarm's: the one in the environment, and the stored one. */
export async function knownUnlockKeys(
  state: Pick<StateFolder, 'read'>,
  env: Readonly<Record<string, string | undefined>>,
): Promise<readonly Secret[]> {
  const keys = [env[VARIABLE], (await state.read(FILE))?.trim()];
  return keys.flatMap((key) => (key && key !== ELSEWHERE ? new Secret(key) : []));
}

/** The key for unlocking managers: from the environment, else the stored one. */
export async function keptUnlockKey(...where: Parameters<typeof knownUnlockKeys>): Promise<Secret | undefined> {
  return (await knownUnlockKeys(...where))[0];
}

/** Whether the key was shown once instead of stored, for the user to keep. */
export async function isKeptElsewhere(state: Pick<StateFolder, 'read'>): Promise<boolean> {
  return (await state.read(FILE))?.trim() === ELSEWHERE;
}

/** Stops storing the key here, until another one is stored. */
export async function forgetUnlockKey(state: Pick<StateFolder, 'write'>): Promise<void> {
  await state.write(`${ELSEWHERE}\n`, FILE);
}

/** @param key undefined: autolock is off, and there is no key to store */
export async function keepUnlockKey(
  state: Pick<StateFolder, 'write' | 'forget'>,
  key: Secret | undefined,
): Promise<void> {
  if (key) await state.write(`${key.reveal()}\n`, FILE);
  else await state.forget(FILE);
}
