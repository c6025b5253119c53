import type { ProviderIo } from '../contracts/provider.ts';

/** Work that every machine needs and that is done once: its progress is shown at all machines that wait for it. */
export class SharedWork<T> {
  #flight: Promise<T> | undefined;
  readonly #waiting = new Set<ProviderIo>();

  async run(io: ProviderIo, work: (io: ProviderIo) => Promise<T>): Promise<T> {
    this.#waiting.add(io);
    this.#flight ??= work({
      signal: io.signal,
      warn: io.warn,
      report: (detail, progress) => {
        for (const waiting of this.#waiting) waiting.report(detail, progress);
      },
    }).catch((error: unknown) => {
      this.#flight = undefined;
      throw error;
    });
    try {
      return await this.#flight;
    } finally {
      this.#waiting.delete(io);
    }
  }
}
