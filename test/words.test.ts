import { describe, expect, it } from 'vitest';
import { refusedIn } from '../scripts/words.ts';

describe('the list of refused wordings', () => {
  it.each([
    ['the machine is made anew', 'anew'],
    ['it takes the label away', 'takes the label away'],
    ['the folder is there already', 'is there already'],
    ['three times in a row', 'in a row'],
    ['the run goes on', 'goes on'],
    ['the lock is given back', 'given back'],
    ['one SSH connection a host', 'one SSH connection a host'],
  ])('finds the fault in "%s"', (text, found) => {
    expect(refusedIn(text)).toMatchObject([{ line: 1, found }]);
  });

  it.each([
    'a shell on a node',
    'a node without a machine',
    'one SSH connection per host',
    'the lock is released',
    'the run continues',
  ])('accepts "%s"', (text) => {
    expect(refusedIn(text)).toEqual([]);
  });

  it('names the line, and what to write instead', () => {
    expect(refusedIn('first\nmade anew\n')).toEqual([
      { line: 2, found: 'anew', instead: 'again; a machine is recreated' },
    ]);
  });
});
