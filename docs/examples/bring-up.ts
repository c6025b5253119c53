import { loadCluster, run, SwarmupError } from 'swarmup';

/** Brings up a cluster, and prints a line per unit. `node bring-up.ts cluster.yaml` */
try {
  const cluster = await loadCluster(process.argv[2]);
  for await (const event of run('up', { cluster, signal: AbortSignal.timeout(30 * 60_000) })) {
    if (event.type === 'warning') console.warn(event.warning.message);
    if (event.type === 'run-finished') process.exitCode = event.result.ok ? 0 : 1;
    if (event.type !== 'unit-finished') continue;
    const { task, target, outcome, changes, error } = event.result;
    console.log(`${target}: ${task} ${outcome} (${changes.length} changes)${error ? `: ${error.message}` : ''}`);
  }
} catch (error) {
  // An error that keeps a run from starting has a code and a fix; any other error is a bug.
  if (!(error instanceof SwarmupError)) throw error;
  console.error(`${error.code}: ${error.message}\n${error.fix}`);
  process.exitCode = 2;
}
