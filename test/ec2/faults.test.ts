import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Cluster } from '../../lib/config/model.ts';
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

/** How many calls a bring-up and a take-down make when nothing goes wrong. */
async function calls(cluster: Cluster): Promise<{ up: number; all: number }> {
  await cloud.reset();
  const provider = await cloud.provider(cluster);
  await bringUp(provider, cluster, quiet());
  const up = cloud.front.calls.length;
  await takeDown(provider, quiet());
  return { up, all: cloud.front.calls.length };
}

/** The program is killed at the n-th call: nobody is there for the answer, nor for any call after it. */
async function killedAt(
  n: number,
  cut: 'before' | 'after',
  work: (signal: AbortSignal) => Promise<unknown>,
): Promise<string> {
  const { front } = cloud;
  const controller = new AbortController();
  const start = front.calls.length;
  let at = 'not reached';
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
    const { up } = await calls(cluster);
    const tried: string[] = [];
    for (let n = 1; n <= up; n++) {
      await cloud.reset();
      const dying = await cloud.provider(cluster);
      tried.push(await killedAt(n, cut, (signal) => bringUp(dying, cluster, quiet(signal))));
      await bringUp(await cloud.provider(cluster), cluster, quiet());
      const there = await cloud.contents();
      expect(
        there.filter((one) => !before.includes(one)),
        `killed ${cut} call ${n}, ${tried.at(-1)}`,
      ).toEqual(UP);
      await takeDown(await cloud.provider(cluster), quiet());
      expect(await cloud.contents()).toEqual(before);
    }
    console.log(`killed ${cut} each of ${tried.length} calls: ${[...new Set(tried)].join(', ')}`);
    expect(tried).not.toContain('not reached');
  });

  it('while it takes everything away forgets nothing', async () => {
    const cluster = await cloud.cluster('faults', 1, 1);
    const { up, all } = await calls(cluster);
    for (let n = 1; n <= all - up; n++) {
      await cloud.reset();
      const provider = await cloud.provider(cluster);
      await bringUp(provider, cluster, quiet());
      const at = await killedAt(n, 'after', (signal) => takeDown(provider, quiet(signal)));
      expect(await takeDown(await cloud.provider(cluster), quiet()), `killed at call ${n}, ${at}`).toEqual([]);
      expect(await cloud.contents()).toEqual(before);
    }
  });
});
