import type { RunContext } from '../contracts/context.ts';
import { waitUntil } from '../async/wait-until.ts';
import { listNodes, nameOf } from './read.ts';
import { readSwarm, updateSwarm } from './settings.ts';

/**
 * How long a rotation may take, in milliseconds. Nodes get their new certificates when they next report; a node that is
 * down gets none, and blocks the rotation.
 */
const ROTATION_MS = 600_000;

/**
 * Creates a new root certificate, and waits until every node has a certificate signed by it. Source: docs.docker.com,
 * "Rotating the CA certificate"; swarmkit, ca/reconciler.go.
 *
 * @returns the number of nodes
 * @throws SwarmupError TIMED_OUT naming the nodes without one
 */
export async function rotateCa(
  { swarm, clock }: Pick<RunContext, 'swarm' | 'clock'>,
  signal: AbortSignal,
  report: (line: string) => void,
): Promise<number> {
  const before = await readSwarm(await swarm.manager(signal));
  await updateSwarm(await swarm.manager(signal), 'rotate the root certificate', (spec) => ({
    ...spec,
    CAConfig: { ...spec.CAConfig, ForceRotate: (spec.CAConfig?.ForceRotate ?? 0) + 1 },
  }));
  let told = '';
  return waitUntil({
    until: 'every node has a certificate signed by the new root',
    probe: async () => {
      const manager = await swarm.manager(signal);
      const [now, nodes] = await Promise.all([readSwarm(manager), listNodes(manager)]);
      const root = now.TLSInfo?.TrustRoot;
      if (!now.RootRotationInProgress && root !== before.TLSInfo?.TrustRoot) return { done: nodes.length };
      const behind = nodes.filter(({ Description }) => Description.TLSInfo?.TrustRoot !== root);
      const names = behind.map((node) => `${nameOf(node)} (${node.Status.State})`).join(', ');
      return {
        seen: names === '' ? 'all nodes have one; the managers have not noticed yet' : `without one: ${names}`,
      };
    },
    deadlineMs: ROTATION_MS,
    intervalMs: 500,
    signal,
    clock,
    fix: 'Nodes that are down block the rotation: bring them back (swarmup up), or remove them from the cluster file and run swarmup up --prune.',
    onSeen: (seen) => {
      if (seen !== told) report(seen);
      told = seen;
    },
  });
}
