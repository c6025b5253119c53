import { failuresBehind, knownFailures } from '../../explain/catalogue.ts';
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
    else print(`${all.map(([code, { meaning }]) => `${code.padEnd(width)}  ${meaning}\n`).join('')}${knownText()}`);
    return Promise.resolve(0);
  }
  const code = name.toUpperCase().replaceAll('-', '_');
  requireKnown('error code', code, Object.keys(EXPLANATIONS));
  if (!isErrorCode(code)) throw new Error(`${code} has an explanation, and is no code`);
  const known = failuresBehind(code);
  if (json) printJson({ code, ...EXPLANATIONS[code], knownFailures: known.map(({ proofs: _tests, ...rest }) => rest) });
  else print(explanationText(code, EXPLANATIONS[code], known));
  return Promise.resolve(0);
}

function knownText(): string {
  return `\n${knownFailures().length} known failures lead to these codes: each code's explanation lists its own, docs/errors.md all of them.\n`;
}
