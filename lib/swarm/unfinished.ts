import type { Role } from '../config/model.ts';
import type { Engine } from '../contracts/engine.ts';
import type { SwarmNode } from '../contracts/swarm-types.ts';
import { listNodes } from './read.ts';

/** A join that was attempted. */
export interface Attempt {
  /** The IDs of all nodes before it. */
  readonly before: ReadonlySet<string>;
  readonly role: Role;
  /** The joining machine's host name, and the address that it advertises. */
  readonly hostname: string;
  readonly address: string;
}

/**
 * The record that a failed join leaves: the managers make it when they sign the node's certificate, before the leader
 * accepts it as a manager. Its agent may already have reported a host name, and even count as ready until its heartbeats
 * stop. It is this join's only if it is new, has the machine's name, address and role, takes part in no Raft group, and
 * nobody has configured it. Source: swarmkit, ca/server.go, IssueNodeCertificate; node/node.go, run. Pure.
 */
export function unfinishedRecords(nodes: readonly SwarmNode[], attempt: Attempt): readonly SwarmNode[] {
  const { before, role, hostname, address } = attempt;
  return nodes.filter(
    ({ ID, Spec, Description, Status, ManagerStatus }) =>
      !before.has(ID) &&
      Spec.Role === role &&
      ManagerStatus === undefined &&
      Object.keys(Spec.Labels ?? {}).length === 0 &&
      Description.Hostname === hostname &&
      Status.Addr === address,
  );
}

/**
 * Removes the record of a join that failed, so that `docker node ls` doesn't list a node that never was. No demotion is
 * needed: it isn't in the Raft group. The engine has already discarded the certificate.
 *
 * @returns the IDs of removed records
 */
export async function removeUnfinished(manager: Engine, attempt: Attempt): Promise<readonly string[]> {
  const left = unfinishedRecords(await listNodes(manager), attempt);
  for (const { ID } of left)
    await manager.call(`remove the record of a join that failed (${ID})`, (docker) =>
      docker.getNode(ID).remove({ force: true }),
    );
  return left.map(({ ID }) => ID);
}
