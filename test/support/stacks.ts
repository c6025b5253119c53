import { readCompose, type ComposeSummary } from '../../lib/config/compose/read.ts';
import type { StackSpec } from '../../lib/config/model.ts';

/** The summary of a Compose file. @throws Error with its first mistake */
export function summaryOf(text: string, env: Readonly<Record<string, string>> = {}): ComposeSummary {
  const { summary, mistakes } = readCompose(text, { shown: 'stack.yml', env });
  const [mistake] = mistakes;
  if (mistake || !summary) throw new Error(mistake?.message ?? 'no summary');
  return summary;
}

/** A stack from a Compose file's text. */
export function stackOf(text: string): StackSpec {
  return { name: 's', file: '/s.yml', text, whenUnreachable: 'fail', ...summaryOf(text) };
}
