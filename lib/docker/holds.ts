import type { Abortable } from '../contracts/context.ts';
import { step, type Change } from '../contracts/change.ts';
import type { Host } from '../contracts/host.ts';
import { ENGINE_PACKAGES, unheld, type PackageHolds } from '../facts/package-holds.ts';
import { managers } from './installers.ts';
import type { PackageManager } from './manager.ts';
import { packagesOf } from './receipt.ts';

/** Packages to hold, where swarmup installed them. */
export type HoldChange = Change & { readonly kind: 'hold' };

/** What an unattended upgrade could restart on a host where swarmup installed Docker. Pure. */
export function holdChanges(node: string, holds: PackageHolds | undefined): readonly HoldChange[] {
  const names = holds?.manager === undefined ? [] : unheld(holds);
  if (names.length === 0) return [];
  return [{ ...step(['nodes', node, 'docker', 'packages'], 'hold'), to: names, kind: 'hold' }];
}

/** Holds what `holdChanges` found. */
export async function applyHolds(host: Host, holds: PackageHolds | undefined, { signal }: Abortable): Promise<void> {
  if (holds?.manager !== undefined) await hold(host, managers[holds.manager], unheld(holds), signal);
}

/** Holds the engine's packages that are installed: together, as each restarts the others' containers. */
export async function holdEngine(host: Host, manager: PackageManager, signal: AbortSignal): Promise<void> {
  await hold(host, manager, await enginePackagesOn(host, manager, signal), signal);
}

/** Lets the engine's packages be changed; does nothing where nothing is held. */
export async function releaseEngine(host: Host, manager: PackageManager, signal: AbortSignal): Promise<void> {
  const names = await enginePackagesOn(host, manager, signal);
  if (names.length > 0) await host.run(manager.release(names), { signal });
}

async function hold(host: Host, manager: PackageManager, names: readonly string[], signal: AbortSignal): Promise<void> {
  if (names.length > 0) await host.run(manager.hold(names), { signal });
}

async function enginePackagesOn(host: Host, manager: PackageManager, signal: AbortSignal): Promise<readonly string[]> {
  const installed = await packagesOf(host, manager, signal);
  return ENGINE_PACKAGES.filter((name) => installed.has(name));
}
