import { describe, expect, it } from 'vitest';
import { lastLines } from '../../lib/util/last-lines.ts';
import { sizeText } from '../../lib/util/size-text.ts';

describe('the last lines', () => {
  it.each([
    [['a', 'b', 'c'], { most: 2 }, 'b\nc'],
    [['a', 'b', '', ''], {}, 'a\nb'],
    [['first', 'second'], { longest: 8 }, 'second'],
    [['one two three four'], { longest: 15 }, 'one two [...]'],
    [['unbrokenandlong'], { longest: 10 }, ' [...]'],
    [[], {}, ''],
  ])('of %j with %j are %j', (lines, options, expected) => {
    expect(lastLines(lines, options)).toBe(expected);
  });
});

describe('a size', () => {
  it.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [512 * 2 ** 20, '512 MiB'],
    [1.5 * 2 ** 30, '1.5 GiB'],
    [2 ** 60, '1024 PiB'],
  ])('of %i bytes is %s', (bytes, expected) => {
    expect(sizeText(bytes)).toBe(expected);
  });
});
