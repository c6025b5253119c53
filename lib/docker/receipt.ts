import { dirname } from 'node:path/posix';
import { z } from 'zod';
import { RECEIPT } from '../facts/package-holds.ts';
import { parseAs } from '../util/parse-json.ts';
import type { Host } from '../contracts/host.ts';
import { writeOn } from '../remote/write-file.ts';
import type { PackageManager } from './manager.ts';
import { PROXY_FILE } from './proxy.ts';
import { repositoryFiles } from './repository.ts';

const FOLDER = dirname(RECEIPT);

const schema = z.object({
  manager: z.enum(['apt', 'dnf', 'zypper', 'apk']),
  /** Packages that weren't installed before. */
  packages: z.array(z.string()),
  /** Files that were written. */
  files: z.array(z.string()),
});

/** What swarmup installed on a host. The receipt is kept on the host, so that another computer can uninstall. */
export type Receipt = z.output<typeof schema>;

/** Records the packages that an installation adds, even if it fails halfway. */
export async function keepReceipt(
  host: Host,
  manager: PackageManager,
  signal: AbortSignal,
  install: () => Promise<void>,
): Promise<void> {
  const before = await packagesOf(host, manager, signal);
  const known = await readReceipt(host, signal);
  try {
    await install();
  } finally {
    if (!signal.aborted) {
      const now = await packagesOf(host, manager, signal);
      const fresh = [...now].filter((name) => !before.has(name));
      const packages = [...new Set([...(known?.packages ?? []), ...fresh])].filter((name) => now.has(name));
      await write(host, { manager: manager.name, packages, files: [...repositoryFiles(manager), PROXY_FILE] }, signal);
    }
  }
}

/** Undefined when swarmup installed nothing there. */
export async function readReceipt(host: Host, signal: AbortSignal): Promise<Receipt | undefined> {
  const { stdout, exitCode } = await host.run(['cat', RECEIPT], { signal, okExit: [0, 1] });
  return exitCode === 0 ? parseAs(schema, stdout) : undefined;
}

export async function removeReceipt(host: Host, signal: AbortSignal): Promise<void> {
  await host.run(['rm', '-rf', FOLDER], { signal });
}

async function write(host: Host, receipt: Receipt, signal: AbortSignal): Promise<void> {
  await writeOn(host, RECEIPT, `${JSON.stringify(receipt)}\n`, signal);
}

/** The names of the installed packages. */
export async function packagesOf(host: Host, { installed }: PackageManager, signal: AbortSignal): Promise<Set<string>> {
  const { stdout } = await host.run(installed, { signal });
  return new Set(stdout.split('\n').flatMap((line) => /^[hi]i +(\S+)$/.exec(line.trim())?.[1] ?? []));
}
