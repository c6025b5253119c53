import { differingKeys, mergeDaemonJson } from '../lib/docker/daemon-config.ts';
import { engineState, installEngine, restartEngine, startEngine, untilEngineAnswers } from '../lib/docker/engine.ts';
import { runsVersion } from '../lib/docker/manager.ts';
import { proxyFile, proxyFileOn, publicProxyOf, writeProxyFile } from '../lib/docker/proxy.ts';
import { daemonJson, type DaemonJson } from '../lib/facts/daemon-json.ts';
import { dockerService, type DockerService } from '../lib/facts/docker-service.ts';
import { gather } from '../lib/remote/gather-facts.ts';
import { osRelease, type OsRelease } from '../lib/facts/os-release.ts';
import type { UnitContext } from '../lib/contracts/context.ts';
import { SwarmupError } from '../lib/util/errors.ts';
import { omitUndefined } from '../lib/util/omit-undefined.ts';
import { localSwarm } from '../lib/swarm/local-state.ts';
import { untilManagerIsBack } from '../lib/swarm/manager-back.ts';
import { defineTask } from '../lib/pipeline/task.ts';
import { onNodes } from '../lib/contracts/target.ts';
import { created, step, updated, type Change } from '../lib/contracts/change.ts';

interface State {
  /** The version of the engine, if it answers. */
  readonly version: string | undefined;
  /** Whether it is in a swarm: then `upgrade-docker` changes the version, one node at a time. */
  readonly isMember: boolean;
  /** Read only when no engine answers, or when the cluster file configures something there. */
  readonly host: HostState | undefined;
}

interface HostState {
  readonly os: OsRelease;
  readonly service: DockerService;
  readonly daemon: DaemonJson;
  /** The service's drop-in file with the proxy; empty when there is none. */
  readonly proxy: string;
}

type DockerChange = Change & { readonly kind: 'install' | 'configure' | 'proxy' | 'start' };

/** A running Docker Engine on each node. By hand (docs/guide.md): a part of `docker-machine create`. */
export default defineTask<State, DockerChange>({
  id: 'install-docker',
  title: 'Docker running',
  about: 'Installs the Docker Engine, merges daemon.json, and starts the engine.',
  needs: ['provision', 'preflight', { task: 'preflight', of: 'all', tolerant: true }],
  targets: (cluster) => onNodes(cluster.nodes),
  check: async (ctx) => {
    const engine = await engineState(ctx, ctx.node.name);
    const { daemon, proxy } = ctx.cluster.docker;
    const configured = Object.keys(daemon).length > 0 || proxy !== undefined || engine?.hasProxy;
    const known = { version: engine?.version, isMember: engine?.isMember ?? false };
    if (engine && !configured) return { ...known, host: undefined };
    const facts = { os: osRelease, service: dockerService, daemon: daemonJson, proxy: proxyFileOn };
    return { ...known, host: await gather(await ctx.host(), facts, ctx.signal) };
  },
  absent: () => ({ version: undefined, isMember: false, host: undefined }),
  plan: ({ version, isMember, host }, { cluster, target }) => {
    const { source, version: pinned, daemon } = cluster.docker;
    const own = ['nodes', target.id, 'docker'];
    const changes: DockerChange[] = [];
    if (version === undefined && host?.service.masked) throw masked(target.id);
    const installed = version !== undefined || host?.service.installed === true;
    const differs = version !== undefined && pinned !== undefined && !runsVersion(version, pinned);
    const wrongVersion = differs && !isMember;
    if (!installed || wrongVersion) {
      if (source === 'preinstalled' && host) throw notPreinstalled(target.id);
      const to = { ...omitUndefined({ version: pinned }), source: source === 'official' ? source : 'distro' };
      changes.push({ ...(wrongVersion ? updated(own, { version }, to) : created(own, to)), kind: 'install' });
    }
    const differing = differingKeys(daemon, host?.daemon);
    // Its values may be secret: tokens of registries and logging drivers.
    if (differing.length > 0)
      changes.push({ ...updated([...own, 'daemon.json'], undefined, differing), kind: 'configure' });
    if (proxyFile(cluster) !== (host?.proxy ?? ''))
      changes.push({
        ...updated([...own, 'proxy'], publicProxyOf(host?.proxy ?? ''), cluster.docker.proxy),
        kind: 'proxy',
      });
    if (installed && version === undefined) changes.push({ ...step(own, 'start'), kind: 'start' });
    return changes;
  },
  apply: async (ctx, changes, state) => {
    const kinds = new Set(changes.map((change) => change.kind));
    const { cluster, signal } = ctx;
    const host = await ctx.host();
    // The configuration first, so that the engine starts only once.
    if (kinds.has('configure')) await mergeDaemonJson(host, cluster.docker.daemon, state.host?.daemon, signal);
    if (kinds.has('proxy')) await writeProxyFile(host, cluster, signal);
    if (kinds.has('install')) await installEngine(ctx, ctx.node.name, { known: state.host?.os });
    if ((kinds.has('configure') || kinds.has('proxy')) && state.version !== undefined) await restart(ctx);
    else if (kinds.has('start') || kinds.has('install')) await startEngine(ctx, ctx.node.name);
    else await untilEngineAnswers(ctx, ctx.node.name);
  },
});

/** Managers restart one at a time: two at once may cost the majority. */
async function restart(ctx: UnitContext): Promise<void> {
  const { name } = ctx.node;
  const { state, isManager } = await localSwarm(await ctx.engine());
  if (state !== 'active' || !isManager) {
    await restartEngine(ctx, name);
    return;
  }
  ctx.report('waiting for its turn to restart the engine');
  await ctx.mutex.take('a manager restarts', async () => {
    ctx.report('restarting the engine');
    await restartEngine(ctx, name);
    await untilManagerIsBack(ctx, name);
  });
}

function masked(node: string): SwarmupError {
  return new SwarmupError('INSTALL_UNSUPPORTED', `${node}: docker.service is masked, so nothing can start it`, {
    fix: `It was disabled on purpose. To enable it again: swarmup ssh ${node} -- sudo systemctl unmask docker.service docker.socket`,
  });
}

function notPreinstalled(node: string): SwarmupError {
  return new SwarmupError(
    'INSTALL_UNSUPPORTED',
    `no Docker Engine answers on ${node}, and docker.source is preinstalled`,
    {
      fix: 'Install Docker there, or set docker.source: auto.',
    },
  );
}
