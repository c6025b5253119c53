import Docker from 'dockerode';
import type { FakeEngineState } from './swarm.ts';
import { engineError } from './strict.ts';

interface Options {
  /** @throws when the engine is unreachable */
  readonly engine: () => FakeEngineState;
  /** @throws when the engine is not a manager */
  readonly needManager: (engine: FakeEngineState) => void;
  readonly swarm: { readonly autolock: boolean; readonly unlockKey: string; readonly writes: string[] };
}

interface Dialled {
  readonly path: string;
  readonly options?: { readonly UnlockKey?: string };
}

/** The layer below dockerode: the requests that it has no method for. */
export function modemOf({ engine, needManager, swarm }: Options): Docker['modem'] {
  const answer = ({ path, options }: Dialled): object => {
    const one = engine();
    if (path === '/swarm/unlockkey') {
      needManager(one);
      return { UnlockKey: swarm.autolock ? swarm.unlockKey : '' };
    }
    if (path !== '/swarm/unlock') throw new Error(`the fake Docker Engine was asked for ${path}`);
    if (!one.locked) throw engineError(409, 'swarm is not locked');
    if (options?.UnlockKey !== swarm.unlockKey)
      throw engineError(400, 'swarm could not be unlocked: invalid key provided');
    swarm.writes.push(`unlock ${one.name}`);
    one.locked = false;
    return {};
  };
  const { modem } = new Docker({ host: 'nowhere.invalid', port: 1 });
  return Object.assign(modem, {
    dial: (wanted: Dialled, done: (error: unknown, data?: object) => void) => {
      try {
        done(null, answer(wanted));
      } catch (error) {
        done(error);
      }
    },
  });
}
