import pc from 'picocolors';
import type { Price } from '../contracts/provider.ts';
import type { NodeStatus } from '../swarm/status.ts';
import { table } from './table.ts';

/** A machine that costs money while it runs. */
export interface RentedNode {
  readonly name: string;
  readonly rented: NonNullable<NodeStatus['rented']>;
}

/** A row per machine that costs money while it runs, with the hours since its last start. */
export function rentText(nodes: readonly RentedNode[]): string {
  if (nodes.length === 0) return '';
  const rows = nodes.map(({ name, rented: { id, type, zone, hours } }) => [name, id, type, zone ?? '-', `${hours} h`]);
  return `\n${table(['RENTED', 'ID', 'TYPE', 'ZONE', 'UP'], rows)}`;
}

/** The hourly cost of these machines, as far as the user's price table covers them. */
export function estimateText(prices: readonly (Price | undefined)[]): string {
  const known = prices.filter((price) => price !== undefined);
  const [first] = known;
  if (!first) return '';
  const sum = known.reduce((total, { amount }) => total + amount, 0);
  const missing = prices.length - known.length;
  const without = missing > 0 ? `; ${missing} more are not in the table` : '';
  return pc.dim(
    `estimate from your price table: ${sum.toFixed(4)} ${first.currency} per hour for ${known.length} machines${without}\n`,
  );
}
