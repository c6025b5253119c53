import { SingleFlight } from '../async/single-flight.ts';
import { findingsOf, survey } from './survey.ts';
import type { Look, Preflight } from '../contracts/preflight.ts';

export function preflightOf(needs: Parameters<typeof survey>[0]): Preflight {
  const looks = new SingleFlight<Look>();
  return {
    look: (signal) =>
      looks.run('look', async () => {
        const seen = await survey(needs, signal);
        return { survey: seen, findings: findingsOf(seen) };
      }),
  };
}
