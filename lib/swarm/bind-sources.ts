import type { ComposeConfig } from '../compose/types.ts';
import type { Hosts, Managers } from '../contracts/context.ts';
import type { ServiceSpecification } from '../contracts/swarm-types.ts';
import { SwarmupError } from '../util/errors.ts';
import { quote } from '../util/shell-quote.ts';
import { mayRun } from './eligibility.ts';
import { nameOf } from './read.ts';
import { scoped } from './stack-spec/names.ts';

/** Paths of nodes that services mount: an engine refuses a task whose path it doesn't have. */

/** What a service mounts, and where it may run. */
export interface Mounting {
  readonly service: string;
  readonly sources: readonly string[];
  readonly placement: ServiceSpecification['TaskTemplate']['Placement'];
}

/** Shell: for each argument, whether it exists, following symbolic links as the engine does (daemon/volume/mounts, os.Stat). */
const LOOK = 'for path do if [ -e "$path" ]; then echo yes; else echo no; fi; done';
/** A path may be on a file system whose server doesn't answer, in milliseconds. */
const LOOK_MS = 15_000;

/** Of a service of the cluster file. */
export function mountingOf({ Name, TaskTemplate }: ServiceSpecification): Mounting {
  const binds = (TaskTemplate.ContainerSpec.Mounts ?? []).filter(
    ({ Type, BindOptions }) => Type === 'bind' && BindOptions?.CreateMountpoint !== true,
  );
  return {
    service: Name,
    sources: binds.flatMap(({ Source }) => (Source !== undefined && isFixed(Source) ? [Source] : [])),
    placement: TaskTemplate.Placement,
  };
}

/** Of a stack's services, with what swarmup adds to them. Docker's stacks can't have the nodes' paths created. */
export function mountingsOf(stack: string, { services }: ComposeConfig): readonly Mounting[] {
  return Object.entries(services).map(([name, { volumes = [], deploy }]) => ({
    service: scoped(stack, name),
    sources: volumes.flatMap(({ type, source }) =>
      type === 'bind' && source !== undefined && isFixed(source) ? [source] : [],
    ),
    placement: { Constraints: deploy?.placement?.constraints ?? [] },
  }));
}

/** An absolute path that is the same on every node: Swarm replaces templates. */
function isFixed(source: string): boolean {
  return source.startsWith('/') && !source.includes('{{');
}

/**
 * Looks for the paths on every node that may run the services; a node that can't be asked is left out.
 *
 * @throws SwarmupError BIND_SOURCE_ABSENT with every path that is missing, and where
 */
export async function requireBindSources(ctx: Hosts & Managers, mountings: readonly Mounting[]): Promise<void> {
  const mounting = mountings.filter(({ sources }) => sources.length > 0);
  if (mounting.length === 0) return;
  const nodes = await ctx.swarm.nodes(ctx.signal);
  const uses = mounting.flatMap(({ service, sources, placement }) => {
    const able = nodes.filter((node) => {
      const TaskTemplate = { ContainerSpec: { Image: '' }, ...(placement ? { Placement: placement } : {}) };
      return (
        node.Description.Platform?.OS !== 'windows' && mayRun({ Spec: { Name: service, TaskTemplate, Mode: {} } }, node)
      );
    });
    return sources.map((path) => ({ service, path, nodes: able.map(nameOf) }));
  });
  const asked = [...new Set(uses.flatMap((use) => use.nodes))];
  const missing = new Map(
    await Promise.all(
      asked.map(async (node): Promise<[string, ReadonlySet<string>]> => {
        const paths = [...new Set(uses.filter((use) => use.nodes.includes(node)).map(({ path }) => path))];
        return [node, await missingOn(ctx, node, paths)];
      }),
    ),
  );
  const absent = uses
    .map((use) => ({ ...use, nodes: use.nodes.filter((node) => missing.get(node)?.has(use.path)) }))
    .filter((use) => use.nodes.length > 0);
  if (absent.length > 0) throw sourcesAbsent(absent);
}

async function missingOn(ctx: Hosts & Managers, node: string, paths: readonly string[]): Promise<ReadonlySet<string>> {
  try {
    const host = await ctx.host(node);
    const argv = ['sh', '-c', LOOK, 'swarmup-paths', ...paths];
    const { stdout } = await host.run(argv, { signal: ctx.signal, withinMs: LOOK_MS });
    const answers = stdout.split('\n');
    return new Set(paths.filter((_, i) => answers[i] === 'no'));
  } catch {
    ctx.signal.throwIfAborted();
    // If a path is missing there, the engine says so when a task gets there.
    return new Set();
  }
}

interface Use {
  readonly service: string;
  readonly path: string;
  readonly nodes: readonly string[];
}

function sourcesAbsent(absent: readonly Use[]): SwarmupError {
  const parts = absent.map(({ service, path, nodes }) => {
    const lack = nodes.length === 1 ? 'does not' : 'do not';
    return `service ${service} mounts ${path}, which ${listOf(nodes)} ${lack} have`;
  });
  // One command for each group of nodes.
  const groups = Object.entries(Object.groupBy(absent, ({ nodes }) => nodes.join(',')));
  const commands = groups.map(([nodes, all = []]) => {
    const paths = [...new Set(all.map(({ path }) => path))];
    return `swarmup exec --node ${quote([nodes])} -- sudo mkdir -p ${quote(paths)}`;
  });
  return new SwarmupError('BIND_SOURCE_ABSENT', parts.join('; '), {
    fix: `Create it there: ${commands.join('; ')} (copy files there instead). Or let the service run only where it is: constraints.`,
  });
}

/** "a, b and c" */
function listOf(names: readonly string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}
