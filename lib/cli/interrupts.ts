export interface Interrupts {
  /** Aborts on the first interrupt. */
  readonly signal: AbortSignal;
  stop(): void;
}

/** Whether the output is a closed pipe or terminal, which no one reads any more. */
export function isLostOutput(error: NodeJS.ErrnoException): boolean {
  return error.code === 'EPIPE' || error.code === 'EIO';
}

/**
 * The first Ctrl-C (or SIGTERM, or a closed terminal) stops cleanly, the second at once. Lost output counts as a first
 * interrupt, never as a second: otherwise a line printed while stopping would end the run half-way.
 */
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
  const onLostOutput = (error: NodeJS.ErrnoException) => {
    if (isLostOutput(error) && !controller.signal.aborted) controller.abort();
  };
  const outputs = [process.stdout, process.stderr];
  for (const name of names) process.on(name, onSignal);
  for (const output of outputs) output.on('error', onLostOutput);
  return {
    signal: controller.signal,
    stop: () => {
      for (const name of names) process.off(name, onSignal);
      for (const output of outputs) output.off('error', onLostOutput);
    },
  };
}
