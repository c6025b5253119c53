import type { Machine } from './provider.ts';

/** The machines as this run knows them; `provision` keeps it up to date. */
export interface Machines {
  get(node: string): Machine | undefined;
  set(machine: Machine): void;
  delete(node: string): void;
  /** The node's machine, running. @throws MACHINE_ABSENT or MACHINE_STOPPED */
  running(node: string): Machine;
  all(): readonly Machine[];
}

/** Whether a machine runs, even if it can't be reached yet. */
export function isOn({ state }: Machine): boolean {
  return state === 'running' || state === 'starting';
}
