import type { Fact } from './fact.ts';

export type DaemonJson = { readonly values: Readonly<Record<string, unknown>> } | { readonly invalid: string };

/** /etc/docker/daemon.json; a missing or empty file has no values. */
export const daemonJson: Fact<DaemonJson> = {
  command: 'cat /etc/docker/daemon.json',
  parse: (output) => {
    if (output === '') return { values: {} };
    try {
      const values: unknown = JSON.parse(output);
      if (typeof values === 'object' && values !== null && !Array.isArray(values)) return { values: { ...values } };
      return { invalid: 'it contains no JSON object' };
    } catch (error) {
      // Not an error: the invalid text is the answer.
      return { invalid: error instanceof Error ? error.message : String(error) };
    }
  },
};
