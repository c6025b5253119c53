import { resultOf } from '../child.ts';
import type { Measured } from '../measured.ts';
import type { Figure } from '../page.ts';
import type { LocalResult, SnapshotResult } from '../runs/local.ts';

/** `up` of the shipped file: machines that boot, that boot and are saved, and that continue from a saved state. */
export async function local(lock: string | undefined): Promise<Measured> {
  const up = (start: string) => resultOf<LocalResult>('local', [start], { lock });
  const cold = await up('boot');
  const saving = await up('save');
  const warm = await up('restore');
  return {
    vm: warm.accelerator,
    figures: [
      { what: 'up of the shipped file, machines boot', ...told(cold), compared: '' },
      {
        what: 'the first up, which saves a state for later machines',
        ...told(saving),
        compared: against(saving, cold),
      },
      {
        what: 'up of the shipped file, machines are restored',
        ...told(warm),
        compared: against(warm, cold),
      },
      {
        what: 'a second run, which changes nothing',
        figure: `${(warm.secondMs / 1000).toFixed(1)} s`,
        compared: `${(warm.secondMs / warm.upMs).toFixed(2)} × the first`,
      },
      ...(warm.snapshot ? [restored(warm.snapshot, warm)] : []),
    ],
  };
}

function restored({ pausedMs, bytes, pagesMs, restoreMs }: SnapshotResult, { upMs }: LocalResult): Figure {
  const saved = `${(bytes / 1e9).toFixed(1)} GB, saved in a pause of ${seconds(pausedMs)}`;
  return {
    what: 'snapshot restore, until every node answers with HTTP 200',
    figure: `${seconds(pagesMs)}, and ${seconds(restoreMs)} with verify (${saved})`,
    compared: `${(pagesMs / upMs).toFixed(2)} × up`,
  };
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

function against(one: LocalResult, booted: LocalResult): string {
  const ratio = (key: 'upMs' | 'sshMs') => (one[key] / booted[key]).toFixed(2);
  return `${ratio('upMs')} × booting, ${ratio('sshMs')} × until SSH answers`;
}

function told({ upMs, sshMs }: LocalResult): { figure: string } {
  return { figure: `${Math.round(upMs / 1000)} s, of which ${Math.round(sshMs / 1000)} s until SSH answers` };
}
