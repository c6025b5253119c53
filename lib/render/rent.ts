import pc from 'picocolors';
import type { Price } from '../contracts/provider.ts';
import type { NodeStatus } from '../swarm/status.ts';
import { table } from './table.ts';

/** A machine that costs money while it runs. */
export interface RentedNode {
  readonly name: string;
  readonly rented: NonNullable<NodeStatus['rented']>;
}

/** A row for each machine that costs money while it runs, with the hours since its last start. */
export function rentText(nodes: readonly RentedNode[]): string {
  if (nodes.length === 0) return '';
  const rows = nodes.map(({ name, rented: { id, type, zone, hours } }) => [name, id, type, zone ?? '-', `${hours} h`]);
  return `\n${table(['RENTED', 'ID', 'TYPE', 'ZONE', 'UP'], rows)}`;
}

/** What an hour of so many machines comes to, as far as the user's own table says. */
export function estimateText(prices: readonly (Price | undefined)[]): string {
  const known = prices.filter((price) => price !== undefined);
  const [first] = known;
  if (!first) return '';
  const sum = known.reduce((total, { amount }) => total + amount, 0);
  const missing = prices.length - known.length;
  const without = missing > 0 ? `; ${missing} more are not in it` : '';
  return pc.dim(
    `estimate by your price table: ${sum.toFixed(4)} ${first.currency} an hour for ${known.length} machines${without}\n`,
  );
}
