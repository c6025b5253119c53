import { readFileSync, writeFileSync } from 'node:fs';
import { deserialize, serialize } from 'node:v8';
import { loadCluster } from './cluster.ts';
import { FakeWorld } from '../fakes/world.ts';
import { runUp } from './rig.ts';

/**
 * A separate process that runs `up` with a world saved in a file, and kills itself with SIGKILL after a number of
 * boundaries: a unit starts, applies, checks again, or ends.
 *
 * Arguments: cluster file, world file, boundaries.
 */
const [clusterFile = '', worldFile = '', boundaries = ''] = process.argv.slice(2);
const world = new FakeWorld();
world.restore(deserialize(readFileSync(worldFile)));
const save = () => writeFileSync(worldFile, serialize(world.snapshot()));
let left = Number(boundaries);
const cluster = await loadCluster({ file: clusterFile, cwd: process.cwd(), env: {} });
const result = await runUp(cluster, world, ({ type }) => {
  if (type !== 'unit-started' && type !== 'unit-phase' && type !== 'unit-finished') return;
  if (left-- > 0) return;
  save();
  process.kill(process.pid, 'SIGKILL');
});
save();
process.exitCode = result.ok ? 0 : 1;
