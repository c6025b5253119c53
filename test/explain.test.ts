import { describe, expect, it } from 'vitest';
import { EXPLANATIONS } from '../lib/explain/index.ts';
import { COMMANDS } from '../lib/cli/program.ts';
import { literals, sourcesIn, withoutComments } from './support/literals.ts';

const sources = [...sourcesIn('lib'), ...sourcesIn('tasks')].filter(({ name }) => !name.startsWith('lib/explain/'));
const tests = sourcesIn('test').filter(({ name }) => name !== 'test/explain.test.ts');

/** Where a source gives an error its code; asking for the code of an error doesn't count. */
const constructed = sources
  .filter(({ name }) => !name.startsWith('lib/render/'))
  .map(({ text }) =>
    withoutComments(text).replace(/hasCode\([^)]*\)|[!=]== '[A-Z_]+'|'[A-Z_]+' [!=]==|\bcase '[A-Z_]+'/g, ''),
  );
/** Where a test expects a code: `code: 'X'`, 'task: X', or in a list. An error that the test makes doesn't count. */
const expected = tests.map(({ text }) => withoutComments(text).replace(/new SwarmupError\(\s*'[A-Z_]+'/g, ''));

/** Every text of the sources as a pattern, in which an expression stands for anything. */
const patterns = sources.flatMap(({ text }) =>
  literals(withoutComments(text)).flatMap((parts) =>
    parts.join('').length < 8
      ? []
      : [new RegExp(`^${parts.map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('.*')}$`, 's')],
  ),
);

const occurs = (text: string) => patterns.some((pattern) => pattern.test(text));

describe.each(Object.entries(EXPLANATIONS))('the code %s', (code, { example, look, fix }) => {
  const [first = '', ...rest] = example.split('\n');
  const fixAt = rest.findIndex((line) => line.startsWith('  fix  '));

  it('is an error that swarmup reports', () => {
    expect(constructed.some((text) => text.includes(`'${code}'`))).toBe(true);
  });

  it('is expected by a test', () => {
    const literal = new RegExp(`'(?:[\\w@-]+: )?${code}'`);
    expect(expected.some((text) => literal.test(text))).toBe(true);
  });

  it('has an example with a message and a fix of swarmup', () => {
    const message = first.replace(/^✖ /, '');
    // A bug has any words.
    if (code !== 'INTERNAL')
      expect([message, message.replace(/^[a-z-]+ on [\w.:-]+: /, '')].some(occurs) ? '' : message).toBe('');
    const advice = rest
      .slice(fixAt)
      .map((line) => line.slice('  fix  '.length))
      .join('\n');
    expect(occurs(advice) || occurs(advice.replace(/\.$/, '')) ? '' : advice).toBe('');
  });

  it('names commands that exist', () => {
    const names = COMMANDS.map(({ name }) => name.split(' ')[0]);
    const named = [...`${look} ${fix} ${example}`.matchAll(/[`']swarmup ([a-z][a-z-]*)/g)].map(([, name]) => name);
    expect(named.filter((name) => !names.includes(name) && name !== 'help')).toEqual([]);
  });
});
