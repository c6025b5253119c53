import type { Snapshot } from '../contracts/provider.ts';
import { megabytes } from './cache.ts';
import { table } from './table.ts';

/** The snapshots of a cluster, a row each. */
export function snapshotsText(snapshots: readonly Snapshot[], cluster: string): string {
  if (snapshots.length === 0) return `${cluster} has no snapshots\n`;
  const rows = snapshots.map((one) => [
    one.name,
    `${one.takenAt.slice(0, 16).replace('T', ' ')} UTC`,
    one.machines.join(' ') || '-',
    megabytes(one.bytes),
    usable(one),
  ]);
  return table(['NAME', 'TAKEN', 'MACHINES', 'SIZE', 'USABLE'], rows);
}

function usable({ unusable, usableUntil }: Snapshot): string {
  if (unusable !== undefined) return `no: ${unusable}`;
  return usableUntil === undefined ? 'yes' : `until ${usableUntil.slice(0, 10)}`;
}
