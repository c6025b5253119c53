import type { RunResult } from '../../lib/contracts/events.ts';
import { FakeWorld } from '../fakes/world.ts';
import { IMAGES } from './cluster.ts';

/** A world whose registry has the images of the full cluster. */
export function worldWithRegistry(): FakeWorld {
  const world = new FakeWorld();
  world.swarm.registry = IMAGES;
  return world;
}

/** The failures of a run, as `task@target: message`. */
export function errorsOf(result: RunResult): string[] {
  return result.units.flatMap((unit) => (unit.error ? [`${unit.task}@${unit.target}: ${unit.error.message}`] : []));
}
