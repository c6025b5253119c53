import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../lib/async/clock.ts';
import { API_CALLS } from '../../lib/providers/aws/api.ts';
import { ROOT } from '../support/cli.ts';
import { bringUp, Cloud, CREDENTIALS, quiet, takeDown } from './cloud.ts';

Object.assign(process.env, CREDENTIALS);
let cloud: Cloud;
const asked = new Set<string>();

beforeAll(async () => {
  cloud = await Cloud.open();
});
afterAll(() => cloud.close());

interface Phase {
  readonly total: number;
  readonly describes: number;
}

/** The number of calls that some work makes, by action. */
async function count(work: () => Promise<unknown>): Promise<Phase> {
  cloud.front.calls.length = 0;
  await work();
  const actions = cloud.front.calls.map((call) => call.action);
  for (const action of actions) asked.add(action);
  return { total: actions.length, describes: actions.filter((action) => action === 'DescribeInstances').length };
}

async function life(
  name: string,
  managers: number,
  workers: number,
): Promise<Readonly<Record<'up' | 'again' | 'down', Phase>>> {
  await cloud.reset();
  const cluster = await cloud.cluster(name, managers, workers);
  const up = await count(async () => bringUp(await cloud.provider(cluster), cluster, quiet()));
  // So that what was seen never expires during the test, however slow the computer.
  const still = { ...systemClock, now: () => 0 };
  const again = await count(async () => bringUp(await cloud.provider(cluster, still), cluster, quiet()));
  const down = await count(async () => takeDown(await cloud.provider(cluster), quiet()));
  return { up, again, down };
}

describe('the calls to EC2', () => {
  it('are batched: fifty nodes take hardly more calls than three', async () => {
    const three = await life('three', 1, 2);
    const fifty = await life('fifty', 3, 47);
    console.log(`calls of 3 nodes: ${JSON.stringify(three)}\ncalls of 50 nodes: ${JSON.stringify(fifty)}`);
    expect(three.again.total).toBeLessThanOrEqual(5);
    expect(fifty.again.total - fifty.again.describes).toBe(three.again.total - three.again.describes);
    expect(fifty.again.describes).toBeLessThanOrEqual(5);
    // RunInstances, up to two GetConsoleOutput and CreateTags per node; the rest doesn't grow with the nodes.
    expect(fifty.up.total - fifty.up.describes).toBeLessThanOrEqual(three.up.total - three.up.describes + 47 * 4);
    expect(fifty.up.describes).toBeLessThan(50);
    expect(fifty.down.describes).toBeLessThan(50);
  });

  it('match the IAM policy exactly', async () => {
    await cloud.reset();
    const cluster = await cloud.cluster('policy', 1, 0);
    const provider = await cloud.provider(cluster);
    await count(async () => {
      await bringUp(provider, cluster, quiet());
      await provider.stop('manager1', quiet());
      await provider.create(cluster.nodes[0]!, quiet());
      cloud.front.callersAddress = '203.0.113.9';
      await (await cloud.provider(cluster)).shared?.apply(quiet());
      // The group is in use: swarmup looks up who holds it.
      cloud.front.fault = ({ action }) =>
        action === 'DeleteSecurityGroup' ? { refuse: 'DependencyViolation' } : undefined;
      await takeDown(provider, quiet());
      cloud.front.fault = () => undefined;
    });
    expect(asked.delete('GetServiceQuota')).toBe(true);
    expect([...asked].toSorted()).toEqual(Object.keys(API_CALLS).toSorted());
    const policy = JSON.parse(readFileSync(`${ROOT}/docs/reference/aws-policy.json`, 'utf8')) as {
      Statement: { Action: string[] }[];
    };
    const granted = new Set(policy.Statement.flatMap((statement) => statement.Action));
    const used = [...[...asked].map((action) => `ec2:${action}`), 'servicequotas:GetServiceQuota'];
    expect([...granted].toSorted()).toEqual(used.toSorted());
  });
});
