import type { Host } from './host.ts';
import type { Engine } from './engine.ts';

/** The connection to the machines: one SSH connection per host, the Engine API through it. */
export interface Remote {
  host(node: string, signal: AbortSignal): Promise<Host>;
  engine(node: string, signal: AbortSignal): Promise<Engine>;
  /** Whether a running machine accepts connections yet: it may still be booting. */
  answers(node: string, signal: AbortSignal): Promise<boolean>;
  close(): Promise<void>;
}
