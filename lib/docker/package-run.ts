import { quoteThroughSsh } from '../util/shell-quote.ts';
import type { Work } from '../contracts/context.ts';
import type { Host } from '../contracts/host.ts';
import { waitUntil, type Probe } from '../async/wait-until.ts';
import { holderOf, packageLock, watchHolder, type PackageHolder } from '../facts/package-lock.ts';
import { gather } from '../remote/gather-facts.ts';
import { hasCode, type SwarmupError } from '../util/errors.ts';
import { visibleLine } from '../util/visible.ts';
import type { PackageManager } from './manager.ts';
import { packageError } from './package-error.ts';
import { packageFailure } from './package-failure.ts';

/** How long others may install packages, in milliseconds: the upgrades of a new machine take minutes. */
const LOCKED_MS = 600_000;
const INTERVAL_MS = 2_000;

/** Completes what an interrupted dpkg left, and keeps changed configuration files. Source: dpkg(1). */
const REPAIR = [
  'env',
  'DEBIAN_FRONTEND=noninteractive',
  'dpkg',
  '--force-confdef',
  '--force-confold',
  '--configure',
  '-a',
];

/** apt and dnf 4 wait by themselves when the lock is taken after they started. */
const WAITING = /^Waiting for (?:cache lock: )?(.*process.*)/;

export interface PackageCommand {
  readonly manager: PackageManager;
  readonly argv: readonly string[];
  /** What to do when it fails for an unknown reason. */
  readonly fix: string;
  readonly onLine?: (line: string) => void;
  /** What a failure means that only the caller knows. */
  readonly explain?: (output: string, error: SwarmupError) => SwarmupError | undefined;
}

/**
 * Runs a command of the package manager once nobody else uses it. The package managers' own waits don't cover all locks,
 * and don't say whom they wait for: apt's doesn't cover the package lists, and dnf 5 has none.
 *
 * @returns all that it printed, line by line
 * @throws SwarmupError TIMED_OUT naming who holds a lock, INSTALL_FAILED with the cause, COMMAND_FAILED
 */
export async function runPackages(host: Host, command: PackageCommand, work: Work): Promise<string> {
  let holder: PackageHolder | undefined;
  const steps = { repaired: false };
  return waitUntil({
    until: `the package manager of ${host.name} is free`,
    probe: async () => {
      holder = (await gather(host, { packageLock }, work.signal)).packageLock;
      return holder ? { seen: holderOf(holder) } : attempt(host, command, work, steps);
    },
    deadlineMs: LOCKED_MS,
    intervalMs: INTERVAL_MS,
    signal: work.signal,
    clock: work.clock,
    // Read when the wait ends: by then the holder is known.
    get fix() {
      return fixFor(host.name, holder);
    },
    onSeen: (seen) => work.report(`waiting: ${visibleLine(seen)}`),
  });
}

/** Runs it once, or a second time when an interrupted installation had to be completed first. */
async function attempt(
  host: Host,
  command: PackageCommand,
  work: Work,
  steps: { repaired: boolean },
): Promise<Probe<string>> {
  const { manager, argv, fix, explain } = command;
  const lines: string[] = [];
  const onLine = (line: string) => {
    lines.push(line);
    const other = WAITING.exec(line)?.[1];
    if (other === undefined) command.onLine?.(line);
    else work.report(`waiting: ${visibleLine(other)}`);
  };
  try {
    await host.run(argv, { signal: work.signal, fix, onLine });
    return { done: lines.join('\n') };
  } catch (error) {
    if (!hasCode(error, 'COMMAND_FAILED')) throw error;
    const output = `${lines.join('\n')}\n${error.output ?? ''}\n`;
    const { kind, ...about } = packageFailure(output) ?? {};
    if (kind === 'locked') return { seen: 'another program uses it' };
    if (kind === 'interrupted' && !steps.repaired) {
      steps.repaired = true;
      work.report('completing an interrupted installation');
      // Whether that helped is seen when the command runs again.
      await host.run(REPAIR, { signal: work.signal, okExit: 'any' });
      return attempt(host, command, work, steps);
    }
    const known = explain?.(output, error);
    if (known) throw known;
    if (kind === undefined) throw error;
    throw packageError({ kind, what: '', detail: '', ...about }, { host: host.name, manager }, error);
  }
}

function fixFor(host: string, holder: PackageHolder | undefined): string {
  if (!holder) return `Find out what uses it: swarmup ssh ${host} -- ps -ef; then run again.`;
  const { kind } = holder;
  const stop =
    kind === 'process'
      ? `If it hangs, stop it: swarmup ssh ${host} -- sudo ${holder.service === undefined ? `kill ${holder.pid}` : quoteThroughSsh(['systemctl', 'stop', holder.service])}`
      : `Its log: swarmup ssh ${host} -- sudo tail -n 50 /var/log/cloud-init-output.log`;
  return `Run again when it has ended: swarmup ssh ${host} -- ${watchHolder(holder)}. ${stop}`;
}
