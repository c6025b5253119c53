import type { Work } from '../contracts/context.ts';
import type { Host } from '../contracts/host.ts';
import { releaseEngine } from './holds.ts';
import { managers } from './installers.ts';
import { runPackages } from './package-run.ts';
import { removeReceipt, type Receipt } from './receipt.ts';

/** Removes what swarmup installed on a host, by its receipt there, and then the receipt. */
export async function uninstallDocker(host: Host, receipt: Receipt, work: Work): Promise<void> {
  const { packages, files } = receipt;
  const { signal } = work;
  const manager = managers[receipt.manager];
  // Also what was held but not installed by swarmup, such as a runc that was there before.
  await releaseEngine(host, manager, work);
  const fix = `Remove them by hand: swarmup ssh ${host.name}`;
  if (packages.length > 0) await runPackages(host, { manager, argv: manager.remove(packages), fix }, work);
  if (files.length > 0) await host.run(['rm', '-f', ...files], { signal });
  await removeReceipt(host, signal);
}
