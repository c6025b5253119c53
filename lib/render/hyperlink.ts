import { readFileSync } from 'node:fs';
import pc from 'picocolors';
import { isErrorCode, type ErrorCode } from '../util/errors.ts';

/** How a text names the explanation of a code. */
export type Explained = (code: ErrorCode) => string;

/** A link in a terminal, and its end. Source: "Hyperlinks in terminal emulators" (OSC 8). */
const OSC = '\u001B]8;;';
const END = '\u001B\\';

/** The same sequence with any address and any text, to be compared with swarmup's own. */
// oxlint-disable-next-line no-control-regex -- the sequence begins with one
const LINK = /\u001B\]8;;([^\u0000-\u001F]*)\u001B\\swarmup explain ([A-Z_]+)\u001B\]8;;\u001B\\/g;

export const explained: Explained = (code) => `swarmup explain ${code}`;

/** The same as a link to the code's section of a page. */
function linked(code: ErrorCode, page: string): string {
  return `${OSC}${page}#${code.toLowerCase()}${END}${explained(code)}${OSC}${END}`;
}

/**
 * Links where this stream's terminal shows them and the package names its repository; elsewhere the text alone.
 *
 * @param page the address of the page of errors; default: that of the package
 * @param colours without them, no sequence is let through
 */
export async function explainedOn(
  stream: NodeJS.WritableStream & { isTTY?: boolean },
  page: string | undefined = pageOfErrors(),
  colours: boolean = pc.isColorSupported,
): Promise<Explained> {
  if (page === undefined || !colours) return explained;
  const { createSupportsHyperlinks } = await import('supports-hyperlinks');
  return createSupportsHyperlinks(stream) ? (code) => linked(code, page) : explained;
}

/**
 * The parts of a text that are exactly swarmup's own links, with their places. A copy of such a link in a text from
 * outside leads to the same section of the same page, and says so.
 */
export function ownLinks(text: string, page?: string): { readonly at: number; readonly text: string }[] {
  if (!text.includes(OSC)) return [];
  const own = page ?? pageOfErrors();
  if (own === undefined) return [];
  return [...text.matchAll(LINK)].flatMap(({ 0: found, 2: code = '', index }) =>
    isErrorCode(code) && found === linked(code, own) ? [{ at: index, text: found }] : [],
  );
}

/** The part of package.json that says where the project is. GitHub adds it to the package that it builds. */
export interface Manifest {
  readonly version?: string;
  readonly repository?: string | { readonly url?: string };
}

function pageOfErrors(): string | undefined {
  const manifest: Manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  return pageIn(manifest);
}

/** The address of docs/errors.md in the repository, as of the package's release; undefined if no repository is named. */
export function pageIn({ version, repository }: Manifest): string | undefined {
  const url = typeof repository === 'string' ? repository : repository?.url;
  const [, home] = /^(?:git\+)?(https:\/\/[\w.-]+(?::\d+)?(?:\/[\w.-]+)+)$/.exec(url ?? '') ?? [];
  if (home === undefined || !/^[\w.+-]+$/.test(version ?? '')) return undefined;
  return `${home.replace(/\.git$/, '')}/blob/v${version}/docs/errors.md`;
}
