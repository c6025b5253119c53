import { awaitedToComplete, servicesNamed } from '../lib/config/dependencies.ts';
import type { Desired, Target } from '../lib/contracts/target.ts';
import type { RunCluster } from '../lib/contracts/run-cluster.ts';
import { SwarmupError } from '../lib/util/errors.ts';
import { digestOf, tagged } from '../lib/util/image-reference.ts';
import { isArchived } from '../lib/images/archived.ts';
import { authConfig } from '../lib/images/credentials.ts';
import { registryDigest } from '../lib/images/on-node.ts';
import { pullFailure } from '../lib/images/pull/failure.ts';
import { isJob } from '../lib/swarm/ending.ts';
import { serviceByName } from '../lib/swarm/read.ts';
import { withUpdatePolicy } from '../lib/swarm/update-policy.ts';
import type { Convergence } from '../lib/swarm/verdict.ts';
import { converge, lookAt } from '../lib/swarm/wait-converged.ts';
import { updateService } from '../lib/swarm/write.ts';
import type { ServiceSpecification, SwarmService } from '../lib/contracts/swarm-types.ts';
import { defineTask } from '../lib/pipeline/task.ts';
import { updated, type Change } from '../lib/contracts/change.ts';

interface State {
  readonly service: SwarmService | undefined;
  readonly convergence: Convergence | undefined;
  /** The image under its tag, with the digest that the registry has for it now; undefined if that isn't looked up. */
  readonly newest: string | undefined;
  /** Why it isn't looked up. */
  readonly skipped: string | undefined;
}

const NOTHING: State = { service: undefined, convergence: undefined, newest: undefined, skipped: undefined };

/** With `--pull`: newer images under the same tags. By hand: `docker service update --image nginx:1.27 web`. */
export default defineTask<State, Change>({
  id: 'roll-images',
  title: 'Images up to date',
  about: 'With --pull: looks the images of services and stacks up in their registries, and rolls out newer ones.',
  needs: [
    { task: 'deploy-services', of: 'all' },
    { task: 'deploy-stacks', of: 'all' },
  ],
  targets: (cluster) => (cluster.request?.pull === true ? targetsOf(cluster) : []),
  check: async (ctx) => {
    const manager = await ctx.swarm.manager(ctx.signal);
    const service = await serviceByName(manager, ctx.target.id);
    if (!service) return NOTHING;
    const image = imageOf(ctx, service);
    const skipped = await whyFixed(ctx, image);
    if (skipped !== undefined) return { ...NOTHING, service, skipped };
    const found = await registryDigest(manager, image, await ctx.images.credentials(image));
    if ('problem' in found) {
      if (ctx.cluster.images.whenUnreachable !== 'build' || !ctx.images.canBuild(image))
        throw unreachable(ctx.target, image, manager.node, found.problem);
      return { ...NOTHING, service, skipped: "built here, as its registry can't be reached" };
    }
    const [convergence] = await lookAt(manager, [service.ID]);
    return { service, convergence, newest: `${tagged(image)}@${found.digest}`, skipped };
  },
  absent: () => NOTHING,
  skip: ({ skipped }) => skipped,
  plan: ({ service, newest }, { target }) => {
    const running = service?.Spec.TaskTemplate.ContainerSpec.Image;
    if (!service || running === undefined || newest === undefined || digestOf(running) === digestOf(newest)) return [];
    const reason = isJob(service.Spec) ? 'runs the job again' : undefined;
    return [updated(['services', target.id, 'image'], running, newest, { reason })];
  },
  apply: async (ctx, _changes, { service, convergence, newest }) => {
    if (!service || newest === undefined) return;
    const manager = await ctx.swarm.manager(ctx.signal);
    const auth = authConfig(await ctx.images.credentials(newest));
    ctx.report('updating');
    const spec = withImage(service.Spec, newest);
    const own = ctx.cluster.services.find(({ name }) => name === service.Spec.Name);
    await updateService(manager, service, own ? withUpdatePolicy(spec, own, convergence) : spec, auth);
    await converge({
      name: service.Spec.Name,
      manager,
      engine: (node) => ctx.engine(node),
      serviceIds: [service.ID],
      before: [service],
      complete: awaitedToComplete(ctx.cluster),
      signal: ctx.signal,
      clock: ctx.clock,
      report: ctx.report,
    });
  },
});

/** In the order in which they are deployed. */
function targetsOf(cluster: RunCluster): Target[] {
  const { services, stacks } = cluster;
  const after = (of: { readonly dependsOn?: (typeof services)[number]['dependsOn'] }) =>
    (of.dependsOn ?? [])
      .flatMap((dependency) => servicesNamed(dependency, stacks))
      .map((target) => ({ task: 'roll-images', target }));
  return [
    ...services.map((service) => ({ id: service.name, after: after(service) })),
    ...stacks.flatMap((stack) =>
      stack.services.map(({ name }) => ({ id: `${stack.name}_${name}`, after: after(stack) })),
    ),
  ];
}

/** The image as its file names it. Docker notes that of a stack's service in a label. */
function imageOf({ cluster }: Desired, { Spec }: SwarmService): string {
  const { Name, Labels, TaskTemplate } = Spec;
  const own = cluster.services.find(({ name }) => name === Name)?.image;
  return own ?? Labels?.['com.docker.stack.image'] ?? TaskTemplate.ContainerSpec.Image;
}

/** Why an image is not looked up; undefined if it is. */
async function whyFixed(ctx: Parameters<typeof isArchived>[0], image: string): Promise<string | undefined> {
  if (digestOf(image) !== undefined) return 'the file names the digest of its image';
  return (await isArchived(ctx, image)) ? 'its image comes from an archive of images.load' : undefined;
}

function withImage(spec: ServiceSpecification, image: string): ServiceSpecification {
  const { TaskTemplate } = spec;
  return { ...spec, TaskTemplate: { ...TaskTemplate, ContainerSpec: { ...TaskTemplate.ContainerSpec, Image: image } } };
}

function unreachable({ id }: Target, image: string, node: string, problem: string): SwarmupError {
  const { cause, fix, transient } = pullFailure(problem, { image, node });
  const why = cause === undefined ? problem : `${cause} (${problem})`;
  return new SwarmupError('IMAGE_UNREACHABLE', `service ${id}: ${image} can't be looked up in its registry: ${why}`, {
    fix: `${fix} Without --pull everything runs with the images that it has.`,
    transient,
  });
}
