import { spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeOwn } from '../../lib/util/remove.ts';
import { ROOT } from '../../test/support/cli.ts';
import { installed, packed } from '../../test/support/installed.ts';
import { progress } from '../child.ts';
import type { Figure } from '../page.ts';

const RUNS = 20;

/** How long the command line takes to start, in a checkout and installed, beside an empty Node.js program. */
export async function help(): Promise<readonly Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'swarmup-bench-'));
  try {
    progress('help: packing and installing swarmup');
    const home = installed(folder, packed(folder, {}).archive);
    const commands = [
      ['swarmup --help, in a checkout', join(ROOT, 'swarmup'), '--help'],
      ['swarmup --version, in a checkout', join(ROOT, 'swarmup'), '--version'],
      ['swarmup --help, installed', join(home, 'swarmup'), '--help'],
      ['swarmup --version, installed', join(home, 'swarmup'), '--version'],
    ] as const;
    const empty = ['an empty Node.js program', process.execPath, '-e', ''] as const;
    const env = { ...process.env, NODE_COMPILE_CACHE: join(folder, 'compiled') };
    const [base = 1, ...medians] = alternating([empty, ...commands], env);
    return commands.map(([what], i) => ({
      what,
      figure: `${Math.round(medians[i] ?? 0)} ms`,
      compared: `${((medians[i] ?? 0) / base).toFixed(1)} × ${empty[0]} (${Math.round(base)} ms)`,
    }));
  } finally {
    await removeOwn(folder);
  }
}

type Command = readonly [what: string, program: string, ...argv: string[]];

/** The median time of each command, in milliseconds; they take turns, so that a busy moment concerns all of them. */
function alternating(commands: readonly Command[], env: NodeJS.ProcessEnv): readonly number[] {
  const times = commands.map((): number[] => []);
  for (let run = -1; run < RUNS; run++)
    for (const [i, [what, program, ...argv]] of commands.entries()) {
      const start = performance.now();
      const { status } = spawnSync(program, argv, { env, stdio: 'ignore' });
      if (status !== 0) throw new Error(`${what} ended with ${status}`);
      // The first round fills caches.
      if (run >= 0) times[i]?.push(performance.now() - start);
    }
  return times.map((all) => all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)] ?? 0);
}
