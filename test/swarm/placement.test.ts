import { describe, expect, it } from 'vitest';
import { fits, spreadOf, traitsOfSpec } from '../../lib/swarm/placement.ts';
import type { SwarmNode, SwarmService, SwarmTask } from '../../lib/contracts/swarm-types.ts';

const at = (second: number) => new Date(Date.UTC(2026, 10, 23, 14, 0, second)).toISOString();

const node = (ID: string, labels: Record<string, string> = {}, more: Partial<SwarmNode> = {}): SwarmNode => ({
  ID,
  Version: { Index: 1 },
  UpdatedAt: at(0),
  Spec: { Role: 'worker', Availability: 'active', Labels: labels },
  Description: { Hostname: ID, Engine: { EngineVersion: '26.1.5' } },
  Status: { State: 'ready', Addr: '10.0.0.1' },
  ...more,
});

const service = (placement: object = {}, update?: SwarmService['UpdateStatus']): SwarmService => ({
  ID: 's',
  Version: { Index: 1 },
  Spec: {
    Name: 'web',
    TaskTemplate: { ContainerSpec: { Image: 'nginx' }, Placement: placement },
    Mode: { Replicated: { Replicas: 4 } },
  },
  ...(update ? { UpdateStatus: update } : {}),
});

/** A number of tasks on each of these nodes, all created at the same time. */
const tasks = (counts: Record<string, number>, second = 1): SwarmTask[] =>
  Object.entries(counts).flatMap(([NodeID, count]) =>
    Array.from({ length: count }, (_, i) => ({
      ID: `${NodeID}${i}`,
      Version: { Index: 1 },
      CreatedAt: at(second),
      ServiceID: 's',
      NodeID,
      DesiredState: 'running',
      Spec: {},
      Status: { State: 'running' },
    })),
  );

const spread = { Preferences: [{ Spread: { SpreadDescriptor: 'node.labels.zone' } }] };

describe('the placement of a service’s tasks', () => {
  const [a, b, c] = [node('a', { zone: 'x' }), node('b', { zone: 'y' }), node('c', { zone: 'y' })];

  it.each([
    ['two fewer on one node is uneven', {}, { a: 2, b: 2 }, true],
    ['one fewer is as even as it gets', {}, { a: 2, b: 1, c: 1 }, false],
    ['groups of a preference count before nodes', spread, { a: 2, b: 1, c: 1 }, false],
    ['a group has too few', spread, { a: 0, b: 2, c: 2 }, true],
    ['nodes of one group lie unevenly', spread, { a: 2, b: 2, c: 0 }, true],
    ['nodes that are ruled out do not count', { Constraints: ['node.labels.zone == y'] }, { b: 2, c: 2 }, false],
  ])('%s', (_title, placement, counts, uneven) => {
    expect(spreadOf(service(placement), tasks(counts), [a, b, c]).uneven).toBe(uneven);
  });

  it('ignores nodes that are drained or down', () => {
    const away = [
      node('b', {}, { Status: { State: 'down', Addr: '' } }),
      node('c', {}, { Spec: { ...c.Spec, Availability: 'drain' } }),
    ];
    expect(spreadOf(service(), tasks({ a: 4 }), [a, ...away]).uneven).toBe(false);
  });

  it('counts as even after an update has placed them, until a node comes back', () => {
    const updated = service({}, { State: 'completed', StartedAt: at(1), CompletedAt: at(9) });
    expect(spreadOf(updated, tasks({ a: 4 }, 5), [a, b]).uneven).toBe(false);
    expect(spreadOf(updated, tasks({ a: 4 }, 5), [a, node('b', {}, { UpdatedAt: at(10) })]).uneven).toBe(false);
    expect(spreadOf(updated, tasks({ a: 4 }, 5), [a, node('b', {}, { UpdatedAt: at(40) })]).uneven).toBe(true);
    expect(spreadOf(updated, tasks({ a: 4 }, 20), [a, b]).uneven).toBe(true);
  });
});

describe('constraints', () => {
  const spec = traitsOfSpec({ name: 'w1', role: 'worker', labels: { zone: 'x' }, availability: 'active' });
  it.each([
    [['node.role==worker'], true],
    [['node.role != worker'], false],
    [['node.labels.zone == X'], true],
    [['node.labels.disk != ssd'], true],
    [['node.labels.disk == ssd'], false],
    [['node.hostname == w1', 'node.role == manager'], false],
    [['node.platform.arch == aarch64'], true],
  ])('%j', (constraints, expected) => {
    expect(fits(spec, constraints)).toBe(expected);
  });
});
