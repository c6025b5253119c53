import type { RunContext } from '../../contracts/context.ts';
import { clientFolders, writeContext } from '../../remote/docker-context.ts';
import { SwarmupError } from '../../util/errors.ts';
import { print, printJson } from '../../render/output.ts';
import type { CommonOptions } from '../options.ts';
import { clusterOf, withSession } from '../session.ts';
import { writeKnownHosts } from '../known-hosts.ts';

interface ContextOptions extends CommonOptions {
  readonly name?: string;
}

/** A Docker context for the cluster: `docker --context NAME` talks to a manager over SSH, with the pinned host key. */
export async function context(options: ContextOptions): Promise<number> {
  return withSession(await clusterOf(options), options, async (session) => {
    const { cluster, swarm, machines, env } = session.context;
    const { node } = await swarm.manager(session.signal);
    await requireDocker(session.context, node, session.signal);
    const name = options.name ?? cluster.name;
    const knownHostsFile = await writeKnownHosts(session.context);
    const { stateDir } = cluster;
    const manager = machines.running(node);
    await writeContext({ name, cluster: cluster.name, stateDir, manager, knownHostsFile }, clientFolders(env));
    if (options.json) printJson({ context: name, node });
    else print(`Docker context ${name} connects to ${node}. Try it: docker --context ${name} node ls\n`);
    return 0;
  });
}

/** `docker --context` runs `docker system dial-stdio` there as the login user. */
async function requireDocker({ remote }: Pick<RunContext, 'remote'>, node: string, signal: AbortSignal): Promise<void> {
  const host = await remote.host(node, signal);
  const argv = ['docker', 'version', '--format', '{{.Server.Version}}'];
  const { exitCode, stderr } = await host.run(argv, { signal, asRoot: false, okExit: 'any' });
  if (exitCode === 0) return;
  const denied = /permission denied/i.test(stderr);
  throw new SwarmupError('PREREQUISITE_MISSING', `a Docker context can't use ${node}: ${stderr.trim()}`, {
    fix: denied
      ? `The login user needs access to Docker there, which is equivalent to root: swarmup ssh ${node} -- 'sudo usermod -aG docker $USER'`
      : `The docker command has to work there for the login user: swarmup ssh ${node} -- docker version`,
  });
}
