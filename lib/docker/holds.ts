import type { Work } from '../contracts/context.ts';
import { step, type Change } from '../contracts/change.ts';
import type { Host } from '../contracts/host.ts';
import { ENGINE_PACKAGES, unheld, type PackageHolds } from '../facts/package-holds.ts';
import { managers } from './installers.ts';
import type { PackageManager } from './manager.ts';
import { runPackages } from './package-run.ts';
import { packagesOf } from './receipt.ts';

/** Packages to hold, where swarmup installed them. */
export type HoldChange = Change & { readonly kind: 'hold' };

/** What an unattended upgrade could restart on a host where swarmup installed Docker. Pure. */
export function holdChanges(node: string, holds: PackageHolds | undefined): readonly HoldChange[] {
  const names = holds?.manager === undefined ? [] : unheld(holds);
  if (names.length === 0) return [];
  return [{ ...step(['nodes', node, 'docker', 'packages'], 'hold'), to: names, kind: 'hold' }];
}

/** Holds what `holdChanges` found. @throws SwarmupError as `runPackages` */
export async function applyHolds(host: Host, holds: PackageHolds | undefined, work: Work): Promise<void> {
  if (holds?.manager !== undefined) await hold(host, managers[holds.manager], unheld(holds), work);
}

/**
 * Holds the engine's packages that are installed: together, as each restarts the others' containers.
 * @throws SwarmupError as `runPackages`: dpkg locks its database for it
 */
export async function holdEngine(host: Host, manager: PackageManager, work: Work): Promise<void> {
  await hold(host, manager, await enginePackagesOn(host, manager, work.signal), work);
}

/** Lets the engine's packages be changed; does nothing where nothing is held. @throws SwarmupError as `runPackages` */
export async function releaseEngine(host: Host, manager: PackageManager, work: Work): Promise<void> {
  const names = await enginePackagesOn(host, manager, work.signal);
  const fix = `See which are held, and release them: swarmup ssh ${host.name}`;
  if (names.length > 0) await runPackages(host, { manager, argv: manager.release(names), fix }, work);
}

async function hold(host: Host, manager: PackageManager, names: readonly string[], work: Work): Promise<void> {
  const fix = `Hold them by hand (${names.join(', ')}), and run again: swarmup ssh ${host.name}`;
  if (names.length > 0) await runPackages(host, { manager, argv: manager.hold(names), fix }, work);
}

async function enginePackagesOn(host: Host, manager: PackageManager, signal: AbortSignal): Promise<readonly string[]> {
  const installed = await packagesOf(host, manager, signal);
  return ENGINE_PACKAGES.filter((name) => installed.has(name));
}
