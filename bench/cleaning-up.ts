const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Works, then cleans up, also after a failure or an interrupt: no machine keeps running after the benchmark. */
export async function cleaningUp<T>(work: () => Promise<T>, cleanUp: () => Promise<void>): Promise<T> {
  const { promise: interrupted, reject } = Promise.withResolvers<never>();
  const stop = (signal: NodeJS.Signals) => reject(new Error(`stopped by ${signal}`));
  for (const signal of SIGNALS) process.on(signal, stop);
  try {
    return await Promise.race([work(), interrupted]);
  } finally {
    await cleanUp();
    for (const signal of SIGNALS) process.off(signal, stop);
  }
}
