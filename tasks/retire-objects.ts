import type { Cluster } from '../lib/config/model.ts';
import { isMarked } from '../lib/swarm/labels.ts';
import { listNetworks } from '../lib/swarm/networks.ts';
import { listObjects, OBJECT_LABEL, referencedIds, type SwarmObject } from '../lib/swarm/secrets-and-configs.ts';
import { CLUSTER } from '../lib/contracts/target.ts';
import { explained } from '../lib/swarm/refusals/api-refusal.ts';
import { defineTask } from '../lib/pipeline/task.ts';
import { removed, type Change } from '../lib/contracts/change.ts';
import { sentenceOf } from '../lib/contracts/change-sentence.ts';

interface State {
  readonly objects: readonly SwarmObject[];
  readonly networks: readonly { readonly id: string; readonly name: string }[];
}

type Retirement = Change & { readonly kind: SwarmObject['kind'] | 'network'; readonly id: string };

const NONE: State = { objects: [], networks: [] };

/** Removes what services no longer use: older contents automatically, what the file no longer names with `--prune`. */
export default defineTask<State, Retirement>({
  id: 'retire-objects',
  title: 'Old secrets and configs removed',
  about: 'Removes secrets and configs whose content changed, once no service needs them, not even for a roll-back.',
  needs: [{ task: 'configure-nodes', of: 'all', tolerant: true }, 'deploy-services', 'deploy-stacks'],
  targets: () => [CLUSTER],
  check: async (ctx) => {
    const manager = await ctx.swarm.manager(ctx.signal);
    const [objects, networks, used] = await Promise.all([
      listObjects(manager),
      listNetworks(manager),
      referencedIds(manager),
    ]);
    const { cluster } = ctx;
    const isIdle = ({ id, labels }: { readonly id: string; readonly labels: SwarmObject['labels'] }) =>
      isMarked({ Labels: labels }, cluster.name) && !used.has(id);
    return {
      objects: objects.filter((one) => isIdle(one) && !isWanted(one, cluster)),
      networks: networks.filter((one) => isIdle(one) && !cluster.networks.some(({ name }) => name === one.name)),
    };
  },
  absent: () => NONE,
  plan: ({ objects, networks }, { cluster }) => [
    ...objects.map(({ id, kind, name, labels }): Retirement => {
      const own = labels[OBJECT_LABEL];
      const named = cluster.objects.some((one) => one.kind === kind && one.name === own);
      return { ...removed([`${kind}s`, own ?? name], { from: name, ...(named ? {} : { prune: true }) }), kind, id };
    }),
    ...networks.map(({ id, name }): Retirement => ({
      ...removed(['networks', name], { prune: true }),
      kind: 'network',
      id,
    })),
  ],
  apply: async (ctx, changes) => {
    const manager = await ctx.swarm.manager(ctx.signal);
    for (const change of changes) {
      const { kind, id } = change;
      ctx.signal.throwIfAborted();
      const request = () =>
        manager.call(`remove the ${sentenceOf(change)}`, async (docker) => {
          if (kind === 'secret') await docker.getSecret(id).remove();
          else if (kind === 'config') await docker.getConfig(id).remove();
          else await docker.getNetwork(id).remove();
        });
      await explained(manager, { kind, name: change.path[1] ?? id, file: ctx.cluster.file }, request);
    }
  },
});

function isWanted({ kind, name }: SwarmObject, { objects }: Cluster): boolean {
  return objects.some((one) => one.kind === kind && one.fullName === name);
}
