import { it } from 'vitest';
import { isLong } from './long.ts';

/** A test only of long runs: otherwise it isn't there at all. */
export const whenLong: typeof it | (() => void) = isLong ? it : () => undefined;
