import type { Engine } from '../../contracts/engine.ts';
import { engineWords } from '../../remote/engine.ts';
import { hasCode, SwarmupError } from '../../util/errors.ts';
import { ENGINE_WORDS } from './engine-words.ts';
import { placeInFile } from './places.ts';
import type { Subject } from './refusal.ts';

/** What a manager is asked to create or change for the cluster file. */
export interface Asked extends Subject {
  /** Its name in the cluster file: the name in the swarm may be longer. */
  readonly key?: string;
  /** The absolute path of the cluster file. */
  readonly file: string;
}

/**
 * Makes a request to a manager. What it refuses for a known reason becomes an error at the line of the cluster file, with
 * what to do; other errors are thrown as they are.
 */
export async function explained<T>(manager: Engine, asked: Asked, request: () => Promise<T>): Promise<T> {
  try {
    return await request();
  } catch (error) {
    if (!hasCode(error, 'ENGINE_REFUSED')) throw error;
    throw (await apiRefusal(manager.node, asked, error)) ?? error;
  }
}

async function apiRefusal(manager: string, asked: Asked, error: SwarmupError): Promise<SwarmupError | undefined> {
  const words = engineWords(error);
  const { kind, name, key = name, file } = asked;
  for (const { words: pattern, cause, fix, at, isOfSwarm, transient } of ENGINE_WORDS) {
    const found = pattern.exec(words);
    if (!found) continue;
    const context = { manager, kind, name, key };
    const place = isOfSwarm ? undefined : await placeInFile(file, [`${kind}s`, key, ...(at?.cluster ?? [])]);
    const where = place === undefined ? '' : `${place}: `;
    return new SwarmupError('ENGINE_REFUSED', `${where}${kind} ${name}: ${cause(context, found)}`, {
      fix: fix(context, found),
      output: words,
      transient: transient ?? error.transient,
      cause: error,
    });
  }
  return undefined;
}
