import pc from 'picocolors';
import type { RunResult } from '../contracts/events.ts';
import { duration } from './format.ts';

/** A stage of the nightly test that was played, and what came of it. */
export interface PlayedStage {
  readonly title: string;
  readonly result: RunResult;
}

/** How the nightly test ended: every stage, also those that were not played. */
export function nightlyText(played: readonly PlayedStage[], stages: readonly { readonly title: string }[]): string {
  const lines = stages.map(({ title }, i) => {
    // Two stages may have one title: the n-th of them was played the n-th time.
    const nth = stages.slice(0, i).filter((stage) => stage.title === title).length;
    const result = played.filter((stage) => stage.title === title)[nth]?.result;
    if (!result) return `  ${pc.dim('-')} ${pc.dim(`${title}: not played`)}\n`;
    const mark = result.ok ? pc.green('✔') : result.interrupted ? pc.yellow('■') : pc.red('✖');
    return `  ${mark} ${title}  ${pc.dim(duration(result.durationMs))}\n`;
  });
  return `\n${lines.join('')}`;
}
