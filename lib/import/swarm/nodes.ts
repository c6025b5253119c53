import { z } from 'zod';
import { cliVersion } from '../../compose/clients.ts';
import { nameOf } from '../../swarm/read.ts';
import type { SwarmNode } from '../../contracts/swarm-types.ts';
import { omitUndefined } from '../../util/omit-undefined.ts';
import { fileName, freeName } from '../cluster-text.ts';

/** The manager that was asked, and how it was reached. */
export interface Asked {
  /** Its node's ID. */
  readonly nodeId: string;
  /** What the user named it: it may be another address than that in the swarm. */
  readonly address?: string | undefined;
}

type Written = Readonly<Record<string, unknown>>;

/** Labels that swarmup sets itself. */
const OWN_LABEL = /^swarmup\./;

/** The nodes of a swarm as a cluster file has them, managers first; those that are down are only noted. */
export function writtenNodes(
  nodes: readonly SwarmNode[],
  asked: Asked,
): { readonly nodes: readonly Written[]; readonly notes: readonly string[] } {
  const sorted = nodes.toSorted(byRole);
  const up = sorted.filter(isUp);
  const taken = new Set<string>();
  const written = up.map((node) => {
    const name = freeName(nameOf(node), taken);
    taken.add(name);
    return { node, name };
  });
  return {
    nodes: written.map(({ node, name }) => entryOf(node, name, asked)),
    notes: [
      ...written
        .filter(({ node, name }) => name !== fileName(nameOf(node)))
        .map(({ node, name }) => `${name} is another node with the host name ${nameOf(node)} (${node.ID}).`),
      ...sorted.filter((node) => !isUp(node)).map((node) => downNote(node, up)),
    ],
  };
}

/** The oldest docker of the managers that are up, as `cliVersion` has it. Their command is taken for as old as their engine. */
export function oldestDocker(nodes: readonly SwarmNode[]): number {
  const managers = nodes.filter((node) => isUp(node) && node.Spec.Role === 'manager');
  return Math.min(...managers.map(({ Description }) => cliVersion(Description.Engine.EngineVersion) ?? Infinity));
}

/** Managers first, then by name. */
function byRole(one: SwarmNode, other: SwarmNode): number {
  const rank = ({ Spec }: SwarmNode) => (Spec.Role === 'manager' ? 0 : 1);
  return (
    rank(one) - rank(other) ||
    one.Description.Hostname.localeCompare(other.Description.Hostname) ||
    one.ID.localeCompare(other.ID)
  );
}

function isUp({ Status }: SwarmNode): boolean {
  return Status.State === 'ready';
}

function addressOf({ Status, ManagerStatus }: SwarmNode): string {
  // The leader's own Status.Addr may read 0.0.0.0.
  const managed = ManagerStatus?.Addr.replace(/:\d+$/, '').replace(/^\[|\]$/g, '') ?? '';
  return Status.Addr === '0.0.0.0' || Status.Addr === '' ? managed : Status.Addr;
}

function entryOf(node: SwarmNode, name: string, asked: Asked): Written {
  const { Role: role, Availability: availability, Labels: labels = {} } = node.Spec;
  const inside = addressOf(node);
  const address = (node.ID === asked.nodeId ? asked.address : undefined) ?? inside;
  const differs = address !== inside && z.ipv4().safeParse(inside).success;
  return omitUndefined({
    name,
    role,
    address,
    advertise: differs ? inside : undefined,
    labels: Object.fromEntries(Object.entries(labels).filter(([key]) => !OWN_LABEL.test(key))),
    availability: availability === 'active' ? undefined : availability,
  });
}

/** What is to be known of a node that is down: the remains of a machine that came back as another node, or one to wait for. */
function downNote(node: SwarmNode, up: readonly SwarmNode[]): string {
  const name = nameOf(node);
  const who = `${node.Spec.Role} ${name} (${node.ID}, ${addressOf(node) || 'without an address'})`;
  if (up.some((other) => nameOf(other) === name))
    return `Not in this file: ${who} is ${node.Status.State}, and another node has its name. If it is gone for good: ${node.Spec.Role === 'manager' ? `docker node demote ${node.ID} && ` : ''}docker node rm ${node.ID}`;
  return `Not in this file, as it is ${node.Status.State}: ${who}. When it is back, add: { name: ${fileName(name)}, role: ${node.Spec.Role}, address: ${addressOf(node)} }`;
}
