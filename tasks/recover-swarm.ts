import { managersOf } from '../lib/config/model.ts';
import type { RunCluster } from '../lib/contracts/run-cluster.ts';
import { lookForLoss, planRecovery, recover, type Found, type Recovery } from '../lib/swarm/recovery.ts';
import { CLUSTER } from '../lib/contracts/target.ts';
import { defineTask } from '../lib/pipeline/task.ts';
import { created, removed, type Change } from '../lib/contracts/change.ts';

interface State {
  /** Every node; undefined while the swarm has a leader. */
  readonly found: readonly Found[] | undefined;
}

/** Rebuilds a swarm that lost its majority from one surviving manager. Never runs automatically. */
export default defineTask<State, Change>({
  id: 'recover-swarm',
  title: 'Swarm recovered',
  about: 'Rebuilds a swarm that lost its majority from one surviving manager; `up` recreates the others.',
  needs: [],
  targets: () => [CLUSTER],
  check: async (ctx) => ({ found: await lookForLoss(ctx) }),
  absent: () => ({ found: undefined }),
  skip: ({ found }) => (found ? undefined : 'the swarm has a leader: there is nothing to recover'),
  plan: ({ found = [] }, { cluster }) => {
    const { keeper, leaving, discarded } = recoveryOf(cluster, found);
    const away = keeper.swarm.managerAddresses.length - 1;
    return [
      ...discarded.map(({ name, machine }) =>
        removed(['machines', name], { from: machine?.state, reason: 'it would return with the old swarm' }),
      ),
      ...leaving.map(({ name }) =>
        removed(['nodes', name, 'swarm'], { from: 'old', reason: 'what only it knew is lost' }),
      ),
      created(['swarm'], { manager: keeper.name, droppedManagers: away }),
    ];
  },
  apply: async (ctx, _changes, { found = [] }) => {
    const recovery = recoveryOf(ctx.cluster, found);
    await recover(ctx, recovery);
    for (const { name } of recovery.outOfReach)
      ctx.warn(
        `${name} can't be reached. Before you reconnect it, remove its swarm state (there: sudo systemctl stop docker.socket docker && sudo rm -rf /var/lib/docker/swarm, or swarm in its data-root): several such managers together would form the old swarm again`,
      );
  },
});

function recoveryOf(cluster: RunCluster, found: readonly Found[]): Recovery {
  const managers = managersOf(cluster).map(({ name }) => name);
  return planRecovery(found, managers, cluster.request?.recoverWith);
}
