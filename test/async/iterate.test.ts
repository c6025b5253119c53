import { describe, expect, it } from 'vitest';
import { iterate } from '../../lib/async/iterate.ts';

describe('iterate', () => {
  it('yields every item in order, then the result of the work', async () => {
    const items = iterate<number, string>(async (push) => {
      push(1);
      push(2);
      await Promise.resolve();
      push(3);
      return 'done';
    });
    expect(await items.next()).toEqual({ value: 1, done: false });
    expect(await items.next()).toEqual({ value: 2, done: false });
    expect(await items.next()).toEqual({ value: 3, done: false });
    expect(await items.next()).toEqual({ value: 'done', done: true });
  });

  it('starts the work only when the reader asks for the first item', async () => {
    let started = false;
    const items = iterate<never, void>(async () => void (started = true));
    expect(started).toBe(false);
    await items.next();
    expect(started).toBe(true);
  });

  it('throws the error of the work after the items pushed before it', async () => {
    const seen: number[] = [];
    const items = iterate<number, void>(async (push) => {
      push(1);
      throw new Error('broken');
    });
    await expect(
      (async () => {
        for await (const item of items) seen.push(item);
      })(),
    ).rejects.toThrow('broken');
    expect(seen).toEqual([1]);
  });

  it('aborts the work when the reader stops, and waits for it to end', async () => {
    const log: string[] = [];
    const items = iterate<number, void>(async (push, signal) => {
      push(1);
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
      await Promise.resolve();
      log.push('ended');
    });
    for await (const item of items) {
      log.push(`read ${item}`);
      break;
    }
    log.push('left');
    expect(log).toEqual(['read 1', 'ended', 'left']);
  });
});
