import type { Clock } from '../../../async/clock.ts';
import { waitUntil } from '../../../async/wait-until.ts';
import { qmp } from '../../../remote/qmp.ts';
import type { Layout } from '../layout.ts';

const LOAD_MS = 120_000;

export interface Loading {
  readonly layout: Layout;
  readonly name: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** What to do when it takes too long. */
  readonly fix: string;
}

/** Waits until QEMU has loaded the whole state of a machine, which is then paused: only then it can be told to run. */
export async function untilLoaded({ layout, name, clock, signal, fix }: Loading): Promise<void> {
  await waitUntil({
    until: `the saved state of ${name} is loaded`,
    probe: async () => {
      const [answer] = await qmp(layout.qmpSocket(name), [{ execute: 'query-status' }]);
      const seen = JSON.stringify(answer);
      return seen.includes('"paused"') ? { done: undefined } : { seen };
    },
    deadlineMs: LOAD_MS,
    intervalMs: 20,
    signal,
    clock,
    fix,
  });
}
