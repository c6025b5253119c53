import type { NodeSpec } from '../config/model.ts';
import { unmet } from './constraints.ts';
import type { Labels } from './labels.ts';
import type { SwarmNode, SwarmService, SwarmTask } from '../contracts/swarm-types.ts';

const CONSTRAINT = /^\s*([\w.-]+)\s*(==|!=)\s*(.*?)\s*$/;

/** A node's value for the key of a constraint, such as node.role; undefined if unknown. */
export type Traits = (key: string) => string | undefined;

/**
 * Whether tasks with these constraints may run on a node, as far as known. Source: docs.docker.com, "docker service
 * create", --constraint; swarmkit, manager/constraint.
 */
export function fits(traits: Traits, constraints: readonly string[]): boolean {
  return constraints.every((text) => {
    const [, key = '', operator, wanted = ''] = CONSTRAINT.exec(text) ?? [];
    const value = traits(key);
    if (value === undefined) return true;
    return (value.toLowerCase() === wanted.toLowerCase()) === (operator === '==');
  });
}

/** The traits of a node, from the managers. */
function traitsOf({ ID, Spec, Description, Status }: SwarmNode): Traits {
  const { Hostname, Platform, Engine } = Description;
  const known: Readonly<Record<string, string | undefined>> = {
    'node.id': ID,
    'node.hostname': Hostname,
    'node.role': Spec.Role,
    'node.ip': Status.Addr,
    'node.platform.os': Platform?.OS,
    'node.platform.arch': Platform?.Architecture,
  };
  return (key) =>
    labelOf(key, 'node.labels.', Spec.Labels) ?? labelOf(key, 'engine.labels.', Engine.Labels) ?? known[key];
}

/** Whether tasks with these constraints may run on a node, as the managers see it. */
export function fitsNode(node: SwarmNode, constraints: readonly string[]): boolean {
  return unmet(node, constraints).length === 0;
}

/** The traits of a node, from the cluster file. */
export function traitsOfSpec({ name, role, labels }: NodeSpec): Traits {
  const known: Readonly<Record<string, string>> = { 'node.hostname': name, 'node.role': role };
  return (key) => labelOf(key, 'node.labels.', labels) ?? known[key];
}

/** A missing label counts as an empty one. */
function labelOf(key: string, prefix: string, labels: Labels = {}): string | undefined {
  return key.startsWith(prefix) ? (labels[key.slice(prefix.length)] ?? '') : undefined;
}

/**
 * How long after an update's end changes of a node are ignored, in milliseconds: gaining or losing a network updates
 * the node too.
 */
const AFTERMATH_MS = 15_000;

/** How a service's tasks are spread over the nodes that may run them. */
export interface Spread {
  /** Whether another placement would be more even. */
  readonly uneven: boolean;
  /** The number of tasks too many on some nodes, or too few on others, whichever is larger. */
  readonly surplus: number;
  /** Each node's number of tasks, in the order of `nodes`. */
  readonly counts: readonly Count[];
}

type Count = readonly [SwarmNode, number];

/**
 * How a replicated service is spread. It is uneven if one group of its placement preferences, or one node in a group,
 * has at least two tasks fewer than another. A placement that Swarm just made with all nodes up counts as even:
 * reservations may prevent a better one.
 */
export function spreadOf(service: SwarmService, tasks: readonly SwarmTask[], nodes: readonly SwarmNode[]): Spread {
  const { Constraints = [], Preferences = [] } = service.Spec.TaskTemplate.Placement ?? {};
  const able = nodes.filter(
    (node) => node.Status.State === 'ready' && node.Spec.Availability === 'active' && fitsNode(node, Constraints),
  );
  const running = tasks.filter((task) => task.ServiceID === service.ID && task.DesiredState === 'running');
  const counts = able.map((node): Count => [node, running.filter(({ NodeID }) => NodeID === node.ID).length]);
  const keys = Preferences.flatMap(({ Spread: by }) => by?.SpreadDescriptor ?? []);
  const few = service.Spec.Mode.Replicated ? short(counts, keys) : [];
  return { counts, surplus: surplusOf(counts), uneven: few.length > 0 && !isFresh(service, running, few) };
}

function surplusOf(counts: readonly Count[]): number {
  const total = counts.reduce((sum, [, count]) => sum + count, 0);
  const share = total / Math.max(1, counts.length);
  const above = counts.reduce((sum, [, count]) => sum + Math.max(0, count - Math.ceil(share)), 0);
  const below = counts.reduce((sum, [, count]) => sum + Math.max(0, Math.floor(share) - count), 0);
  return Math.max(above, below);
}

/** The nodes that have too few tasks. Source: docs.docker.com, "docker service create", --placement-pref. */
function short(counts: readonly Count[], [key, ...rest]: readonly string[]): readonly SwarmNode[] {
  const groups = Object.values(
    Object.groupBy(counts, ([node]) => (key === undefined ? node.ID : (traitsOf(node)(key) ?? ''))),
  ).map((group) => group ?? []);
  const sum = (group: readonly Count[]) => group.reduce((total, [, count]) => total + count, 0);
  const most = Math.max(0, ...groups.map(sum));
  return groups.flatMap((group) => {
    if (most - sum(group) >= 2) return group.map(([node]) => node);
    return key === undefined ? [] : short(group, rest);
  });
}

/** Whether all tasks were placed by the last update, and no node with few tasks came back after it. */
function isFresh({ UpdateStatus }: SwarmService, running: readonly SwarmTask[], few: readonly SwarmNode[]): boolean {
  const { State, StartedAt, CompletedAt } = UpdateStatus ?? {};
  if (State !== 'completed' || StartedAt === undefined || CompletedAt === undefined) return false;
  const [start, end] = [Date.parse(StartedAt), Date.parse(CompletedAt)];
  const within = running.every(({ CreatedAt }) => Date.parse(CreatedAt) >= start && Date.parse(CreatedAt) <= end);
  return within && few.every(({ UpdatedAt = '' }) => Date.parse(UpdatedAt) <= end + AFTERMATH_MS);
}
