import type { Abortable, Hosts, RunContext } from '../contracts/context.ts';
import { addresses } from '../facts/addresses.ts';
import { mtus } from '../facts/mtu.ts';
import { gather } from '../remote/gather-facts.ts';
import { SwarmupError } from '../util/errors.ts';

/** What the overlay driver assumes. */
export const DRIVER_MTU = 1500;

/** The link between nodes that takes the smallest packets. */
export interface Underlay {
  readonly node: string;
  readonly interface: string;
  /** Bytes. */
  readonly mtu: number;
}

interface Links {
  readonly addresses: readonly { readonly interface: string; readonly address: string }[];
  readonly mtus: ReadonlyMap<string, number>;
}

/** The interface with the advertised address, and its MTU; undefined if the host doesn't have the address itself. */
export function underlayOf(
  node: string,
  address: string,
  { addresses: own, mtus: sizes }: Links,
): Underlay | undefined {
  const name = own.find((one) => one.address === address)?.interface;
  const mtu = name === undefined ? undefined : sizes.get(name);
  return name === undefined || mtu === undefined ? undefined : { node, interface: name, mtu };
}

/**
 * The link that takes smaller packets than overlay networks send by default, if there is one: a network needs its MTU, or
 * large packets are lost. The preflight has made sure that packets of the interfaces' size arrive.
 */
export async function narrowUnderlay(
  ctx: Abortable & Hosts & Pick<RunContext, 'cluster' | 'machines'>,
): Promise<Underlay | undefined> {
  const found = await Promise.all(
    ctx.cluster.nodes.map(async ({ name }) => {
      try {
        const { address } = ctx.machines.running(name);
        return underlayOf(name, address, await gather(await ctx.host(name), { addresses, mtus }, ctx.signal));
      } catch (error) {
        ctx.signal.throwIfAborted();
        // A node that can't be asked fails in a step of its own.
        if (error instanceof SwarmupError) return undefined;
        throw error;
      }
    }),
  );
  const narrow = found.filter((one) => one !== undefined).filter(({ mtu }) => mtu < DRIVER_MTU);
  return narrow.toSorted((one, other) => one.mtu - other.mtu)[0];
}
