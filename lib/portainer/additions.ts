import type { StackService, StackSpec } from '../config/model.ts';
import type { RunContext, Warnings } from '../contracts/context.ts';
import type { Engine } from '../contracts/engine.ts';
import { Secret } from '../util/secret.ts';
import { listNodes, listTasks, nameOf } from '../swarm/read.ts';
import { PINNED_LABEL, type Addition } from '../swarm/stack.ts';
import type { SwarmService } from '../contracts/swarm-types.ts';
import { partOf } from '../config/portainer-images.ts';

/**
 * The variable from which server and agents read their shared secret. Source: Portainer's documentation, "Agent",
 * environment.
 */
const AGENT_SECRET = 'AGENT_SECRET';
const AGENT_SECRET_FILE = 'portainer-agent-secret';

/**
 * What swarmup adds to the stack that Portainer runs in: a secret shared by the server and its agents, and, once it
 * runs, the node that holds its data. The file's own settings take precedence.
 * @param services the stack's deployed services
 */
export async function portainerAdditions(
  ctx: Warnings & Pick<RunContext, 'cluster' | 'state'>,
  manager: Engine,
  stack: StackSpec,
  services: readonly SwarmService[],
): Promise<readonly Addition[]> {
  if (ctx.cluster.portainer?.stack !== stack.name) return [];
  const parts = stack.services.filter(({ image }) => partOf(image) !== undefined);
  const given = parts.some(({ environment }) => environment.includes(AGENT_SECRET));
  const agents = parts.some(({ image }) => partOf(image) === 'agent');
  const secret = agents && !given ? await agentSecret(ctx, services) : undefined;
  return Promise.all(
    parts.map(async (service) => {
      const deployed = services.find(({ Spec }) => Spec.Name === `${stack.name}_${service.name}`);
      const node = isTied(service) ? await placeOf(ctx, manager, deployed) : undefined;
      return { service: service.name, node, environment: secret ? { [AGENT_SECRET]: secret } : {} };
    }),
  );
}

/** The secret in use, or a new one. */
async function agentSecret({ state }: Pick<RunContext, 'state'>, services: readonly SwarmService[]): Promise<Secret> {
  const prefix = `${AGENT_SECRET}=`;
  const all = services.flatMap(({ Spec }) => Spec.TaskTemplate.ContainerSpec.Env ?? []);
  const used = all.find((line) => line.startsWith(prefix))?.slice(prefix.length);
  return used ? new Secret(used) : state.password(AGENT_SECRET_FILE);
}

/** Whether a service keeps data on its node, and its file doesn't fix that node. */
function isTied({ image, volumes, constraints }: StackService): boolean {
  if (partOf(image) !== 'server' || volumes.length === 0) return false;
  return !constraints.some((text) => /^\s*node\.(id|hostname|ip|labels\.)/.test(text));
}

/** The node that holds Portainer's data; undefined before it ran anywhere, or when that node is gone for good. */
async function placeOf(
  ctx: Warnings & Pick<RunContext, 'cluster'>,
  manager: Engine,
  deployed: SwarmService | undefined,
): Promise<string | undefined> {
  const nodes = await listNodes(manager);
  const pinned = nodes.find(({ ID }) => ID === deployed?.Spec.Labels?.[PINNED_LABEL]);
  const wanted = nodes.find((node) => nameOf(node) === ctx.cluster.portainer?.node);
  if (wanted && pinned && wanted !== pinned)
    ctx.warn(
      `Portainer moves from ${nameOf(pinned)} to ${nameOf(wanted)} and starts empty there: its data stays on ${nameOf(pinned)}`,
    );
  if (wanted ?? pinned) return (wanted ?? pinned)?.ID;
  if (!deployed) return undefined;
  const tasks = await listTasks(manager, { service: [deployed.ID] });
  return tasks.find(({ DesiredState, Status }) => DesiredState === 'running' && Status.State === 'running')?.NodeID;
}
