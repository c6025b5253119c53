import { EXPLANATIONS } from '../../explain/index.ts';
import { explanationText } from '../../render/explain.ts';
import { print, printJson } from '../../render/output.ts';
import { isErrorCode } from '../../util/errors.ts';
import { requireKnown } from '../../util/require-known.ts';

/** What a code means, or all codes with their meanings. */
export function explain(name: string | undefined, { json }: { readonly json?: boolean }): Promise<number> {
  if (name === undefined) {
    const all = Object.entries(EXPLANATIONS);
    const width = Math.max(...all.map(([code]) => code.length));
    if (json) printJson(EXPLANATIONS);
    else print(all.map(([code, { meaning }]) => `${code.padEnd(width)}  ${meaning}\n`).join(''));
    return Promise.resolve(0);
  }
  const code = name.toUpperCase().replaceAll('-', '_');
  requireKnown('error code', code, Object.keys(EXPLANATIONS));
  if (!isErrorCode(code)) throw new Error(`${code} has an explanation, and is no code`);
  if (json) printJson({ code, ...EXPLANATIONS[code] });
  else print(explanationText(code, EXPLANATIONS[code]));
  return Promise.resolve(0);
}
