import type { ProviderIo, ProviderOptions } from '../../../contracts/provider.ts';
import { qmp } from '../../../remote/qmp.ts';
import { hasCode } from '../../../util/errors.ts';
import { createLayer } from '../disk.ts';
import type { Layout } from '../layout.ts';
import type { QemuTools } from '../packages.ts';
import { startQemu } from '../process.ts';
import type { MachineRecord } from '../record.ts';
import { carryOut } from './guest-order.ts';
import type { SavedState } from './store.ts';

export interface Trial extends Pick<SavedState, 'memory' | 'disk'> {
  readonly options: ProviderOptions;
  readonly tools: QemuTools;
  /** Those of the machine that was saved, whose files are used again. */
  readonly layout: Layout;
  readonly record: MachineRecord;
}

/**
 * Loads a state that was just saved, and has the agent in it answer.
 *
 * @returns why it doesn't work; undefined if it does
 */
export async function tryLoading(trial: Trial, io: ProviderIo): Promise<string | undefined> {
  const { options, tools, layout, record, memory, disk } = trial;
  const { clock, local } = options;
  const { signal } = io;
  io.report('loading it for a trial');
  const below = { disk, format: 'qcow2' } as const;
  await createLayer({ local, qemuImg: tools.qemuImg, signal }, { path: layout.disk(record.name), below });
  try {
    await startQemu({ layout, record, platform: tools.platform, memory, clock, signal });
    await qmp(layout.qmpSocket(record.name), [{ execute: 'cont' }]);
    await carryOut(layout, record.name, 'hello', { what: 'the loaded machine does not answer', signal });
    return undefined;
  } catch (error) {
    signal.throwIfAborted();
    if (hasCode(error, 'MACHINE_FAILED', 'TIMED_OUT')) return error.message;
    throw error;
  }
}
