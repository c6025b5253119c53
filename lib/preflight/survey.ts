import type { RunContext } from '../contracts/context.ts';
import { asSwarmupError, hasCode, SwarmupError } from '../util/errors.ts';
import type { SwarmNode } from '../contracts/swarm-types.ts';
import { expiredMember, expiryOf } from '../swarm/expired.ts';
import { localSwarm } from '../swarm/local-state.ts';
import { readSwarm } from '../swarm/settings.ts';
import { lookAtHost } from './facts.ts';
import { probeNetwork } from './network.ts';
import { rules } from './rules/index.ts';
import { type Finding, type Surveyed, type Survey, isFatal } from '../contracts/preflight.ts';

type Needs = Pick<RunContext, 'cluster' | 'machines' | 'remote' | 'clock' | 'swarm'>;

/** Surveys every node's host and the network between them: one round trip per host, and one round of probes. */
export async function survey(needs: Needs, signal: AbortSignal): Promise<Survey> {
  const { cluster, machines, remote, clock } = needs;
  const unreachable = new Map<string, SwarmupError>();
  const looks = await Promise.all(
    cluster.nodes.map(async (node): Promise<Surveyed | undefined> => {
      try {
        const { address } = machines.running(node.name);
        const host = await remote.host(node.name, signal);
        return { node, address, facts: await lookAtHost(host, { cluster, clock, signal }) };
      } catch (error) {
        signal.throwIfAborted();
        unreachable.set(node.name, asSwarmupError(error));
        return undefined;
      }
    }),
  );
  const hosts = looks.filter((look) => look !== undefined);
  const links = await probeNetwork(hosts, { cluster, remote, signal });
  const members = await membersOf(hosts, needs, signal);
  const pool = [...members.values()].includes(true) ? await poolOf(needs, signal) : undefined;
  return { cluster, hosts, unreachable, links, members, pool };
}

/** The address pool of the swarm, if a manager tells it. */
async function poolOf({ swarm }: Needs, signal: AbortSignal): Promise<readonly string[] | undefined> {
  try {
    const { DefaultAddrPool: pool } = await readSwarm(await swarm.manager(signal));
    return pool;
  } catch (error) {
    signal.throwIfAborted();
    // Steps that need a manager report why none answers.
    if (error instanceof SwarmupError) return undefined;
    throw error;
  }
}

/** Compares the node IDs that engines report with those that this cluster's managers know. */
async function membersOf(hosts: readonly Surveyed[], needs: Needs, signal: AbortSignal): Promise<Map<string, boolean>> {
  const inSwarm = hosts.filter(({ facts }) => facts.engine && facts.engine.swarm.state !== 'inactive');
  if (inSwarm.length === 0) return new Map();
  // Without a manager of this cluster in a swarm, no host is in its swarm.
  const nodes = await needs.swarm.nodes(signal).catch((error: unknown) => asSwarmupError(error));
  signal.throwIfAborted();
  const members = inSwarm.map(async ({ node, facts }) => {
    const { state = '', nodeId = '' } = facts.engine?.swarm ?? {};
    const isMember =
      state === 'error'
        ? await isExpired(node.name, nodes, needs, signal)
        : !(nodes instanceof SwarmupError) && nodes.some(({ ID }) => ID === nodeId);
    return [node.name, isMember] as const;
  });
  return new Map(await Promise.all(members));
}

/** Whether an engine that can't take part in its swarm was a member of this cluster's before its certificate expired. */
async function isExpired(
  name: string,
  nodes: readonly SwarmNode[] | SwarmupError,
  { cluster, remote }: Needs,
  signal: AbortSignal,
): Promise<boolean> {
  const local = await localSwarm(await remote.engine(name, signal));
  // No manager can tell whose it was; the steps that need one name every manager whose certificate has expired.
  if (nodes instanceof SwarmupError) return hasCode(nodes, 'SWARM_CERTIFICATE') && expiryOf(local) !== undefined;
  const host = (node: string) => remote.host(node, signal);
  return (await expiredMember({ host, signal, cluster, node: { name } }, local, nodes)) !== undefined;
}

/** All findings, the most severe first. Pure. */
export function findingsOf(survey: Survey): readonly Finding[] {
  const found = survey.hosts.flatMap((host) => rules.flatMap((rule) => rule(host, survey)));
  return [...found.filter(isFatal), ...found.filter((finding) => !isFatal(finding))];
}
