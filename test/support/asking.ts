import { get } from './machines.ts';

/** The limit of requests, however long the work takes. */
const MOST = 2_000;
const PAUSE_MS = 100;

export interface Asked<T> {
  readonly result: T;
  readonly asked: number;
  /** The error of each failed request. */
  readonly failed: readonly string[];
}

/** Requests a page repeatedly while some work runs. */
export async function whileAsking<T>(url: string, work: Promise<T>): Promise<Asked<T>> {
  const failed: string[] = [];
  let asked = 0;
  const progress = { over: false };
  const done = work.finally(() => (progress.over = true));
  while (!progress.over && asked < MOST) {
    asked++;
    const problem = await get(url).then(
      ({ status }) => (status === 200 ? undefined : `HTTP ${status}`),
      (error: unknown) => String(error),
    );
    if (problem !== undefined) failed.push(problem);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  return { result: await done, asked, failed };
}
