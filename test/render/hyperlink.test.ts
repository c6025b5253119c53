import { PassThrough } from 'node:stream';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { errorText, failures } from '../../lib/render/error.ts';
import { harmless } from '../../lib/render/guard.ts';
import { explainedOn, ownLinks, pageIn, type Manifest } from '../../lib/render/hyperlink.ts';
import { SwarmupError } from '../../lib/util/errors.ts';

const ESC = '\u001B';
const PAGE = 'https://github.example/somebody/swarmup/blob/v1.2.3/docs/errors.md';
const link = (code: string, { page = PAGE, text = `swarmup explain ${code}`, end = `${ESC}\\` } = {}) =>
  `${ESC}]8;;${page}#${code.toLowerCase()}${end}${text}${ESC}]8;;${end}`;
const OWN = link('NODE_DOWN');

afterEach(() => vi.unstubAllEnvs());

describe('the page of errors', () => {
  it.each<[Manifest, string | undefined]>([
    [
      { version: '1.2.3', repository: { url: 'git+https://github.example/somebody/swarmup.git' } },
      'https://github.example/somebody/swarmup/blob/v1.2.3/docs/errors.md',
    ],
    [{ version: '1.2.3', repository: 'https://h.example/a/b' }, 'https://h.example/a/b/blob/v1.2.3/docs/errors.md'],
    [{ version: '1.2.3' }, undefined],
    [{ repository: 'https://h.example/a/b' }, undefined],
    [{ version: '1.2.3', repository: 'git@github.example:somebody/swarmup.git' }, undefined],
    [{ version: '1.2.3', repository: 'http://h.example/a/b' }, undefined],
    [{ version: '1.2.3', repository: `https://h.example/a/b${ESC}\\x` }, undefined],
  ])('of %j is at %s', (manifest, expected) => {
    expect(pageIn(manifest)).toBe(expected);
  });
});

describe('the name of an explanation', () => {
  const terminal = Object.assign(new PassThrough(), { isTTY: true });

  it('is a link to the code’s section where the terminal shows links', async () => {
    vi.stubEnv('FORCE_HYPERLINK', '1');
    const explain = await explainedOn(terminal, PAGE, true);
    expect(explain('NODE_DOWN')).toBe(OWN);
    const error = new SwarmupError('NODE_DOWN', 'worker1 is down', { fix: 'f' });
    expect(errorText(error, '', undefined, explain)).toContain(OWN);
    expect(harmless(errorText(error, '', undefined, explain), true, PAGE)).toContain(OWN);
    const unit = { task: 't', target: 'w', outcome: 'failed', ms: 1, changes: [], error } as const;
    expect(failures([unit], explain)).toContain(OWN);
  });

  it.each<[string, string | undefined, boolean, string]>([
    ['the terminal shows no links', PAGE, true, '0'],
    ['there are no colours', PAGE, false, '1'],
    ['the package names no repository', undefined, true, '1'],
  ])('is its text where %s', async (_, page, colours, force) => {
    vi.stubEnv('FORCE_HYPERLINK', force);
    expect((await explainedOn(terminal, page, colours))('NODE_DOWN')).toBe('swarmup explain NODE_DOWN');
  });
});

describe('the last gate', () => {
  it('lets swarmup’s own link through, with the colours around it', () => {
    const text = `${ESC}[2m  see  ${OWN}${ESC}[22m\n`;
    expect(harmless(text, true, PAGE)).toBe(text);
    expect(harmless(`${OWN}${OWN}`, true, PAGE)).toBe(`${OWN}${OWN}`);
  });

  it('lets no link through where colours are off, or the package names no repository', () => {
    expect(harmless(OWN, false, PAGE)).not.toContain(ESC);
    expect(harmless(OWN, true)).not.toContain(ESC);
  });

  it.each([
    ['another address', link('NODE_DOWN', { page: 'https://evil.example/docs/errors.md' })],
    ['an address that begins like the page', link('NODE_DOWN', { page: `${PAGE}.evil.example/` })],
    ['an address that ends like the page', link('NODE_DOWN', { page: `https://evil.example/?${PAGE}` })],
    ['another section', OWN.replace('#node_down', '#node_absent')],
    ['another text', link('NODE_DOWN', { text: 'click here' })],
    ['a longer text', link('NODE_DOWN', { text: 'swarmup explain NODE_DOWN or pay' })],
    ['a code that does not exist', link('PAY_NOW')],
    ['parameters', OWN.replace(']8;;', ']8;id=1;')],
    ['another end', link('NODE_DOWN', { end: '\u0007' })],
    ['no end', OWN.slice(0, OWN.lastIndexOf(ESC))],
    ['an empty address', `${ESC}]8;;${ESC}\\swarmup explain NODE_DOWN${ESC}]8;;${ESC}\\`],
    ['an 8-bit introducer', OWN.replaceAll(`${ESC}]`, '\u009D')],
    ['a colour inside', OWN.replace('NODE_DOWN', `${ESC}[31mNODE_DOWN`)],
    ['a title of the window', `${ESC}]0;title\u0007`],
    ['a link around it', `${ESC}]8;;https://evil.example${ESC}\\ before`],
  ])('lets no link through with %s', (_, text) => {
    const shown = harmless(text, true, PAGE);
    expect(shown).not.toContain(`${ESC}]`);
    // oxlint-disable-next-line no-control-regex -- what must not be there
    expect(shown).not.toMatch(/[\u0007\u009D]/);
  });

  it('lets only swarmup’s own link through beside a forged one', () => {
    const forged = link('NODE_DOWN', { page: 'https://evil.example' });
    const shown = harmless(`${forged} ${OWN} ${forged}`, true, PAGE);
    expect(shown.split(OWN)).toHaveLength(2);
    expect(shown.replace(OWN, '')).not.toContain(ESC);
  });

  it('shows a link in a message as its characters, even swarmup’s own', () => {
    const error = new SwarmupError('NODE_DOWN', `w: ${OWN}`, {
      fix: link('NODE_DOWN', { page: 'https://evil.example' }),
      output: OWN,
    });
    const shown = harmless(errorText(error, OWN), true, PAGE);
    expect(ownLinks(shown, PAGE)).toEqual([]);
    expect(shown).not.toContain(`${ESC}]`);
  });
});
