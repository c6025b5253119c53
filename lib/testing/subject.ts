import type { NodeSpec } from '../config/model.ts';
import type { Machine, Provider, ProviderIo } from '../contracts/provider.ts';

/** A provider to test, and what the suite may know about its cluster. */
export interface Subject {
  readonly provider: Provider;
  /** A node of the provider's cluster. */
  readonly node: NodeSpec;
  /** A TCP port that the cluster publishes. */
  readonly port: number;
  /** Whether the machine answers at the provider's endpoint; omitted for simulated machines, which never answer. */
  readonly answers?: (host: string, port: number) => Promise<boolean>;
}

const { signal } = new AbortController();
/** A run without a view and without interrupts. */
export const io: ProviderIo = { signal, report: () => undefined, warn: () => undefined };

/** The node's machine in the current list. */
export async function listed({ provider, node }: Subject): Promise<Machine | undefined> {
  const [machine] = await provider.list(signal, [node.name]);
  return machine;
}

export const ADDRESS = /^\d+\.\d+\.\d+\.\d+$/;
