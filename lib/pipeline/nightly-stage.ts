import type { Mode } from '../contracts/events.ts';

/** One stage of the nightly test. */
export interface NightlyStage {
  /** The expected result, as a statement. */
  readonly title: string;
  readonly pipeline: string;
  readonly mode?: Mode;
  /** Any change is a failure. */
  readonly changesNothing?: boolean;
  /** The node that loses its power: the last worker, or the leading manager. */
  readonly victim?: 'worker' | 'leader';
  /** How many replicas to add to the first service. */
  readonly more?: number;
}
