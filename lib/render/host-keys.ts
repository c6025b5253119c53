import type { PresentedHostKey } from '../contracts/prompts.ts';
import { table } from './table.ts';

/** A row per server, with the fingerprint to compare. */
export function hostKeysTable(keys: readonly PresentedHostKey[]): string {
  const rows = keys.map(({ names, server, type, fingerprint }) => [names.join(', '), server, type, fingerprint]);
  return `Host keys that were never seen before:\n\n${table(['NODE', 'SERVER', 'TYPE', 'FINGERPRINT'], rows)}\n`;
}
