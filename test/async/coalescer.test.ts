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

/** What waits for an aborted signal, and says why it was aborted. */
const untilAborted = (signal: AbortSignal) =>
  new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });

describe('shared work', () => {
  it('continues for the others when the caller that began it gives up, and ends when nobody is left', async () => {
    const ended: unknown[] = [];
    const flights = new SingleFlight<number>();
    const question = new Coalescer<number>((signal) => untilAborted(signal));
    const work = async (signal: AbortSignal) => {
      await untilAborted(signal).catch((reason: unknown) => ended.push(reason));
      return 7;
    };
    for (const ask of [
      (signal: AbortSignal) => flights.share('a', signal, work),
      (signal: AbortSignal) => question.get(signal),
    ]) {
      const [first, second] = [new AbortController(), new AbortController()];
      const answers = [first, second].map(({ signal }) => ask(signal).catch((error: unknown) => error));
      first.abort(new Error('the cluster is being changed'));
      expect(await answers[0]).toMatchObject({ code: 'INTERRUPTED' });
      expect(ended).not.toContainEqual(new Error('the cluster is being changed'));
      second.abort(new Error('interrupted'));
      expect(await answers[1]).toMatchObject({ code: 'INTERRUPTED' });
    }
    expect(ended).toEqual([new Error('interrupted')]);
  });

  it('is done again for those who come after it was given up, with a signal of their own', async () => {
    let begun = 0;
    const flights = new SingleFlight<number>();
    const once = (signal: AbortSignal) => (++begun % 2 === 1 ? untilAborted(signal) : Promise.resolve(7));
    const question = new Coalescer<number>(once);
    for (const ask of [
      (signal: AbortSignal) => flights.share('a', signal, once),
      (signal: AbortSignal) => question.get(signal),
    ]) {
      const gone = new AbortController();
      const given = ask(gone.signal).catch((error: unknown) => error);
      await Promise.resolve();
      gone.abort(new Error('the cluster is being changed'));
      expect(await given).toMatchObject({ code: 'INTERRUPTED' });
      expect(await ask(new AbortController().signal)).toBe(7);
    }
    expect(begun).toBe(4);
  });

  it('that is kept stays for those who come later, also after one of them gives up', async () => {
    let begun = 0;
    const flights = new SingleFlight<number>();
    const ask = (signal: AbortSignal) => flights.share('a', signal, async () => ++begun);
    expect(await ask(new AbortController().signal)).toBe(1);
    await ask(AbortSignal.abort()).catch((error: unknown) => error);
    expect(await ask(new AbortController().signal)).toBe(1);
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
