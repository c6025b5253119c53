import { table } from './table.ts';

/** A server nobody has vouched for yet. */
export interface UnknownServer {
  /** The nodes that are reached at it or through it. */
  readonly names: readonly string[];
  readonly server: string;
  readonly type: string;
  readonly fingerprint: string;
}

/** A row for each server, with what it has to be compared by. */
export function hostKeysTable(servers: readonly UnknownServer[]): string {
  const rows = servers.map(({ names, server, type, fingerprint }) => [names.join(', '), server, type, fingerprint]);
  return `Host keys that were never seen before:\n\n${table(['NODE', 'SERVER', 'TYPE', 'FINGERPRINT'], rows)}\n`;
}
