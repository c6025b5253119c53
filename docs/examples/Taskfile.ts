import { CLUSTER, defineTask, onNodes, pipelines as shipped, step, updated } from 'swarmup';
import type { Change, Taskfile } from 'swarmup';

/** The kernel settings that a busy node should have; any `sysctl` name and value. */
const SETTINGS = { 'vm.max_map_count': '262144' } as const;

interface Settings {
  readonly current: Readonly<Record<string, string>>;
}

/** A task on every node: `check` reads, `plan` compares, `apply` changes. */
const tuneKernel = defineTask<Settings, Change & { readonly key: string }>({
  id: 'tune-kernel',
  title: 'Kernel tuned',
  about: 'Sets kernel parameters on every node, now and for the next start.',
  needs: ['provision'],
  targets: (cluster) => onNodes(cluster.nodes),
  check: async (ctx) => {
    const host = await ctx.host();
    const { stdout } = await host.run(['sysctl', '--values', ...Object.keys(SETTINGS)], { signal: ctx.signal });
    const values = stdout.trim().split('\n');
    return { current: Object.fromEntries(Object.keys(SETTINGS).map((key, i) => [key, values[i] ?? ''])) };
  },
  absent: () => ({ current: {} }),
  plan: ({ current }, { target }) =>
    Object.entries(SETTINGS)
      .filter(([key, value]) => current[key] !== value)
      .map(([key, value]) => ({ key, ...updated(['nodes', target.id, key], current[key], value) })),
  apply: async (ctx) => {
    const host = await ctx.host();
    const lines = Object.entries(SETTINGS).map(([key, value]) => `${key} = ${value}\n`);
    await host.run(['tee', '/etc/sysctl.d/60-swarmup.conf'], { input: lines.join(''), signal: ctx.signal });
    await host.run(['sysctl', '--load=/etc/sysctl.d/60-swarmup.conf'], { signal: ctx.signal });
  },
});

/** A task on the cluster, which queries a manager's engine: `verifies` marks it as read-only. */
const checkManagers = defineTask<{ readonly reachable: number }, Change>({
  id: 'check-managers',
  title: 'Every manager reachable',
  about: 'Fails when the managers do not all reach each other.',
  needs: ['configure-nodes'],
  verifies: true,
  targets: () => [CLUSTER],
  check: async (ctx) => {
    const nodes = await ctx.swarm.nodes(ctx.signal);
    return { reachable: nodes.filter((node) => node.ManagerStatus?.Reachability === 'reachable').length };
  },
  absent: () => ({ reachable: 0 }),
  plan: ({ reachable }, { cluster }) => {
    const wanted = cluster.nodes.filter((node) => node.role === 'manager').length;
    const reason = `${reachable} of ${wanted} reachable`;
    return reachable === wanted ? [] : [step(['managers'], 'look at', { reason })];
  },
  apply: () => Promise.resolve(),
});

const taskfile = {
  tasks: [tuneKernel, checkManagers],
  pipelines: {
    // Replaces swarmup's own `up`: the same, and the nodes are tuned as soon as they run.
    up: [...shipped.up, 'tune-kernel'],
    // New: swarmup run tune
    tune: ['tune-kernel', 'check-managers'],
  },
} satisfies Taskfile;

export const { tasks, pipelines } = taskfile;
