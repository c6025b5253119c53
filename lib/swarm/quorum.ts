import { SwarmupError } from '../util/errors.ts';
import { awayOf } from './away.ts';
import { nameOf } from './read.ts';
import type { SwarmNode } from '../contracts/swarm-types.ts';

/**
 * How many of n managers must be reachable to change anything. Source: the Raft paper; docs.docker.com, "Raft
 * consensus".
 */
export function majority(managers: number): number {
  return Math.floor(managers / 2) + 1;
}

/** How many of n managers may be lost: 1→0, 2→0, 3→1, 4→1, 5→2, 7→3. */
export function tolerance(managers: number): number {
  return managers - majority(managers);
}

/**
 * Refuses to remove a manager when the remaining ones would have no majority: the swarm could then no longer be
 * changed.
 * @param nodes all nodes, as a manager sees them now
 * @throws SwarmupError QUORUM_AT_RISK with the arithmetic
 */
export function requireMajorityWithout(nodes: readonly SwarmNode[], leaving: Pick<SwarmNode, 'ID'>): void {
  const managers = nodes.filter(isManager);
  const one = managers.find(({ ID }) => ID === leaving.ID);
  if (!one) return;
  if (managers.length === 1)
    throw atRisk(
      `${nameOf(one)} is the last manager`,
      'Make another node a manager first: role: manager, and swarmup up.',
    );
  const reachable = reachableOf(managers);
  const left = reachable.filter(({ ID }) => ID !== leaving.ID).length;
  const needed = majority(managers.length - 1);
  if (left >= needed) return;
  const away = awayOf(managers.filter(({ ID }) => ID !== leaving.ID));
  throw atRisk(
    `without ${nameOf(one)} only ${left} of ${managers.length - 1} managers would be reachable, and ${needed} are needed for a majority`,
    `Bring ${away} back first (swarmup up), or add managers.`,
  );
}

/**
 * Refuses to restart a manager when the others would have no majority meanwhile. With one or two managers there is no
 * alternative.
 *
 * @throws SwarmupError QUORUM_AT_RISK with the arithmetic
 */
export function requireMajorityDuring(nodes: readonly SwarmNode[], restarting: Pick<SwarmNode, 'ID'>): void {
  const managers = nodes.filter(isManager);
  const one = managers.find(({ ID }) => ID === restarting.ID);
  if (!one || tolerance(managers.length) === 0) return;
  const left = reachableOf(managers).filter(({ ID }) => ID !== restarting.ID).length;
  const needed = majority(managers.length);
  if (left >= needed) return;
  const away = awayOf(managers.filter(({ ID }) => ID !== restarting.ID));
  throw atRisk(
    `while ${nameOf(one)} restarts only ${left} of ${managers.length} managers would be reachable, and ${needed} are needed for a majority`,
    `Bring ${away} back first ('swarmup up'); 'swarmup status' shows them.`,
  );
}

/** How many managers a swarm has, and how many of them the leader reaches. */
export function countManagers(nodes: readonly SwarmNode[]): { readonly total: number; readonly reachable: number } {
  const managers = nodes.filter(isManager);
  return { total: managers.length, reachable: reachableOf(managers).length };
}

function reachableOf(managers: readonly SwarmNode[]): readonly SwarmNode[] {
  return managers.filter((node) => node.ManagerStatus?.Reachability === 'reachable');
}

function isManager({ ManagerStatus }: SwarmNode): boolean {
  return ManagerStatus !== undefined;
}

function atRisk(message: string, fix: string): SwarmupError {
  return new SwarmupError('QUORUM_AT_RISK', message, { fix });
}
