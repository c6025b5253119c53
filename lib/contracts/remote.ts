import type { Host } from './host.ts';
import type { Engine } from './engine.ts';

/** The way to the machines: one SSH connection a host, the Engine API through it. */
export interface Remote {
  host(node: string, signal: AbortSignal): Promise<Host>;
  engine(node: string, signal: AbortSignal): Promise<Engine>;
  /** Whether a machine that runs can be connected to by now: it may still be booting. */
  answers(node: string, signal: AbortSignal): Promise<boolean>;
  close(): Promise<void>;
}
