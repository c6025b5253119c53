import { it } from 'vitest';
import { isLong } from './long.ts';

/** A test for long runs only: otherwise it isn't registered at all. */
export const whenLong: typeof it | (() => void) = isLong ? it : () => undefined;
