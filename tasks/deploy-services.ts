import { awaitedToComplete } from '../lib/config/dependencies.ts';
import { firstManager, type ServiceSpec } from '../lib/config/model.ts';
import type { UnitContext } from '../lib/contracts/context.ts';
import { SwarmupError } from '../lib/util/errors.ts';
import { authConfig } from '../lib/images/credentials.ts';
import { isArchived } from '../lib/images/archived.ts';
import { isNetworkProblem, registryDigest } from '../lib/images/on-node.ts';
import { tagged } from '../lib/util/image-reference.ts';
import type { Engine } from '../lib/contracts/engine.ts';
import { mountingOf, requireBindSources } from '../lib/swarm/bind-sources.ts';
import { unitsBefore, untilReady } from '../lib/swarm/dependencies.ts';
import { isJob } from '../lib/swarm/ending.ts';
import { converge, lookAt } from '../lib/swarm/wait-converged.ts';
import type { Convergence } from '../lib/swarm/verdict.ts';
import { namingPortOwner } from '../lib/swarm/port-refusal.ts';
import { serviceByName } from '../lib/swarm/read.ts';
import { OWNER_LABEL } from '../lib/swarm/labels.ts';
import { namesFor } from '../lib/swarm/secrets-and-configs.ts';
import { NO_NAMES, type Names } from '../lib/swarm/fields/field.ts';
import { differences, modeOf, specification } from '../lib/swarm/service-spec.ts';
import type { SwarmService } from '../lib/contracts/swarm-types.ts';
import { withUpdatePolicy } from '../lib/swarm/update-policy.ts';
import { explained } from '../lib/swarm/refusals/api-refusal.ts';
import { createService, updateService } from '../lib/swarm/write.ts';
import { defineTask } from '../lib/pipeline/task.ts';
import { created, updated, waiting, type Change } from '../lib/contracts/change.ts';
import type { Desired } from '../lib/contracts/target.ts';

interface State {
  readonly service: SwarmService | undefined;
  readonly convergence: Convergence | undefined;
  /** The objects that the service refers to; read only if it refers to any. */
  readonly names: Names;
}

type ServiceChange = Change & { readonly kind: 'create' | 'update' | 'converge' };

/** The services. By hand (docs/guide.md): `docker service create --replicas 3 -p 80:80 --name web nginx`. */
export default defineTask<State, ServiceChange>({
  id: 'deploy-services',
  title: 'Services running',
  about: 'Creates, updates and scales the services, and waits until all their tasks run.',
  needs: [
    { task: 'configure-nodes', of: 'all', tolerant: true },
    'upgrade-docker',
    { task: 'pull-images', of: 'all', tolerant: true },
    { task: 'create-networks', of: 'all' },
    { task: 'create-objects', of: 'all' },
    'prune',
    { task: 'check-ports', of: 'all' },
  ],
  targets: (cluster) => cluster.services.map(({ name, dependsOn }) => ({ id: name, after: unitsBefore(dependsOn) })),
  check: async (ctx) => {
    const manager = await ctx.swarm.manager(ctx.signal);
    const service = await serviceByName(manager, ctx.target.id);
    const complete = awaitedToComplete(ctx.cluster);
    const [convergence] = service ? await lookAt(manager, [service.ID], { complete }) : [];
    const names = service ? await namesFor(manager, wantedService(ctx)) : NO_NAMES;
    return { service, convergence, names };
  },
  absent: () => ({ service: undefined, convergence: undefined, names: NO_NAMES }),
  plan: ({ service, convergence, names }, desired) => {
    const wanted = wantedService(desired);
    const own = ['services', wanted.name];
    if (!service) {
      const { image, mode, replicas } = wanted;
      return [{ ...created(own, mode === 'replicated' ? { image, replicas } : { image, mode }), kind: 'create' }];
    }
    const stack = service.Spec.Labels?.['com.docker.stack.namespace'];
    if (stack !== undefined) throw ofStack(wanted.name, stack);
    if (modeOf(service.Spec) !== wanted.mode) throw otherMode(wanted, firstManager(desired.cluster).name);
    const changed = differences(service, wanted, names);
    if (changed.length === 0 && convergence?.waitingFor) {
      const to = isJob(service.Spec) ? 'complete' : 'running';
      return [{ ...waiting(own, { to, reason: convergence.waitingFor }), kind: 'converge' }];
    }
    // Any change of a job's specification starts its next iteration.
    const reason = isJob(service.Spec) ? 'runs the job again' : undefined;
    return changed.map(({ path, from, to }) => ({
      ...updated([...own, ...path], from, to, { reason }),
      kind: 'update',
    }));
  },
  apply: async (ctx, changes, { service, convergence }) => {
    const manager = await ctx.swarm.manager(ctx.signal);
    const wanted = wantedService(ctx);
    await untilReady(ctx, `service ${wanted.name}`, wanted.dependsOn);
    if (changes.some((change) => change.kind !== 'converge')) {
      const renew = !service || changes.some(({ path: [, , key] }) => key === 'image');
      const image = renew
        ? await imageWithDigest(ctx, manager, wanted.image)
        : service.Spec.TaskTemplate.ContainerSpec.Image;
      await write(ctx, manager, wanted, { service, convergence }, image);
    }
    const written = await serviceByName(manager, wanted.name);
    if (!written)
      throw new SwarmupError('SERVICE_FAILED', `service ${wanted.name} is gone`, {
        fix: 'Something else removed it. Run again.',
      });
    await converge({
      name: wanted.name,
      manager,
      engine: (node) => ctx.engine(node),
      serviceIds: [written.ID],
      before: service ? [service] : [],
      complete: awaitedToComplete(ctx.cluster),
      signal: ctx.signal,
      clock: ctx.clock,
      report: ctx.report,
    });
  },
});

