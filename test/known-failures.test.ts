import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { errorsPage } from '../scripts/errors-page.ts';
import { explain } from '../lib/cli/actions/explain.ts';
import { failuresBehind, knownFailures, provokedIn } from '../lib/explain/catalogue.ts';
import { isErrorCode } from '../lib/util/errors.ts';
import { captured } from './support/captured.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const known = knownFailures();

/** Entries that no test shows yet. */
const UNPROVEN: readonly number[] = [];

const withoutComments = (text: string) => text.replace(/^\s*(?:\/\/|\/?\*).*$/gm, '');
const literal = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** Whether a file has a test with this title, which isn't left out: `it('…'`, `it.each([…])('…'`. */
function hasTest(text: string, title: string): boolean {
  const quoted = title.replaceAll("'", "\\'");
  const titles = [title, quoted].map((one) => `(['"\`])${literal(one)}`).join('|');
  const pattern = new RegExp(
    `(?:(?<![\\w.])(?:it|test|whenLong)(?:\\.(?!skip|todo|fails)\\w+(?:\\([^\\n]*?\\))?)*|\\))\\(\\s*(?:${titles})['"\`]\\s*,`,
  );
  return pattern.test(text);
}

describe('the search for a test', () => {
  it.each([
    ["it('a b', () => {", true],
    ['it("a b", async () => {', true],
    ["it.each(LIST)(\n  'a b',\n", true],
    ["it.each([\n  ['x', 1],\n])('a b', (x) => {", true],
    ["it.runIf(process.getuid?.() === 0)('a b', () => {", true],
    ["whenLong('a b', () => {", true],
    ["it('a b c', () => {", false],
    ["it.skip('a b', () => {", false],
    ["it.todo('a b')", false],
    ["describe('a b', () => {", false],
  ])('%j: %s', (text, expected) => {
    expect(hasTest(text, 'a b')).toBe(expected);
  });
});

describe('the known failures', () => {
  it('are numbered from 1 to 68', () => {
    expect(known.map(({ number }) => number)).toEqual(Array.from({ length: 68 }, (_, i) => i + 1));
  });

  it('are each shown by a test, but for those that are listed', () => {
    expect(known.filter(({ proofs }) => proofs.length === 0).map(({ number }) => number)).toEqual(UNPROVEN);
  });

  it('differ from each other', () => {
    expect(new Set(known.map(({ failure }) => failure)).size).toBe(known.length);
  });
});

describe.each(known.map((one) => [one.number, one] as const))('the known failure %i', (number, one) => {
  it('has a code of the table if it is explained, and that code names it', () => {
    if (one.handling === 'explained') expect(one.codes).not.toEqual([]);
    expect(one.codes.filter((code) => !isErrorCode(code))).toEqual([]);
    for (const code of one.codes) expect(failuresBehind(code).map((other) => other.number)).toContain(number);
  });

  it('is shown by tests that exist', () => {
    const missing = one.proofs.filter(({ file, title, case: one_ }) => {
      const path = join(root, file);
      if (!existsSync(path)) return true;
      const text = withoutComments(readFileSync(path, 'utf8'));
      return !hasTest(text, title) || (one_ !== undefined && !text.includes(one_));
    });
    expect(missing).toEqual([]);
  });

  it('was provoked for real only where a test uses the real thing', () => {
    const real = one.proofs.filter(({ against }) => against !== undefined).map(({ file }) => file);
    expect(
      real.filter(
        (file) =>
          !/^test\/(?:e2e|ssh)\/|^test\/compose\/|^test\/images\/registry-words\.test\.ts$|^test\/preflight\/probe\.test\.ts$/.test(
            file,
          ),
      ),
    ).toEqual([]);
  });
});

describe('the page of errors', () => {
  const page = errorsPage();

  it('counts the known failures', () => {
    const own = known.filter(({ handling }) => handling === 'explained').length;
    const real = known.filter((one) => provokedIn(one).length > 0).length;
    expect(page).toContain(`${own} have a message of their own, ${68 - own} are prevented.\n${real} were provoked`);
  });

  it('has only links that lead somewhere', () => {
    const anchors = new Set([
      ...[...page.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) => title.toLowerCase().replaceAll(' ', '-')),
      ...[...page.matchAll(/<a id="([^"]+)">/g)].map(([, id = '']) => id),
    ]);
    const links = [...page.matchAll(/\]\(#([^)]+)\)/g)].map(([, id = '']) => id);
    expect(links.length).toBeGreaterThan(68);
    expect(links.filter((id) => !anchors.has(id))).toEqual([]);
  });
});

describe('swarmup explain', () => {
  it('names the known failures that lead to a code', async () => {
    const text = await captured(() => explain('SWARM_NO_QUORUM', {}));
    expect(text).toContain('Known failures that lead to it');
    expect(text).toContain('53  ');
    const document: unknown = JSON.parse(await captured(() => explain('SWARM_NO_QUORUM', { json: true })));
    expect(document).toMatchObject({
      knownFailures: failuresBehind('SWARM_NO_QUORUM').map(({ number }) => ({ number })),
    });
  });

  it('leaves that out where none is known, and counts them beside all codes', async () => {
    expect(await captured(() => explain('CONTEXT_FOREIGN', {}))).not.toContain('Known failures');
    expect(await captured(() => explain(undefined, {}))).toContain('68 known failures');
  });
});
