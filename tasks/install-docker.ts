import {
  configurationChanges,
  configureEngine,
  differencesIn,
  type Configuration,
  type ConfigurationChange,
} from '../lib/docker/configure.ts';
import { CONFIGURATION, noteRead, validateDaemon, writeDaemon } from '../lib/docker/daemon-file.ts';
import { engineState, installEngine, startEngine } from '../lib/docker/engine.ts';
import { applyHolds } from '../lib/docker/holds.ts';
import { runsVersion } from '../lib/docker/manager.ts';
import { writeProxyFile } from '../lib/docker/proxy.ts';
import { dockerService, type DockerService } from '../lib/facts/docker-service.ts';
import { gather } from '../lib/remote/gather-facts.ts';
import { osRelease, type OsRelease } from '../lib/facts/os-release.ts';
import type { UnitContext } from '../lib/contracts/context.ts';
import { SwarmupError } from '../lib/util/errors.ts';
import { omitUndefined } from '../lib/util/omit-undefined.ts';
import { defineTask } from '../lib/pipeline/task.ts';
import { onNodes } from '../lib/contracts/target.ts';
import { created, step, updated, type Change } from '../lib/contracts/change.ts';

interface State {
  /** The version of the engine, if it answers. */
  readonly version: string | undefined;
  /** Whether it is in a swarm: then `upgrade-docker` changes version and configuration, one node at a time. */
  readonly isMember: boolean;
  /** Not read for a member. */
  readonly host: HostState | undefined;
}

interface HostState extends Configuration {
  readonly os: OsRelease;
  readonly service: DockerService;
}

type DockerChange = ConfigurationChange | (Change & { readonly kind: 'install' | 'start' });

/** A running Docker Engine on each node. By hand (docs/guide.md): a part of `docker-machine create`. */
export default defineTask<State, DockerChange>({
  id: 'install-docker',
  title: 'Docker running',
  about: 'Installs the Docker Engine, merges daemon.json, and starts the engine.',
  needs: ['provision', 'preflight', { task: 'preflight', of: 'all', tolerant: true }],
  targets: (cluster) => onNodes(cluster.nodes),
  check: async (ctx) => {
    const engine = await engineState(ctx, ctx.node.name);
    if (engine?.isMember) return { version: engine.version, isMember: true, host: undefined };
    const machine = await ctx.host();
    const host = await gather(machine, { os: osRelease, service: dockerService, ...CONFIGURATION }, ctx.signal);
    const differences = differencesIn(configurationChanges(ctx.node.name, ctx.cluster, host));
    await validateDaemon(machine, host.daemon, differences, ctx.signal);
    return { version: engine?.version, isMember: false, host };
  },
  absent: () => ({ version: undefined, isMember: false, host: undefined }),
  plan: ({ version, isMember, host }, { cluster, target }) => {
    const { source, version: pinned } = cluster.docker;
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
    if (!isMember) changes.push(...configurationChanges(target.id, cluster, host));
    if (installed && version === undefined) changes.push({ ...step(own, 'start'), kind: 'start' });
    return changes;
  },
  apply: async (ctx, changes, { version, host: found }) => {
    const kinds = new Set(changes.map((change) => change.kind));
    const configuration = changes.filter(isConfiguration);
    if (version === undefined) return configureAndStart(ctx, configuration, found, kinds.has('install'));
    if (kinds.has('install')) await installEngine(ctx, ctx.node.name, { known: found?.os });
    if (configuration.length === 0) await startEngine(ctx, ctx.node.name);
    else await configureEngine(ctx, ctx.node.name, { cluster: ctx.cluster, found, changes: configuration });
  },
});

function isConfiguration(change: DockerChange): change is ConfigurationChange {
  return change.kind === 'configure' || change.kind === 'proxy' || change.kind === 'hold';
}

/** The configuration first, so that the engine starts only once. */
async function configureAndStart(
  ctx: UnitContext,
  changes: readonly ConfigurationChange[],
  found: HostState | undefined,
  install: boolean,
): Promise<void> {
  const host = await ctx.host();
  const differences = differencesIn(changes);
  if (differences.length > 0) await writeDaemon(host, found ?? {}, differences, ctx);
  if (changes.some(({ kind }) => kind === 'proxy')) await writeProxyFile(host, ctx.cluster, ctx.signal);
  if (install) await installEngine(ctx, ctx.node.name, { known: found?.os });
  else if (changes.some(({ kind }) => kind === 'hold')) await applyHolds(host, found?.holds, ctx);
  await startEngine(ctx, ctx.node.name);
  if (differences.length > 0) await noteRead(host, found ?? {}, differences, ctx);
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
