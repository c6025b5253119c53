import { catalogueWith } from '../../lib/session/catalogue.ts';
import { Reporting } from '../../lib/cli/reporting.ts';
import type { Cluster } from '../../lib/config/model.ts';
import type { Event, EventBody, RunResult } from '../../lib/contracts/events.ts';
import { runPipeline, underLock } from '../../lib/pipeline/run-pipeline.ts';
import type { FakeWorld } from '../fakes/world.ts';

/** Runs `swarmup up` in a simulated world, with a real lock and a real record on this computer. */
export async function runUp(
  cluster: Cluster,
  world: FakeWorld,
  onEvent: (event: Event) => void = () => undefined,
  signal = new AbortController().signal,
): Promise<RunResult> {
  const reporting = new Reporting({ cluster, command: 'up', onlyFailures: false });
  const emit = (body: EventBody) => {
    const event = { ...body, at: Date.now() };
    for (const listen of [...reporting.listeners, onEvent]) listen(event);
  };
  const workplace = { context: world.context(cluster), signal, emit };
  const catalogue = await catalogueWith(undefined);
  const result = await underLock({ command: 'up', waitMs: 0 }, workplace, (held) =>
    runPipeline(catalogue, { pipeline: 'up', mode: 'apply' }, workplace, held),
  );
  await reporting.finish(result, await reporting.statusOf(workplace));
  return result;
}
