import type { RunResult, Mode } from '../contracts/events.ts';
import type { RunContext } from '../contracts/context.ts';

/** How a run ended, and where it was recorded. */
export interface Ending {
  readonly result: RunResult;
  /** The parts of the context that a summary needs. */
  readonly context: Pick<RunContext, 'cluster' | 'provider' | 'machines' | 'state' | 'clock'>;
  readonly mode: Mode;
  readonly pipeline: string;
  /** The folder of the run's record, if there is one. */
  readonly record: string | undefined;
}
