import { resultOf } from '../child.ts';
import type { Measured } from '../measured.ts';
import type { LocalResult } from '../runs/local.ts';

/** `up` of the shipped file: machines that boot, and machines that continue from a saved state. */
export async function local(lock: string | undefined): Promise<Measured> {
  const up = (start: string) => resultOf<LocalResult>('local', [start], { lock });
  const cold = await up('boot');
  const warm = await up('restore');
  return {
    vm: warm.accelerator,
    figures: [
      { what: 'up of the shipped file, machines boot', ...told(cold), compared: '' },
      {
        what: 'up of the shipped file, machines are restored',
        ...told(warm),
        compared: `${(warm.upMs / cold.upMs).toFixed(2)} × booting`,
      },
      {
        what: 'a second run, which changes nothing',
        figure: `${(warm.secondMs / 1000).toFixed(1)} s`,
        compared: `${(warm.secondMs / warm.upMs).toFixed(2)} × the first`,
      },
    ],
  };
}

function told({ upMs, sshMs }: LocalResult): { figure: string } {
  return { figure: `${Math.round(upMs / 1000)} s, of which ${Math.round(sshMs / 1000)} s until SSH answers` };
}
