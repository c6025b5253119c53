import { cliVersion } from '../lib/compose/clients.ts';
import { awaitedToComplete } from '../lib/config/dependencies.ts';
import type { StackSpec } from '../lib/config/model.ts';
import type { UnitContext } from '../lib/contracts/context.ts';
import { SwarmupError } from '../lib/util/errors.ts';
import { askRegistry, isPresent } from '../lib/images/on-node.ts';
import { portainerAdditions } from '../lib/portainer/additions.ts';
import { isKnownSecret, knownSecret } from '../lib/portainer/secrets.ts';
import type { Engine } from '../lib/contracts/engine.ts';
import { mountingsOf, requireBindSources } from '../lib/swarm/bind-sources.ts';
import { unitsBefore, untilReady } from '../lib/swarm/dependencies.ts';
import { converge, lookAt } from '../lib/swarm/wait-converged.ts';
import type { Names } from '../lib/swarm/fields/field.ts';
import { namingPortOwner } from '../lib/swarm/port-refusal.ts';
import { listServices } from '../lib/swarm/read.ts';
import { namesOf } from '../lib/swarm/secrets-and-configs.ts';
import { afterOldNetworks } from '../lib/swarm/old-networks.ts';
import { deployStack } from '../lib/swarm/stack-deploy.ts';
import { hasForeignImage, keptReplicas } from '../lib/swarm/stack-drift.ts';
import { externalsOf, requireDeployable, untilProvided } from '../lib/swarm/stack-requirements.ts';
import { dockerOn, isReadByAll } from '../lib/swarm/stack-version.ts';
import { effective } from '../lib/swarm/stack-spec/effective.ts';
import { NAMESPACE_LABEL, objectNames, type Addition } from '../lib/swarm/stack.ts';
import { dueOf } from '../lib/swarm/stack-due.ts';
import type { SwarmService } from '../lib/contracts/swarm-types.ts';
import { defineTask } from '../lib/pipeline/task.ts';
import { created, updated, waiting, type Change } from '../lib/contracts/change.ts';
import type { Desired } from '../lib/contracts/target.ts';

interface State {
  readonly services: readonly Pick<SwarmService, 'Spec'>[];
  readonly additions: readonly Addition[];
  /** The networks, secrets and configs of the swarm; undefined before it exists. */
  readonly names: Names | undefined;
  /** The version of the manager's docker, if the stack's files may need a newer one. */
  readonly cli: number | undefined;
  /** What the services are still waiting for; empty when they run. */
  readonly waitingFor: string;
  /** Why the images can't be pulled, for a stack that may then be skipped. */
  readonly unreachable: string | undefined;
}

type StackChange = Change & { readonly kind: 'secret' | 'deploy' | 'converge'; readonly name: string };

/** The stacks. By hand (docs/guide.md): `docker stack deploy -c portainer-agent-stack.yml portainer`. */
export default defineTask<State, StackChange>({
  id: 'deploy-stacks',
  title: 'Stacks running',
  about: 'Deploys the Compose files as stacks, with the secrets they need, and waits until all their tasks run.',
  needs: [
    { task: 'configure-nodes', of: 'all', tolerant: true },
    'upgrade-docker',
    { task: 'pull-images', of: 'all', tolerant: true },
    { task: 'create-networks', of: 'all' },
    { task: 'create-objects', of: 'all' },
    'prune',
    { task: 'check-ports', of: 'all' },
  ],
  targets: (cluster) => cluster.stacks.map(({ name, dependsOn }) => ({ id: name, after: unitsBefore(dependsOn) })),
  check: async (ctx) => {
    const stack = wantedStack(ctx);
    const manager = await ctx.swarm.manager(ctx.signal);
    const services = await servicesOf(manager, stack.name);
    const looks = await lookAt(
      manager,
      services.map((service) => service.ID),
      { complete: awaitedToComplete(ctx.cluster) },
    );
    return {
      services,
      additions: await additionsFor(ctx, manager, stack, services),
      names: await namesOf(manager),
      cli: isReadByAll(stack) ? undefined : await dockerOn(await ctx.host(manager.node), ctx.signal),
      waitingFor: looks.map((look) => look.waitingFor).find((text) => text !== '') ?? '',
      unreachable: services.length === 0 ? await unreachableImage(manager, stack) : undefined,
    };
  },
  absent: ({ cluster }) => ({
    services: [],
    additions: [],
    names: undefined,
    cli: cluster.docker.version === undefined ? undefined : cliVersion(cluster.docker.version),
    waitingFor: '',
    unreachable: undefined,
  }),
  skip: ({ unreachable }, desired) => {
    if (unreachable === undefined || wantedStack(desired).whenUnreachable !== 'skip') return undefined;
    return `${unreachable}; to deploy it, supply its images (docker save) with images.load`;
  },
  plan: (state, desired) => {
    const stack = wantedStack(desired);
    const { name } = stack;
    const { services } = state;
    const { missing } = externalsOf(stack, desired.cluster, state.names);
    const secrets = missing.secrets.filter((secret) => !isKnownSecret(secret));
    requireDeployable(stack, state.additions, { ...missing, secrets }, state.cli);
    const changes = missing.secrets.filter(isKnownSecret).map((secret): StackChange => ({
      ...created(['secrets', secret]),
      kind: 'secret',
      name: secret,
    }));
    const own = ['stacks', name];
    const { stale, drift } = dueOf(stack, state, objectNames(desired.cluster));
    if (stale.length > 0) {
      const change = services.length > 0 ? updated(own, undefined, stale) : created(own, stale);
      changes.push({ ...change, kind: 'deploy', name });
    }
    changes.push(...drift.map((change): StackChange => ({ ...change, kind: 'deploy', name })));
    if (stale.length === 0 && drift.length === 0 && state.waitingFor)
      changes.push({ ...waiting(own, { to: 'running', reason: state.waitingFor }), kind: 'converge', name });
    return changes;
  },
  apply: async (ctx, changes, { additions }) => {
    const stack = wantedStack(ctx);
    await untilReady(ctx, `stack ${stack.name}`, stack.dependsOn);
    const manager = await ctx.swarm.manager(ctx.signal);
    for (const { name } of changes.filter((change) => change.kind === 'secret')) await createSecret(ctx, manager, name);
    const before = await servicesOf(manager, stack.name);
    if (changes.some((change) => change.kind === 'deploy')) {
      await untilProvided(ctx, manager, stack);
      const resolveImage = hasForeignImage(before) ? 'always' : stack.resolveImage;
      const what = `stack ${stack.name}`;
      await afterOldNetworks(ctx, manager, () =>
        namingPortOwner({ manager, cluster: ctx.cluster, what }, () =>
          deploy(ctx, manager.node, stack, additions, resolveImage),
        ),
      );
    }
    const deployed = await running(ctx, manager, stack.name, before);
    // The node on which a service started, and has to stay, is known once it runs.
    const settled = await additionsFor(ctx, manager, stack, deployed);
    const now = { services: deployed, additions: settled, names: undefined };
    if (dueOf(stack, now, objectNames(ctx.cluster)).stale.length === 0) return;
    await deploy(ctx, manager.node, stack, settled, stack.resolveImage);
    await running(ctx, manager, stack.name, deployed);
  },
});

