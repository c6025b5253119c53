import type { RunContext } from '../contracts/context.ts';
import { asSwarmupError, SwarmupError } from '../util/errors.ts';
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
async function membersOf(
  hosts: readonly Surveyed[],
  { swarm }: Needs,
  signal: AbortSignal,
): Promise<Map<string, boolean>> {
  const inSwarm = hosts.filter(({ facts }) => facts.engine && facts.engine.swarm.state !== 'inactive');
  if (inSwarm.length === 0) return new Map();
  const ids = await swarm.nodes(signal).then(
    (nodes) => nodes.map(({ ID }) => ID),
    // No manager of this cluster is in a swarm, so no host is in its swarm.
    (): string[] => [],
  );
  signal.throwIfAborted();
  return new Map(inSwarm.map(({ node, facts }) => [node.name, ids.includes(facts.engine?.swarm.nodeId ?? '')]));
}

/** All findings, the most severe first. Pure. */
export function findingsOf(survey: Survey): readonly Finding[] {
  const found = survey.hosts.flatMap((host) => rules.flatMap((rule) => rule(host, survey)));
  return [...found.filter(isFatal), ...found.filter((finding) => !isFatal(finding))];
}
