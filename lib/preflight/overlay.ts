import type { RunContext } from '../contracts/context.ts';
import type { MeshLook, OverlayLink } from '../contracts/mesh.ts';
import type { Finding, Survey } from '../contracts/preflight.ts';
import type { MeshFault } from '../swarm/mesh/fault.ts';
import { faultsOf } from '../swarm/mesh/faults.ts';
import { kindOf } from '../swarm/mesh/link-faults.ts';
import { messageOf, SwarmupError } from '../util/errors.ts';

type Needs = Pick<RunContext, 'cluster' | 'mesh' | 'clock'>;

/** What doctor found in the routing mesh of a swarm, and in the overlay network below it. */
export interface OverlayReport {
  readonly links: readonly OverlayLink[];
  readonly findings: readonly Finding[];
}

/** A node that just learns of other tasks has done so after this time, in milliseconds. */
const SETTLED_MS = 5000;

/** Checks the routing mesh if the hosts are in this cluster's swarm; undefined if they aren't. */
export async function checkOverlay(
  needs: Needs,
  { members }: Pick<Survey, 'members'>,
  signal: AbortSignal,
): Promise<OverlayReport | undefined> {
  const joined = [...members].filter(([, isOurs]) => isOurs).map(([node]) => node);
  const [some] = joined;
  if (some === undefined) return undefined;
  try {
    const look = await needs.mesh.look(signal);
    // A machine that isn't in the swarm yet has no part of the mesh.
    const inSwarm = faultsOf(look, needs.cluster).filter(({ nodes }) => nodes.some((node) => joined.includes(node)));
    const faults = await lasting(needs, inSwarm, signal);
    return { links: look.links, findings: [...faults.map(findingOf), ...doubtsIn(look, joined)] };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof SwarmupError)) throw error;
    const message = `the overlay network could not be checked: ${messageOf(error)}`;
    return { links: [], findings: [{ node: some, check: 'overlay', severity: 'warning', message, fix: error.fix }] };
  }
}

/** Without what only a moment showed: a node learns of tasks that start and stop a little later. */
async function lasting(
  { mesh, clock, cluster }: Needs,
  faults: readonly MeshFault[],
  signal: AbortSignal,
): Promise<readonly MeshFault[]> {
  if (!faults.some(({ code }) => code === 'INGRESS_STALE')) return faults;
  await clock.sleep(SETTLED_MS, signal);
  const { nodes, ports } = await mesh.state(signal);
  const later = faultsOf({ nodes, ports, links: [], unknown: new Map() }, cluster).map(({ message }) => message);
  return faults.filter(({ code, message }) => code !== 'INGRESS_STALE' || later.includes(message));
}

function findingOf({ code, nodes, message, fix }: MeshFault): Finding {
  const check = code.startsWith('INGRESS') ? 'ingress' : 'overlay';
  return { node: nodes[0] ?? '', check, severity: 'fatal', message: `${message} (swarmup explain ${code})`, fix };
}

/** What is no fault for sure: answers that were too slow, and nodes of the swarm that couldn't be asked. */
function doubtsIn({ links, unknown }: MeshLook, joined: readonly string[]): Finding[] {
  const slow = Map.groupBy(
    links.filter((link) => kindOf(link) === 'unclear'),
    ({ from }) => from,
  );
  return [
    ...[...slow].map(([node, some]): Finding => ({
      node,
      check: 'overlay',
      severity: 'warning',
      message: `it could not fetch 100 KB in time through the overlay network from ${some.map(({ to }) => to).join(', ')}, although packets of every size arrive`,
      fix: `The machines or the network between them may be overloaded; check again: swarmup doctor`,
    })),
    ...[...unknown]
      .filter(([node]) => joined.includes(node))
      .map(([node, reason]): Finding => ({
        node,
        check: 'overlay',
        severity: 'warning',
        message: `its end of the overlay network could not be checked: ${reason}`,
        fix: `The check needs nsenter, and Perl or Python: install perl-base or python3-minimal there.`,
      })),
  ];
}
