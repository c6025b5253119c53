import type { PipelineName } from '../../Taskfile.ts';
import type { RunContext } from '../context.ts';
import type { Listener, Mode, RunResult } from '../events.ts';
import { failures } from './error.ts';
import { resultJson } from './json.ts';
import { print, printJson } from './output.ts';
import { plainListener } from './plain.ts';
import { summary } from './summary.ts';

export interface View {
  readonly listener: Listener;
  /** Shows how the run ended: failures with their output and fix, or what there is now. */
  close(result: RunResult, context: RunContext, mode: Mode, pipeline: PipelineName): Promise<void>;
}

export interface ViewOptions {
  readonly json?: boolean;
  readonly renderer?: 'default' | 'plain' | 'silent';
}

/** The view for this terminal and these flags: live on a terminal, plain lines elsewhere and beside --json. */
export async function openView(options: ViewOptions): Promise<View> {
  const stream = options.json ? process.stderr : process.stdout;
  const live =
    options.renderer === 'default' ||
    (options.renderer === undefined && !options.json && stream.isTTY && !process.env['CI']);
  const end = async (result: RunResult, context: RunContext, mode: Mode, pipeline: PipelineName) => {
    if (options.renderer !== 'silent' || !result.ok) process.stderr.write(failures(result.units));
    if (options.json) printJson(resultJson(result));
    else if (options.renderer !== 'silent' || mode === 'plan') print(await summary(result, context, mode, pipeline));
  };
  if (options.renderer === 'silent') return { listener: () => undefined, close: end };
  if (!live) return { listener: plainListener(stream), close: end };
  const { LiveView } = await import('./live.ts');
  const view = new LiveView(process.stdout);
  return {
    listener: view.listener,
    close: async (result, context, mode, pipeline) => {
      const warnings = await view.close();
      for (const warning of warnings) process.stderr.write(`  ! ${warning}\n`);
      await end(result, context, mode, pipeline);
    },
  };
}
