import { describe, expect, it } from 'vitest';
import { Coalescer } from '../../lib/async/coalescer.ts';
import { SingleFlight } from '../../lib/async/single-flight.ts';

describe('a coalesced question', () => {
  it('is asked once for all concurrent callers, and never answers with a result started before a caller asked', async () => {
    let asked = 0;
    let release: () => void = () => undefined;
    const question = new Coalescer(async () => {
      const mine = ++asked;
      if (mine === 1) await new Promise<void>((resolve) => (release = resolve));
      return mine;
    });
    const first = question.get();
    const later = Array.from({ length: 100 }, () => question.get());
    release();
    expect(await first).toBe(1);
    expect(new Set(await Promise.all(later))).toEqual(new Set([2]));
    expect(await question.get()).toBe(3);
  });

  it('is asked again after a failure', async () => {
    let asked = 0;
    const question = new Coalescer(async () => {
      if (++asked === 1) throw new Error('no answer');
      return asked;
    });
    const [first, second] = [question.get(), question.get()];
    await expect(first).rejects.toThrow('no answer');
    expect(await second).toBe(2);
  });
});

describe('a single flight', () => {
  it('runs shared work once, and forgets a failure', async () => {
    let tries = 0;
    const flights = new SingleFlight<number>();
    const work = async () => {
      if (++tries === 1) throw new Error('first');
      return tries;
    };
    await expect(Promise.all([flights.run('a', work), flights.run('a', work)])).rejects.toThrow('first');
    expect(await Promise.all([flights.run('a', work), flights.run('a', work)])).toEqual([2, 2]);
  });
});
