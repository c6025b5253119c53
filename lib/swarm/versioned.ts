import { engineWords } from '../remote/engine.ts';

/** How many attempts to make when others write between our read and write. */
const ATTEMPTS = 5;

/**
 * Repeats reading and writing when something else wrote in between: Swarm's own components update nodes and the swarm
 * all the time. Source: swarmkit, store.ErrSequenceConflict.
 */
export async function readAndWrite(work: () => Promise<void>): Promise<void> {
  for (let attempt = 1; attempt < ATTEMPTS; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (!/update out of sequence/.test(engineWords(error))) throw error;
    }
  }
  await work();
}
