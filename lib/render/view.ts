import type { Listener } from '../contracts/events.ts';
import { maskSecrets } from '../util/secret-shapes.ts';
import { hangingLines } from '../util/visible.ts';
import { failures } from './error.ts';
import { explainedOn } from './hyperlink.ts';
import { resultJson } from './json.ts';
import { print, printJson, writeStderr } from './output.ts';
import { planDiff } from './plan.ts';
import { plainListener } from './plain.ts';
import { recordLine, summary } from './summary.ts';
import type { Ending } from './ending.ts';

/** The least rows of a terminal for the live list: with fewer, only the end of the list would be visible. */
const FEWEST_ROWS = 18;

export interface View {
  readonly listener: Listener;
  /** Shows how the run ended: failures with their output and fix, or a summary. */
  close(ending: Ending): Promise<void>;
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
    (options.renderer === undefined &&
      !options.json &&
      stream.isTTY &&
      stream.rows >= FEWEST_ROWS &&
      !process.env['CI']);
  const end = async (ending: Ending) => {
    const { result, record, mode } = ending;
    if (result.units.some(({ error }) => error) && (options.renderer !== 'silent' || !result.ok))
      writeStderr(failures(result.units, await explainedOn(process.stderr)));
    if (options.json)
      printJson({ ...resultJson(result, record), ...(mode === 'plan' ? { diff: planDiff(result) } : {}) });
    else if (options.renderer !== 'silent' || mode === 'plan') print(await summary(ending));
    if (!result.ok && record) writeStderr(recordLine(record));
  };
  if (options.renderer === 'silent') return { listener: () => undefined, close: end };
  if (!live) return { listener: await linesFor(stream), close: end };
  const { LiveView } = await import('./live.ts');
  const view = new LiveView(process.stdout);
  return {
    listener: view.listener,
    close: async (ending) => {
      const warnings = await view.close();
      for (const warning of warnings) writeStderr(`  ! ${hangingLines(maskSecrets(warning), '    ')}\n`);
      await end(ending);
    },
  };
}

async function linesFor(stream: NodeJS.WritableStream): Promise<Listener> {
  if (process.env['GITHUB_ACTIONS'] !== 'true') return plainListener(stream);
  const { githubListener } = await import('./github.ts');
  return githubListener(stream);
}
