import type { ErrorCode } from 'yaml';

/** What to write instead of something that isn't YAML, by the parser's code for it. */
const HINTS: Partial<Readonly<Record<ErrorCode, string>>> = {
  BAD_DQ_ESCAPE: "expected \\\\ for a backslash in double quotes, or single quotes: 'C:\\data'",
  BAD_INDENT: 'expected the same indentation as the lines that belong together',
  BAD_SCALAR_START: 'expected a quoted text: it begins with a character that YAML reserves',
  BLOCK_AS_IMPLICIT_KEY: 'expected a quoted text if it has a colon and a space, or else one KEY: VALUE on a line',
  BLOCK_IN_FLOW: 'expected a closing bracket, or quotes around the text',
  DUPLICATE_KEY: 'expected every key once',
  MISSING_CHAR: 'expected a colon and a space after a key, and every bracket and quote closed',
  MULTILINE_IMPLICIT_KEY: 'expected KEY: VALUE, with a colon and a space',
  TAB_AS_INDENT: 'expected spaces instead of the tab',
  TAG_RESOLVE_FAILED: 'expected a value without a tag, or a quoted text if it begins with !',
  UNEXPECTED_TOKEN: 'expected a quoted text, or another indentation',
};

/** A hint for an error of the `yaml` package. */
export function yamlHint(code: ErrorCode): string | undefined {
  return HINTS[code];
}