function wantedService({ cluster, target }: Desired): ServiceSpec {
  const wanted = cluster.services.find((service) => service.name === target.id);
  if (!wanted) throw new Error(`no service ${target.id} in the cluster file`);
  return wanted;
}

async function imageWithDigest(ctx: UnitContext, manager: Engine, image: string): Promise<string> {
  if (image.includes('@')) return image;
  const found = await registryDigest(manager, image, await ctx.images.credentials(image));
  if ('digest' in found) return `${tagged(image)}@${found.digest}`;
  const built = ctx.cluster.images.whenUnreachable === 'build' && ctx.images.canBuild(image);
  if (!built && !(await isArchived(ctx, image)))
    ctx.warn(
      `${image} is deployed without its digest, so nodes may run different versions of it: ${found.problem}`,
      // One warning is enough when no image can be looked up.
      isNetworkProblem(found.problem) ? 'registry' : `digest ${image}`,
    );
  return image;
}

async function write(
  ctx: UnitContext,
  manager: Engine,
  wanted: ServiceSpec,
  { service: current, convergence }: Pick<State, 'service' | 'convergence'>,
  image: string,
): Promise<void> {
  const names = await namesFor(manager, wanted);
  const whole = specification(wanted, image, ctx.cluster.name, { current: current?.Spec, names });
  const spec = withUpdatePolicy(whole, wanted, convergence);
  const auth = authConfig(await ctx.images.credentials(wanted.image));
  await requireBindSources(ctx, [mountingOf(spec)]);
  ctx.report(current ? 'updating' : 'creating');
  const what = `service ${wanted.name}`;
  await explained(manager, { kind: 'service', name: wanted.name, file: ctx.cluster.file }, () =>
    namingPortOwner({ manager, cluster: ctx.cluster, what }, () =>
      current ? updateService(manager, current, spec, auth) : createService(manager, spec, auth),
    ),
  );
}

function otherMode({ name, mode }: ServiceSpec, manager: string): SwarmupError {
  return new SwarmupError('SERVICE_FAILED', `service ${name} is not ${mode}, and Swarm can't change a service's mode`, {
    fix: `Give it another name and remove the old one with --prune, or remove it first: swarmup ssh ${manager} -- sudo docker service rm ${name}`,
  });
}

function ofStack(name: string, stack: string): SwarmupError {
  return new SwarmupError('SERVICE_FAILED', `a service ${name} exists already, and belongs to the stack ${stack}`, {
    fix: `Give the service another name in the cluster file. (Services of swarmup carry the label ${OWNER_LABEL}.)`,
  });
}
