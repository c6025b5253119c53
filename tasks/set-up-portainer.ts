import { firstManager, type PortainerSpec } from '../lib/config/model.ts';
import type { UnitContext } from '../lib/contracts/context.ts';
import { SwarmupError } from '../lib/util/errors.ts';
import { portainerOf, settlePassword, signInAdministrator } from '../lib/portainer/administrator.ts';
import type { Environment } from '../lib/portainer/api.ts';
import { serverName } from '../lib/portainer/server-name.ts';
import { listNodes, listServices } from '../lib/swarm/read.ts';
import { NAMESPACE_LABEL } from '../lib/swarm/stack.ts';
import { CLUSTER, type Desired } from '../lib/contracts/target.ts';
import { defineTask } from '../lib/pipeline/task.ts';
import { created, updated, waiting, type Change } from '../lib/contracts/change.ts';
import { waitUntil, type Probe } from '../lib/async/wait-until.ts';

interface State {
  /** Whether Portainer's stack is deployed. */
  readonly deployed: boolean;
  readonly signIn: 'done' | 'refused' | 'not yet';
  /** Whether Portainer still has a previous password. */
  readonly outdated: boolean;
  /** Portainer's message when it refuses the administrator's login. */
  readonly said: string;
  readonly environment: Environment | undefined;
  /** Nodes whose agent Portainer sees, and the nodes that should have one. */
  readonly agents: number;
  readonly expectedAgents: number;
}

const DEADLINE_MS = 240_000;

/** Portainer's first set-up: docs/guide.md does it by hand in the browser on port 9000. */
export default defineTask<State, Change>({
  id: 'set-up-portainer',
  title: 'Portainer set up',
  about: "Sets up Portainer's administrator and environment, and waits until it sees an agent on every node.",
  needs: ['deploy-stacks', 'roll-images'],
  targets: (cluster) => (cluster.portainer ? [CLUSTER] : []),
  check: look,
  absent: () => ({
    deployed: true,
    signIn: 'not yet',
    outdated: false,
    said: 'not deployed yet',
    environment: undefined,
    agents: 0,
    expectedAgents: 0,
  }),
  skip: ({ deployed }, desired) => {
    const stack = wantedStack(desired);
    return !deployed && stack?.whenUnreachable === 'skip' ? `the stack ${stack.name} is not deployed` : undefined;
  },
  plan: (state, desired) => {
    if (state.signIn === 'refused') throw refused(state.said, desired.cluster);
    const changes: Change[] = [];
    if (state.signIn === 'not yet')
      changes.push(waiting(['portainer', 'administrator'], { to: 'signed in', reason: state.said }));
    if (state.outdated) changes.push(updated(['portainer', 'adminPassword']));
    if (!state.environment) changes.push(created(['portainer', 'environment']));
    else if (state.agents !== state.expectedAgents)
      changes.push(waiting(['portainer', 'agents'], { from: state.agents, to: state.expectedAgents }));
    return changes;
  },
  apply: async (ctx) => {
    await wait(ctx, "Portainer accepts the administrator's login", (state) =>
      state.signIn === 'not yet' ? { seen: state.said } : { done: undefined },
    );
    const state = await look(ctx);
    if (state.signIn === 'refused') throw refused(state.said, ctx.cluster);
    const signedIn = await settlePassword(ctx, ctx.signal);
    if (!state.environment && 'token' in signedIn) {
      ctx.report('adding the environment');
      const portainer = await portainerOf(ctx, ctx.signal);
      await portainer.addEnvironment(signedIn.token);
    }
    await wait(ctx, 'Portainer sees an agent on every node', (now) =>
      now.environment && now.agents === now.expectedAgents
        ? { done: undefined }
        : { seen: now.environment ? `${now.agents} of ${now.expectedAgents} agents` : `no environment; ${now.said}` },
    );
  },
});

async function look(ctx: UnitContext): Promise<State> {
  const spec = wantedPortainer(ctx);
  const manager = await ctx.swarm.manager(ctx.signal);
  const [services, nodes] = await Promise.all([
    listServices(manager, { label: [`${NAMESPACE_LABEL}=${spec.stack}`] }),
    listNodes(manager),
  ]);
  const expectedAgents = nodes.filter(
    (node) => node.Status.State === 'ready' && node.Spec.Availability === 'active',
  ).length;
  const nothing = { outdated: false, environment: undefined, agents: 0, expectedAgents };
  if (services.length === 0)
    return { deployed: false, signIn: 'not yet', said: `the stack ${spec.stack} is not deployed`, ...nothing };
  const result = await signInAdministrator(ctx, ctx.signal);
  if ('refused' in result) return { deployed: true, signIn: 'refused', said: result.refused, ...nothing };
  if ('notYet' in result) return { deployed: true, signIn: 'not yet', said: result.notYet, ...nothing };
  const portainer = await portainerOf(ctx, ctx.signal);
  const [environment] = await portainer.environments(result.token);
  const agents = environment ? await portainer.agents(result.token, environment) : [];
  return {
    deployed: true,
    signIn: 'done',
    outdated: result.older !== undefined,
    said: '',
    environment,
    agents: new Set(agents).size,
    expectedAgents,
  };
}

async function wait(ctx: UnitContext, until: string, judge: (state: State) => Probe<undefined>): Promise<void> {
  await waitUntil({
    until,
    probe: async () => judge(await look(ctx)),
    deadlineMs: DEADLINE_MS,
    intervalMs: 500,
    signal: ctx.signal,
    clock: ctx.clock,
    fix: `Read its log: swarmup logs ${serverName(ctx.cluster)}`,
    onSeen: (seen) => ctx.report(seen),
  });
}

function wantedPortainer({ cluster }: Desired): PortainerSpec {
  if (!cluster.portainer) throw new Error('the cluster file has no portainer section');
  return cluster.portainer;
}

function wantedStack(desired: Desired) {
  return desired.cluster.stacks.find((stack) => stack.name === wantedPortainer(desired).stack);
}

function refused(said: string, cluster: Desired['cluster']): SwarmupError {
  const timedOut = /five minutes/.test(said);
  return new SwarmupError('PORTAINER_FAILED', `Portainer can't be set up: ${said}`, {
    fix: timedOut
      ? `Restart it: swarmup ssh ${firstManager(cluster).name} -- sudo docker service update --force ${serverName(cluster)}; then run again.`
      : 'Its data volume has another password. Set that one as portainer.adminPassword; if it is lost: swarmup rotate portainer-password',
  });
}
