import { engineWords } from '../remote/engine.ts';

/** How often something else may get in between reading and writing. */
const ATTEMPTS = 5;

/**
 * Reads, changes and writes again when somebody else wrote in between: Swarm's own components note things on nodes and on the swarm
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
