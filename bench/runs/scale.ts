import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { deserialize, serialize } from 'node:v8';
import { clusterOf } from '../../test/support/cluster.ts';
import { runUp } from '../../test/support/rig.ts';
import { errorsOf } from '../../test/support/worlds.ts';
import { DistantWorld } from '../distant-world.ts';

/**
 * One `up` of a simulated cluster, with a real lock and a real record. Usage: scale.ts NODES FILE; the world is in the file, if it
 * exists, and is written back to it.
 */

const ROUND_TRIP_MS = 50;

export interface ScaleResult {
  /** Of the whole process, from its start, in milliseconds. */
  readonly cpuMs: number;
  readonly wallMs: number;
  /** In bytes. */
  readonly peak: number;
  readonly asked: number;
  readonly changed: number;
}

const [count = '', file = ''] = process.argv.slice(2);
const world = new DistantWorld(ROUND_TRIP_MS);
world.swarm.registry = new Set(['nginx:latest']);
if (existsSync(file)) world.restore(deserialize(readFileSync(file)));
const cluster = await clusterOf(`name: scale
provider: { type: qemu }
nodes: { managers: 3, workers: ${Number(count) - 3} }
services:
  web: { image: nginx, replicas: 3, ports: ['80:80'], verify: { path: /, status: 200, body: Welcome } }
`);
const run = await runUp(cluster, world);
if (!run.ok) throw new Error(errorsOf(run).slice(0, 5).join('\n'));
const { user, system } = process.cpuUsage();
const result: ScaleResult = {
  cpuMs: (user + system) / 1000,
  wallMs: performance.now(),
  peak: process.resourceUsage().maxRSS * 1024,
  asked: world.asked,
  changed: run.changed,
};
writeFileSync(file, serialize(world.snapshot()));
process.stdout.write(JSON.stringify(result));
