import type { Work } from '../contracts/context.ts';
import type { Engine } from '../contracts/engine.ts';
import { waitUntil } from '../async/wait-until.ts';
import { withAway } from './away.ts';
import { listTasks } from './read.ts';
import { readAndWrite } from './versioned.ts';
import type { SwarmNode } from '../contracts/swarm-types.ts';

const DRAIN_DEADLINE_MS = 300_000;

/** The number of tasks that run on a node now. */
export async function runningTasks(manager: Engine, nodeId: string): Promise<number> {
  const tasks = await listTasks(manager, { node: [nodeId] });
  return tasks.filter((task) => task.Status.State === 'running').length;
}

/** A node's name, for messages, and its ID, for the managers. */
interface NodeName {
  readonly name: string;
  readonly id: string;
}

/** Drains a node, and waits until it runs no tasks. @throws SwarmupError TIMED_OUT */
export async function drainNode(work: Work, manager: Engine, node: NodeName): Promise<void> {
  await setAvailability(manager, node, 'drain');
  await waitUntilEmpty(work, manager, node);
}

export async function setAvailability(
  manager: Engine,
  node: NodeName,
  availability: SwarmNode['Spec']['Availability'],
): Promise<void> {
  await updateNode(manager, node, (spec) => ({ ...spec, Availability: availability }));
}

/** Waits until a drained node no longer runs any task. @throws SwarmupError TIMED_OUT */
export async function waitUntilEmpty({ signal, clock, report }: Work, manager: Engine, node: NodeName): Promise<void> {
  await waitUntil({
    until: `${node.name} no longer runs any task`,
    probe: async () => {
      const count = await runningTasks(manager, node.id);
      if (count === 0) return { done: undefined };
      // The tasks of a node that is away count as running until it is back, or removed.
      const found: SwarmNode = await manager.call(`look at ${node.name}`, (docker) =>
        docker.getNode(node.id).inspect(),
      );
      return { seen: withAway(`${count} tasks running`, [found]) };
    },
    deadlineMs: DRAIN_DEADLINE_MS,
    intervalMs: 300,
    signal,
    clock,
    fix: `See what keeps running: swarmup ssh ${node.name} -- sudo docker ps`,
    onSeen: (seen) => report(`draining; ${seen}`),
  });
}

/** Reads a node's specification, changes it and writes it back. Everything else in it is kept. */
export async function updateNode(
  manager: Engine,
  node: NodeName,
  change: (spec: SwarmNode['Spec']) => SwarmNode['Spec'],
): Promise<void> {
  await readAndWrite(() =>
    manager.call(`update ${node.name}`, async (docker) => {
      const found: SwarmNode = await docker.getNode(node.id).inspect();
      await docker.getNode(node.id).update({ ...change(found.Spec), version: found.Version.Index });
    }),
  );
}
