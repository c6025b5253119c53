import type { Machines } from '../contracts/machines.ts';

/** Where managers listen for the swarm's control traffic. Source: `docker swarm init --listen-addr`. */
export const LISTEN_ADDRESS = '0.0.0.0:2377';

/** The address a node advertises: always given and always an IPv4 literal, as the engine rejects host names. */
export function advertised(ctx: { readonly machines: Machines }, node: string): string {
  return ctx.machines.running(node).address;
}
