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

/** More calls than any run here makes. */
const MANY = 120;

/** The calls that change something: they are tested by name too, as the number of read calls between them varies. */
const MAKING = ['ImportKeyPair', 'CreateSecurityGroup', 'AuthorizeSecurityGroupIngress', 'RunInstances', 'CreateTags'];
const REMOVING = ['TerminateInstances', 'DeleteSecurityGroup', 'DeleteKeyPair'];

/**
 * Kills the program at a call: the answer is lost, and no later call arrives.
 *
 * @param moment the number of the call, or its action
 * @returns the action of the call; undefined if it never came
 */
async function killedAt(
  moment: number | string,
  cut: 'before' | 'after',
  work: (signal: AbortSignal) => Promise<unknown>,
): Promise<string | undefined> {
  const { front } = cloud;
  const controller = new AbortController();
  const start = front.calls.length;
  let at: string | undefined;
  front.fault = (call, count): Fault | undefined => {
    if (at !== undefined) return { cut: 'before' };
    const dry = call.params['DryRun'] === 'true';
    if (typeof moment === 'number' ? count < start + moment : call.action !== moment || dry) return undefined;
    at = call.action;
    controller.abort(new Error('killed'));
    return { cut };
  };
  await work(controller.signal).catch(() => undefined);
  // Calls sent before the kill have arrived by then.
  await new Promise((resolve) => setTimeout(resolve, 20));
  front.fault = () => undefined;
  return at;
}

/** Tries each call by its number until a run makes fewer, then each action that matters most. */
async function everyMoment(
  kinds: readonly string[],
  attempt: (moment: number | string) => Promise<string | undefined>,
) {
  const tried: string[] = [];
  for (let n = 1; n < MANY; n++) {
    const at = await attempt(n);
    if (at === undefined) break;
    tried.push(at);
  }
  for (const kind of kinds) {
    expect(await attempt(kind)).toBe(kind);
    tried.push(kind);
  }
  console.log(`killed at ${tried.length} calls: ${[...new Set(tried)].join(', ')}`);
}

describe('a run that is killed at any call to EC2', () => {
  it.each(['before', 'after'] as const)(
    '%s the call was carried out is resumed by the next run',
    async (cut) => {
      const cluster = await cloud.cluster('faults', 1, 1);
      await everyMoment(MAKING, async (moment) => {
        await cloud.reset();
        const dying = await cloud.provider(cluster);
        const at = await killedAt(moment, cut, (signal) => bringUp(dying, cluster, quiet(signal)));
        if (at === undefined) return undefined;
        await bringUp(await cloud.provider(cluster), cluster, quiet());
        const there = await cloud.contents();
        expect(
          there.filter((one) => !before.includes(one)),
          `killed ${cut} ${moment}, ${at}`,
        ).toEqual(UP);
        await takeDown(await cloud.provider(cluster), quiet());
        expect(await cloud.contents()).toEqual(before);
        return at;
      });
      // Every call is one moment, and each brings a cluster up twice.
    },
    300_000,
  );

  it('or loses every other answer creates each resource once', async () => {
    const cluster = await cloud.cluster('faults', 1, 1);
    await cloud.reset();
    const times = new Map<string, number>();
    // Carried out, but the answer is lost: the SDK asks again.
    cloud.front.fault = ({ action }) => {
      const time = (times.get(action) ?? 0) + 1;
      times.set(action, time);
      return time % 2 === 1 ? { cut: 'after' } : undefined;
    };
    await bringUp(await cloud.provider(cluster), cluster, quiet());
    cloud.front.fault = () => undefined;
    expect((await cloud.contents()).filter((one) => !before.includes(one))).toEqual(UP);
    for (const call of MAKING) expect(times.get(call)).toBeGreaterThan(1);
    expect(await takeDown(await cloud.provider(cluster), quiet())).toEqual([]);
  });

  it('during removal forgets nothing', async () => {
    const cluster = await cloud.cluster('faults', 1, 1);
    await everyMoment(REMOVING, async (moment) => {
      await cloud.reset();
      const provider = await cloud.provider(cluster);
      await bringUp(provider, cluster, quiet());
      const at = await killedAt(moment, 'after', (signal) => takeDown(provider, quiet(signal)));
      if (at === undefined) return undefined;
      expect(await takeDown(await cloud.provider(cluster), quiet()), `killed at ${moment}, ${at}`).toEqual([]);
      expect(await cloud.contents()).toEqual(before);
      return at;
    });
  });
});
