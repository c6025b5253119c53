import { SingleFlight } from '../async/single-flight.ts';
import { findingsOf, survey } from './survey.ts';
import type { Look, Preflight } from '../contracts/preflight.ts';

export function preflightOf(needs: Parameters<typeof survey>[0]): Preflight {
  const looks = new SingleFlight<Look>();
  return {
    look: (signal) =>
      looks.share('look', signal, async (shared) => {
        const seen = await survey(needs, shared);
        return { survey: seen, findings: findingsOf(seen) };
      }),
    between: async (names, signal) => {
      const nodes = needs.cluster.nodes.filter(({ name }) => names.includes(name));
      return (await survey({ ...needs, cluster: { ...needs.cluster, nodes } }, signal)).links;
    },
  };
}
