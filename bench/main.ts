import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { bare } from './parts/bare.ts';
import { help } from './parts/help.ts';
import { local } from './parts/local.ts';
import { scale } from './parts/scale.ts';
import { pageOf, PARTS, replaced, rowsIn, type Part } from './page.ts';
import type { Measured } from './measured.ts';

/** Measures the parts that are named, or all, and writes docs/performance.md. See bench/README.md. */

const PAGE = fileURLToPath(new URL('../docs/performance.md', import.meta.url));

const RUN: Readonly<Record<Part, (lock: string | undefined) => Promise<Measured>>> = {
  help: async () => ({ figures: await help() }),
  scale: async () => ({ figures: await scale() }),
  local,
  bare,
};

/** 2 cores, 24 GiB, emulated guests */
function machine(vm: string | undefined): string {
  const guests = vm === undefined ? [] : [vm === 'emulated' ? 'emulated guests' : `guests with ${vm}`];
  return [`${availableParallelism()} cores`, `${Math.round(totalmem() / 2 ** 30)} GiB`, ...guests].join(', ');
}

const { values, positionals } = parseArgs({ allowPositionals: true, options: { lock: { type: 'string' } } });
const wanted = positionals.length > 0 ? positionals : PARTS;
for (const name of wanted) {
  const part = PARTS.find((one) => one === name);
  if (!part) throw new Error(`there is no part '${name}': expected one of ${PARTS.join(', ')}`);
  const { figures, vm } = await RUN[part](values.lock);
  const shared = { part, machine: machine(vm), date: new Date().toISOString().slice(0, 10) };
  const rows = figures.map((figure) => ({ ...figure, ...shared }));
  // After every part, as the next one may fail or be interrupted.
  writeFileSync(PAGE, pageOf(replaced(rowsIn(readFileSync(PAGE, 'utf8')), part, rows)));
}
