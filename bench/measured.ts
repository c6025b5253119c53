import type { Figure } from './page.ts';

/** The result of a part. */
export interface Measured {
  readonly figures: readonly Figure[];
  /** How its virtual machines ran, if it had any: `emulated`, or with which hardware support. */
  readonly vm?: string;
}
