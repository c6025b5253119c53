import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { inAnyShell, skipPreamble } from '../../lib/remote/preamble.ts';
import type { CommandChannel } from '../../lib/remote/transport.ts';
import { quote } from '../../lib/util/shell-quote.ts';

const SHELLS = ['sh', 'bash', 'dash', 'ksh', 'zsh', 'tcsh', 'fish'].flatMap(
  (name) => [`/bin/${name}`, `/usr/bin/${name}`].find((path) => existsSync(path)) ?? [],
);

describe('a command for the login shell of a user', () => {
  it.each(SHELLS)('reaches the program unchanged through %s', (shell) => {
    const words = [
      'a b',
      "it's",
      '$HOME',
      '`id`',
      '!!',
      '!x',
      '%s %n',
      '"q"',
      '*',
      '\\',
      '\\n',
      'ü€',
      'a\nb',
      '~',
      '{a,b}',
      '#',
      '',
    ];
    const command = inAnyShell(quote(['printf', '%s|', ...words]), 'the-mark');
    const output = execFileSync(shell, ['-c', command], { encoding: 'utf8' });
    expect(output).toBe(`the-mark\n${words.map((word) => `${word}|`).join('')}`);
  });

  it('has its mark in its environment, and ends with its exit code', () => {
    const ask = inAnyShell(quote(['sh', '-c', 'echo $SWARMUP_RUN']), 'the-mark');
    expect(execFileSync('/bin/sh', ['-c', ask], { encoding: 'utf8' })).toBe('the-mark\nthe-mark\n');
    expect(() => execFileSync('/bin/sh', ['-c', inAnyShell('sh -c "exit 7"', 'm')])).toThrow(
      expect.objectContaining({ status: 7 }),
    );
  });
});

/** What remains of output that arrives in these pieces. */
function read(...pieces: readonly string[]) {
  const channel = Object.assign(new PassThrough(), {
    stderr: new PassThrough(),
    signal: () => undefined,
    close: () => undefined,
  });
  const preamble = skipPreamble(channel satisfies CommandChannel, 'MARK');
  for (const piece of pieces) channel.push(Buffer.from(piece));
  channel.setEncoding('utf8');
  const rest: unknown = channel.read();
  return { rest: rest ?? '', isOver: preamble.isOver, text: preamble.text };
}

describe('the output of a command', () => {
  it('begins after the mark, wherever the pieces of the output are divided', () => {
    const whole = 'welcome\nMARK\nthe answer\nMARK\n';
    const expected = { rest: 'the answer\nMARK\n', isOver: true };
    for (let i = 0; i <= whole.length; i++) expect(read(whole.slice(0, i), whole.slice(i))).toMatchObject(expected);
    expect(read(...whole.split(/(?:)/))).toMatchObject(expected);
  });

  it('without the mark is no answer, and its beginning is kept for the error', () => {
    expect(read('This account ', 'is closed.')).toEqual({ rest: '', isOver: false, text: 'This account is closed.' });
    expect(read('x'.repeat(100_000)).text).toHaveLength(4096);
  });
});
