import { SwarmupError } from './errors.ts';
import { adviceFor } from './nearest-name.ts';

/**
 * Refuses a name that doesn't exist.
 * @param kind as in "there is no KIND 'NAME'"
 * @throws SwarmupError UNKNOWN_NAME, with the nearest valid name
 */
export function requireKnown(kind: string, name: string, valid: readonly string[]): void {
  if (valid.includes(name)) return;
  throw new SwarmupError('UNKNOWN_NAME', `there is no ${kind} '${name}'`, { fix: adviceFor(name, valid) });
}
