/**
 * Runs work that pushes items, and yields them one by one in that order. The work starts with the first `next()`, and
 * isn't slowed down by a slow reader. A reader who leaves early (`break`) aborts the work's signal, and leaves once the
 * work has ended.
 *
 * @returns an async generator that returns what the work resolves to, or throws what it rejects with
 */
export async function* iterate<Item, Result>(
  work: (push: (item: Item) => void, signal: AbortSignal) => Promise<Result>,
): AsyncGenerator<Item, Result, void> {
  const items: Item[] = [];
  const reader = new AbortController();
  const state = { ended: false, wake: () => undefined as void };
  const push = (item: Item) => {
    items.push(item);
    state.wake();
  };
  const running = work(push, reader.signal).finally(() => {
    state.ended = true;
    state.wake();
  });
  // A reader that reads to the end gets the error from `await running`.
  running.catch(() => undefined);
  try {
    for (;;) {
      while (items.length > 0) yield* items.splice(0);
      if (state.ended) return await running;
      await new Promise<void>((resolve) => (state.wake = resolve));
    }
  } finally {
    if (!state.ended) {
      reader.abort();
      await running.catch(() => undefined);
    }
  }
}

/** Reads an async generator to its end, passing on each item. @returns its result */
export async function drain<Item, Result>(
  items: AsyncGenerator<Item, Result, void>,
  each: (item: Item) => void,
): Promise<Result> {
  try {
    for (;;) {
      const next = await items.next();
      if (next.done) return next.value;
      each(next.value);
    }
  } catch (error) {
    // A generator that threw is over already; one whose reader threw has to stop its work.
    await items.throw(error);
    throw error;
  }
}
