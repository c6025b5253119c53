import type { NetworkSpec } from '../lib/config/model.ts';
import type { UnitContext } from '../lib/contracts/context.ts';
import { SwarmupError } from '../lib/util/errors.ts';
import type { Engine } from '../lib/contracts/engine.ts';
import { enginesIngress, removeIngress, requireUnused, type EnginesIngress } from '../lib/swarm/ingress.ts';
import { isMarked } from '../lib/swarm/labels.ts';
import { differing, listNetworks, networkBody, type SwarmNetwork } from '../lib/swarm/networks.ts';
import { explained } from '../lib/swarm/refusals/api-refusal.ts';
import { namingOverlap, requireFreeSubnets } from '../lib/swarm/subnets.ts';
import { defineTask } from '../lib/pipeline/task.ts';
import { MTU_OPTION } from '../lib/config/convert-networks.ts';
import { narrowUnderlay, type Underlay } from '../lib/swarm/underlay.ts';
import { created, removed, waiting, type Change, type Value } from '../lib/contracts/change.ts';
import type { Desired } from '../lib/contracts/target.ts';
import { waitUntil } from '../lib/async/wait-until.ts';

const SETTLED_MS = 60_000;

interface State {
  readonly found: SwarmNetwork | undefined;
  /** The link between nodes with too small packets for the driver's default; looked for only for a new network. */
  readonly underlay: Underlay | undefined;
  /** What an ingress network of the cluster file replaces. */
  readonly ingress: EnginesIngress | undefined;
}

/** The services' networks. By hand (docs/guide.md): `docker network create --driver overlay`. */
export default defineTask<State, Change>({
  id: 'create-networks',
  title: 'Networks created',
  about: 'Creates the networks of the services; existing networks are never changed.',
  needs: [{ task: 'configure-nodes', of: 'all', tolerant: true }, 'upgrade-docker'],
  targets: (cluster) => cluster.networks.map(({ name }) => ({ id: name })),
  check: async (ctx) => {
    const manager = await ctx.swarm.manager(ctx.signal);
    const wanted = wantedNetwork(ctx);
    const all = await listNetworks(manager);
    const ingress = wanted.ingress && !wanted.external ? await enginesIngress(manager, all) : undefined;
    const found = all.find(({ id, name }) => name === wanted.name && id !== ingress?.network.id);
    if (!found)
      await requireFreeSubnets(
        ctx,
        wanted,
        all.filter(({ id }) => id !== ingress?.network.id),
      );
    return { found, ingress, underlay: !found && takesMtu(wanted) ? await narrowUnderlay(ctx) : undefined };
  },
  absent: () => ({ found: undefined, underlay: undefined, ingress: undefined }),
  plan: ({ found, underlay, ingress }, desired) => {
    const wanted = wantedNetwork(desired);
    const create = created(['networks', wanted.name], ...narrowed(underlay));
    if (ingress) {
      requireUnused(ingress);
      return [
        removed(['networks', ingress.network.name], { reason: 'the cluster file has its own ingress network' }),
        create,
      ];
    }
    if (!found) return [create];
    if (!found.settled) return [waiting(['networks', wanted.name], { to: 'created' })];
    if (wanted.external) return [];
    const other = differing(found, wanted);
    if (other !== undefined || !isMarked({ Labels: found.labels }, desired.cluster.name))
      throw cannotChange(wanted.name, other);
    return [];
  },
  apply: async (ctx, _changes, { found, underlay, ingress }) => {
    const manager = await ctx.swarm.manager(ctx.signal);
    if (ingress) await removeIngress(ctx, manager, ingress);
    if (!found) await create(ctx, manager, underlay);
    await untilSettled(ctx, manager);
  },
});

/** Whether swarmup creates it, and the cluster file leaves its MTU to swarmup. */
function takesMtu({ external, driver, options }: NetworkSpec): boolean {
  return !external && driver === 'overlay' && options[MTU_OPTION] === undefined;
}

/** What a plan says of a network's MTU. */
function narrowed(underlay: Underlay | undefined): [] | [Value, { readonly reason: string }] {
  if (!underlay) return [];
  const { node, interface: link, mtu } = underlay;
  return [{ mtu }, { reason: `${link} of ${node} takes no larger packets` }];
}

async function create(ctx: UnitContext, manager: Engine, underlay: Underlay | undefined): Promise<void> {
  const wanted = wantedNetwork(ctx);
  const { name, options } = wanted;
  if (wanted.external)
    throw new SwarmupError('NETWORK_ABSENT', `the swarm has no network ${name}, which is declared external`, {
      fix: `Create it: swarmup ssh ${manager.node} -- sudo docker network create --driver overlay ${name}; or remove external from the cluster file.`,
    });
  const network = underlay ? { ...wanted, options: { ...options, [MTU_OPTION]: String(underlay.mtu) } } : wanted;
  await explained(manager, { kind: 'network', name, file: ctx.cluster.file }, () =>
    namingOverlap(manager, network, () =>
      manager.call(`create the network ${name}`, (docker) =>
        docker.createNetwork(networkBody(network, ctx.cluster.name)),
      ),
    ),
  );
}

async function untilSettled(ctx: UnitContext, manager: Engine): Promise<void> {
  const { name } = wantedNetwork(ctx);
  await waitUntil({
    until: `the managers have made the network ${name}`,
    probe: async () => {
      const found = (await listNetworks(manager)).find((one) => one.name === name);
      return found?.settled ? { done: undefined } : { seen: found ? 'without addresses' : 'does not exist' };
    },
    deadlineMs: SETTLED_MS,
    intervalMs: 200,
    signal: ctx.signal,
    clock: ctx.clock,
    fix: `Its addresses may be in use. The other networks: swarmup ssh ${manager.node} -- sudo docker network ls; the managers' logs: swarmup exec --role manager -- sudo journalctl -u docker -n 50`,
  });
}

function wantedNetwork({ cluster, target }: Desired): NetworkSpec {
  const wanted = cluster.networks.find(({ name }) => name === target.id);
  if (!wanted) throw new Error(`no network ${target.id} in the cluster file`);
  return wanted;
}

function cannotChange(name: string, other: string | undefined): SwarmupError {
  return new SwarmupError(
    'NOT_AS_CONFIGURED',
    other === undefined
      ? `there is a network ${name} that swarmup didn't make`
      : `the network ${name} has ${other}, and networks can't be changed`,
    {
      fix:
        other === undefined
          ? 'To use that network, set external: true; otherwise choose another name.'
          : 'Give the new network another name: services move to it, and --prune removes the old one.',
    },
  );
}
