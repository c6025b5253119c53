import type { ProviderIo, ProviderOptions } from '../../../contracts/provider.ts';
import { messageOf } from '../../../util/errors.ts';
import { cacheFolder } from '../../../util/files.ts';
import { SharedWork } from '../../shared-work.ts';
import type { QemuConfig } from '../config.ts';
import type { Prepared } from '../prepare.ts';
import { knownImages } from './images.ts';
import { savedState } from './save.ts';
import { StateStore, type SavedState } from './store.ts';

/** The saved state that the machines of a run start from, if any. */
export class States {
  readonly #options: ProviderOptions;
  readonly #config: QemuConfig;
  readonly #work = new SharedWork<SavedState | undefined>();
  /** One that failed isn't tried again in this run. */
  #failed = false;

  constructor(options: ProviderOptions, config: QemuConfig) {
    this.#options = options;
    this.#config = config;
  }

  /** The state for a new machine; undefined where it has to boot. @throws where only a state will do and none can be made */
  stateFor(prepared: Prepared, io: ProviderIo): Promise<SavedState | undefined> {
    return this.#work.run(io, (shared) => this.#find(prepared, shared));
  }

  async #find({ tools, image, accelerator }: Prepared, io: ProviderIo): Promise<SavedState | undefined> {
    const { start, cpus, memory, disk } = this.#config;
    if (start === 'boot' || this.#failed) return undefined;
    const { platform, versionLine } = tools;
    const images = knownImages(this.#options.cluster);
    const parts = { image, platform, accelerator, cpus, memoryMiB: memory, diskMiB: disk, qemu: versionLine, images };
    const cache = cacheFolder(this.#options.env);
    try {
      return await savedState({ options: this.#options, cache, tools, parts }, io);
    } catch (error) {
      if (io.signal.aborted || start === 'restore') throw error;
      io.warn(`the machines boot: ${messageOf(error)}`);
      this.#failed = true;
      return undefined;
    }
  }

  /** Discards a state that doesn't load. */
  async discard(state: SavedState, reason: string, io: ProviderIo): Promise<void> {
    this.#failed = true;
    io.warn(`the saved machine state does not load, so it is discarded and the machines boot: ${reason}`);
    await new StateStore(cacheFolder(this.#options.env), this.#options.clock).discard(state);
  }
}
