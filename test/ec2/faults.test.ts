import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bringUp, Cloud, CREDENTIALS, quiet, takeDown } from './cloud.ts';
import type { Fault } from './front.ts';

Object.assign(process.env, CREDENTIALS);
let cloud: Cloud;
let before: readonly string[];

beforeAll(async () => {
  cloud = await Cloud.open();
  before = await cloud.contents();
});
afterAll(() => cloud.close());

const UP = [
  'group swarmup-faults',
  'instance manager1',
  'instance worker1',
  'key swarmup-faults',
  'volume manager1',
  'volume worker1',
];

/** More calls than any of this makes. */
const MANY = 120;

/**
 * The program is killed at the n-th call: nobody is there for the answer, nor for any call after it.
 *
 * @returns what the call was; undefined when there were fewer
 */
async function killedAt(
  n: number,
  cut: 'before' | 'after',
  work: (signal: AbortSignal) => Promise<unknown>,
): Promise<string | undefined> {
  const { front } = cloud;
  const controller = new AbortController();
  const start = front.calls.length;
  let at: string | undefined;
  front.fault = (call, count): Fault | undefined => {
    if (count < start + n) return undefined;
    if (count > start + n) return { cut: 'before' };
    at = call.action;
    controller.abort(new Error('killed'));
    return { cut };
  };
  await work(controller.signal).catch(() => undefined);
  // What was sent before the end has arrived by then.
  await new Promise((resolve) => setTimeout(resolve, 20));
  front.fault = () => undefined;
  return at;
}

describe('a run that is killed at any call to EC2', () => {
  it.each(['before', 'after'] as const)('%s it was carried out is taken up by the next one', async (cut) => {
    const cluster = await cloud.cluster('faults', 1, 1);
    const tried: string[] = [];
    for (let n = 1; n < MANY; n++) {
      await cloud.reset();
      const dying = await cloud.provider(cluster);
      const at = await killedAt(n, cut, (signal) => bringUp(dying, cluster, quiet(signal)));
      // It was through before.
      if (at === undefined) break;
      tried.push(at);
      await bringUp(await cloud.provider(cluster), cluster, quiet());
      const there = await cloud.contents();
      expect(
        there.filter((one) => !before.includes(one)),
        `killed ${cut} call ${n}, ${at}`,
      ).toEqual(UP);
      await takeDown(await cloud.provider(cluster), quiet());
      expect(await cloud.contents()).toEqual(before);
    }
    console.log(`killed ${cut} each of ${tried.length} calls: ${[...new Set(tried)].join(', ')}`);
    for (const call of [
      'ImportKeyPair',
      'CreateSecurityGroup',
      'AuthorizeSecurityGroupIngress',
      'RunInstances',
      'CreateTags',
    ])
      expect(tried).toContain(call);
  });

  it('while it takes everything away forgets nothing', async () => {
    const cluster = await cloud.cluster('faults', 1, 1);
    const tried: string[] = [];
    for (let n = 1; n < MANY; n++) {
      await cloud.reset();
      const provider = await cloud.provider(cluster);
      await bringUp(provider, cluster, quiet());
      const at = await killedAt(n, 'after', (signal) => takeDown(provider, quiet(signal)));
      if (at === undefined) break;
      tried.push(at);
      expect(await takeDown(await cloud.provider(cluster), quiet()), `killed at call ${n}, ${at}`).toEqual([]);
      expect(await cloud.contents()).toEqual(before);
    }
    console.log(`killed after each of ${tried.length} calls: ${[...new Set(tried)].join(', ')}`);
    for (const call of ['TerminateInstances', 'DeleteSecurityGroup', 'DeleteKeyPair']) expect(tried).toContain(call);
  });
});