/** What swarmup adds to a stack's services: Portainer's, and the number of tasks of those that somebody else scales. */
async function additionsFor(
  ctx: UnitContext,
  manager: Engine,
  stack: StackSpec,
  services: readonly SwarmService[],
): Promise<readonly Addition[]> {
  const additions = await portainerAdditions(ctx, manager, stack, services);
  return keptReplicas(stack, services, additions);
}

/** Waits until all services of a stack run. @returns the services @throws SwarmupError the errors of `converge` */
async function running(
  ctx: UnitContext,
  manager: Engine,
  name: string,
  before: readonly SwarmService[],
): Promise<readonly SwarmService[]> {
  const { signal, clock, report } = ctx;
  const serviceIds = (await servicesOf(manager, name)).map((service) => service.ID);
  const complete = awaitedToComplete(ctx.cluster);
  await converge({
    name,
    manager,
    engine: (node) => ctx.engine(node),
    serviceIds,
    before,
    complete,
    signal,
    clock,
    report,
  });
  return servicesOf(manager, name);
}

function wantedStack({ cluster, target }: Desired): StackSpec {
  const stack = cluster.stacks.find((one) => one.name === target.id);
  if (!stack) throw new Error(`no stack ${target.id} in the cluster file`);
  return stack;
}

function servicesOf(manager: Engine, stack: string): Promise<readonly SwarmService[]> {
  return listServices(manager, { label: [`${NAMESPACE_LABEL}=${stack}`] });
}

async function createSecret(ctx: UnitContext, manager: Engine, name: string): Promise<void> {
  const secret = await knownSecret(name, ctx);
  if (!secret) {
    throw new SwarmupError(
      'STACK_INVALID',
      `stack ${ctx.target.id} refers to the external secret ${name}, which the swarm does not have`,
      {
        fix: `Create it: printf VALUE | swarmup ssh ${manager.node} -- sudo docker secret create ${name} -`,
      },
    );
  }
  await manager.call(`create the secret ${name}`, (docker) =>
    docker.createSecret({ Name: name, Data: Buffer.from(secret.reveal()).toString('base64') }),
  );
}

async function deploy(
  ctx: UnitContext,
  node: string,
  stack: StackSpec,
  additions: readonly Addition[],
  resolveImage: StackSpec['resolveImage'],
): Promise<void> {
  ctx.report(`deploying from ${node}`);
  const { registryAuth } = ctx.cluster.images;
  const found = await Promise.all(stack.services.map(({ image }) => ctx.images.credentials(image)));
  const credentials = registryAuth ? found.filter((one) => one !== undefined) : undefined;
  const objects = objectNames(ctx.cluster);
  await requireBindSources(ctx, mountingsOf(stack.name, effective(stack, additions, objects)));
  const deployment = { additions, objects, resolveImage, credentials, home: ctx.env['HOME'] };
  await deployStack(await ctx.host(node), stack, deployment, ctx.signal);
}

/** Why this stack's images can't be pulled: checked only for stacks that may then be skipped. */
async function unreachableImage(manager: Engine, stack: StackSpec): Promise<string | undefined> {
  if (stack.whenUnreachable !== 'skip') return undefined;
  for (const { image } of stack.services) {
    if (await isPresent(manager, image)) continue;
    const registry = await askRegistry(manager, image);
    if (!registry.reachable) return `the registry of ${image} can't be reached`;
  }
  return undefined;
}
