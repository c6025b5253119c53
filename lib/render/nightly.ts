import pc from 'picocolors';
import type { RunResult } from '../contracts/events.ts';
import { duration } from './format.ts';

/** A finished stage of the nightly test, with its result. */
export interface PlayedStage {
  readonly title: string;
  readonly result: RunResult;
}

/** The end of the nightly test: every stage, including those that didn't run. */
export function nightlyText(played: readonly PlayedStage[], stages: readonly { readonly title: string }[]): string {
  const lines = stages.map(({ title }, i) => {
    // Stages may have the same title: they are matched in order.
    const nth = stages.slice(0, i).filter((stage) => stage.title === title).length;
    const result = played.filter((stage) => stage.title === title)[nth]?.result;
    if (!result) return `  ${pc.dim('-')} ${pc.dim(`${title}: not run`)}\n`;
    const mark = result.ok ? pc.green('✔') : result.interrupted ? pc.yellow('■') : pc.red('✖');
    return `  ${mark} ${title}  ${pc.dim(duration(result.durationMs))}\n`;
  });
  return `\n${lines.join('')}`;
}
