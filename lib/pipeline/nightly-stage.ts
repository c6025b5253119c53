import type { Mode } from '../contracts/events.ts';

/** One stage of the nightly test. */
export interface NightlyStage {
  /** What it shows, as it reads when it went well. */
  readonly title: string;
  readonly pipeline: string;
  readonly mode?: Mode;
  /** Any change is a failure. */
  readonly changesNothing?: boolean;
  /** Who loses their power: the last worker, or the manager that leads. */
  readonly victim?: 'worker' | 'leader';
  /** So many replicas more for the first service. */
  readonly more?: number;
}
