import { awaitedToComplete, servicesNamed } from '../config/dependencies.ts';
import type { Cluster, Dependency } from '../config/model.ts';
import type { Engines, Managers, RunContext, Work } from '../contracts/context.ts';
import type { Engine } from '../contracts/engine.ts';
import type { SwarmService } from '../contracts/swarm-types.ts';
import type { Precedent } from '../contracts/target.ts';
import { hasCode, messageOf, SwarmupError } from '../util/errors.ts';
import { listNodes, listServices, listTasks, nameOf } from './read.ts';
import { converge } from './wait-converged.ts';

/** What waiting for dependencies needs. */
type Waiting = Work & Managers & Engines & Pick<RunContext, 'cluster'>;

/** The units that deploy what a service or a stack depends on. */
export function unitsBefore(dependsOn: readonly Dependency[] = []): readonly Precedent[] {
  return dependsOn.map(({ kind, name }) => ({
    task: kind === 'service' ? 'deploy-services' : 'deploy-stacks',
    target: name,
  }));
}

/**
 * Waits until everything that a service or a stack depends on is as it has to be. In a whole run that is so when this
 * unit starts; in a part of one, other runs have deployed it.
 *
 * @param of what depends on it, as it begins a sentence: `service web`
 * @throws SwarmupError DEPENDENCY_MISSING, DEPENDENCY_INVALID, SERVICE_FAILED or TIMED_OUT
 */
export async function untilReady(ctx: Waiting, of: string, dependsOn: readonly Dependency[] = []): Promise<void> {
  for (const dependency of dependsOn.filter((one) => isInRun(ctx.cluster, one))) {
    ctx.signal.throwIfAborted();
    await oneReady(ctx, of, dependency);
  }
}

/** A command such as `scale` works on some services only, and leaves out the order. */
function isInRun({ services, stacks }: Cluster, { kind, name }: Dependency): boolean {
  return (kind === 'service' ? services : stacks).some((one) => one.name === name);
}

async function oneReady(ctx: Waiting, of: string, dependency: Dependency): Promise<void> {
  const { cluster, signal, clock } = ctx;
  const { name, condition } = dependency;
  const manager = await ctx.swarm.manager(signal);
  const wanted = servicesNamed(dependency, cluster.stacks);
  const services = (await listServices(manager)).filter(({ Spec }) => wanted.includes(Spec.Name));
  const missing = wanted.find((one) => !services.some(({ Spec }) => Spec.Name === one));
  if (missing !== undefined) throw notDeployed(of, missing);
  try {
    await converge({
      name,
      manager,
      engine: (node) => ctx.engine(node),
      serviceIds: services.map(({ ID }) => ID),
      before: services,
      complete: awaitedToComplete(cluster),
      signal,
      clock,
      report: (detail, progress) => ctx.report(`depends on ${detail}`, progress),
    });
  } catch (error) {
    if (!hasCode(error, 'SERVICE_FAILED', 'TIMED_OUT')) throw error;
    const { code, message, fix, output, postMortem } = error;
    throw new SwarmupError(code, `${of} depends on ${name}: ${message}`, {
      fix,
      postMortem,
      ...(output ? { output } : {}),
    });
  }
  if (condition !== 'healthy') return;
  for (const service of services) await requireHealthCheck(ctx, manager, of, service);
}

/**
 * A running task with a health check is healthy: before its first success, Swarm shows it as starting. Source: moby,
 * daemon/cluster/executor/container, controller.Start.
 */
async function requireHealthCheck(ctx: Waiting, manager: Engine, of: string, service: SwarmService): Promise<void> {
  const { Healthcheck, Image } = service.Spec.TaskTemplate.ContainerSpec;
  const own = Healthcheck?.Test ?? [];
  const test = own.length > 0 ? own : await testOfImage(ctx, manager, service);
  if (test.length > 0 && test[0] !== 'NONE') return;
  const { Name } = service.Spec;
  throw new SwarmupError(
    'DEPENDENCY_INVALID',
    `${of} depends on ${Name} as healthy, and neither the service nor its image ${Image} has a health check`,
    { fix: `Give ${Name} a healthcheck, or depend on it as running.` },
  );
}

/** The image's own health check, from a node that runs it. */
async function testOfImage(ctx: Engines, manager: Engine, service: SwarmService): Promise<readonly string[]> {
  const { Image } = service.Spec.TaskTemplate.ContainerSpec;
  const [tasks, nodes] = await Promise.all([listTasks(manager, { service: [service.ID] }), listNodes(manager)]);
  const running = new Set(tasks.filter(({ Status }) => Status.State === 'running').map(({ NodeID }) => NodeID));
  const names = nodes.filter(({ ID }) => running.has(ID)).map(nameOf);
  const problems: string[] = [];
  for (const name of names) {
    try {
      const image = await (
        await ctx.engine(name)
      ).call(`look at the image ${Image}`, (docker) => docker.getImage(Image).inspect());
      return image.Config.Healthcheck?.Test ?? [];
    } catch (error) {
      // Another node may have it.
      problems.push(messageOf(error));
    }
  }
  throw new SwarmupError(
    'DEPENDENCY_INVALID',
    `whether the image ${Image} of ${service.Spec.Name} has a health check can't be found out: ${problems.join('; ') || 'no node runs it'}`,
    { fix: `Give ${service.Spec.Name} a healthcheck in its file.` },
  );
}

function notDeployed(of: string, name: string): SwarmupError {
  return new SwarmupError('DEPENDENCY_MISSING', `${of} depends on ${name}, which isn't deployed`, {
    fix: 'Deploy it first: swarmup up. (A stack with whenUnreachable: skip is not deployed while its images are missing.)',
  });
}
