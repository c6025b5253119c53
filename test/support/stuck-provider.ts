import { created, defineProvider, z } from 'swarmup';

/** Machines that never start: for tests of stopping a run. */
export default defineProvider({
  schema: z.strictObject({
    /** It ignores the abort of the run. */
    deaf: z.boolean().default(false),
  }),
  create: ({ deaf }) => {
    const none = async () => undefined;
    return {
      list: async () => [],
      plan: (node) => [created(['machines', node.name])],
      create: async (node, { signal, report }) => {
        report(`making ${node.name}`);
        // Keeps the process alive, as a real command would.
        const work = setInterval(() => undefined, 1_000);
        try {
          await new Promise((_resolve, reject) => {
            if (!deaf) signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true });
          });
        } finally {
          clearInterval(work);
        }
        throw new Error('it never comes');
      },
      stop: none,
      cutPower: none,
      destroy: none,
      destroyShared: async () => [],
      endpoint: (machine, port) => ({ host: machine.name, port }),
    };
  },
});
