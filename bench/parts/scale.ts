import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeOwn } from '../../lib/util/remove.ts';
import { progress, resultOf } from '../child.ts';
import type { Figure } from '../page.ts';
import type { ScaleResult } from '../runs/scale.ts';

const SIZES = [10, 100, 500, 1000];

/** As the launcher starts Node.js. */
const NODE = ['--max-semi-space-size=16'];

/** What a run costs with many nodes, and whether one more node costs more with many than with few. */
export async function scale(): Promise<readonly Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'swarmup-bench-'));
  const env = { TMPDIR: folder, NODE_COMPILE_CACHE: join(folder, 'compiled') };
  const up = (nodes: number, world: string) =>
    resultOf<ScaleResult>('scale', [String(nodes), join(folder, world)], { env, node: NODE });
  try {
    // Fills the cache of compiled modules, as earlier runs have for any user.
    await up(3, 'warm');
    const figures: Figure[] = [];
    for (const size of SIZES) {
      progress(`scale: ${size} simulated nodes`);
      const first = await up(size, `of-${size}`);
      const second = await up(size, `of-${size}`);
      if (second.changed !== 0) throw new Error(`the second run changed ${second.changed}`);
      const more = await up(size + 1, `of-${size}`);
      figures.push(
        row(`${size} simulated nodes, up`, first, `${perNode(first, size)} questions per node`),
        row(`${size} simulated nodes, a second run`, second, `${ratio(second, first)} × the CPU of the first`),
        row(
          `${size} simulated nodes, and one more`,
          more,
          `${more.asked - second.asked} questions more than changing nothing`,
        ),
      );
    }
    return figures;
  } finally {
    await removeOwn(folder);
  }
}

function row(what: string, { cpuMs, wallMs, peak, asked }: ScaleResult, compared: string): Figure {
  const figure = `${seconds(cpuMs)} CPU, ${seconds(wallMs)}, ${Math.round(peak / 1e6)} MB, ${asked} questions`;
  return { what, figure, compared };
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

function perNode({ asked }: ScaleResult, nodes: number): string {
  return (asked / nodes).toFixed(1);
}

function ratio(one: ScaleResult, other: ScaleResult): string {
  return (one.cpuMs / other.cpuMs).toFixed(2);
}
