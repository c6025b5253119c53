import { SingleFlight } from '../async/single-flight.ts';
import { findingsOf, survey, type Finding, type Survey } from './survey.ts';

export interface Look {
  readonly survey: Survey;
  readonly findings: readonly Finding[];
}

/** The look at all hosts that is had once a run, whoever asks first. */
export interface Preflight {
  look(signal: AbortSignal): Promise<Look>;
}

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
