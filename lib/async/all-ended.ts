/** Like Promise.all, but an error is thrown only when all work has ended: nothing continues while it is cleaned up. */
export async function allEnded<T>(work: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(work);
  return Promise.all(work);
}
