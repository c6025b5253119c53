export interface Interrupts {
  /** Aborts on the first interrupt. */
  readonly signal: AbortSignal;
  stop(): void;
}

/** The first Ctrl-C (or SIGTERM, or a closed terminal) stops cleanly, the second at once. */
export function listenForInterrupts(): Interrupts {
  const controller = new AbortController();
  const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  const onSignal = () => {
    if (controller.signal.aborted) {
      // The cursor may be hidden by the progress view.
      if (process.stderr.isTTY) process.stderr.write('\u001B[?25h');
      process.exit(130);
    }
    controller.abort();
  };
  for (const name of names) process.on(name, onSignal);
  return {
    signal: controller.signal,
    stop: () => {
      for (const name of names) process.off(name, onSignal);
    },
  };
}
