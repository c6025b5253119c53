import type { NodeSpec } from '../config/model.ts';
import type { Machine, Provider, ProviderIo } from '../contracts/provider.ts';

/** A provider to test, and what the suite may know of its cluster. */
export interface Subject {
  readonly provider: Provider;
  /** A node of the provider's cluster. */
  readonly node: NodeSpec;
  /** A TCP port that the cluster publishes. */
  readonly port: number;
  /** Whether the machine answers where the provider says it does; simulated machines answer nowhere. */
  readonly answers?: (host: string, port: number) => Promise<boolean>;
}

const { signal } = new AbortController();
/** A run that nobody watches or interrupts. */
export const io: ProviderIo = { signal, report: () => undefined, warn: () => undefined };

/** The node's machine as it is listed now. */
export async function listed({ provider, node }: Subject): Promise<Machine | undefined> {
  const [machine] = await provider.list(signal, [node.name]);
  return machine;
}

export const ADDRESS = /^\d+\.\d+\.\d+\.\d+$/;
