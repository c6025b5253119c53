import { beforeAll, describe, expect, it } from 'vitest';
import { formatJumps } from '../../lib/remote/jumps.ts';
import { readJumps } from '../../lib/util/ssh-names.ts';
import { needPackages } from '../support/packages.ts';
import { proxyJumpByOpenSsh } from '../support/proxy-jump.ts';

beforeAll(() => needPackages('openssh-client'));

describe('a list of bastions', () => {
  it('has no comment, as which OpenSSH would read its end', () => {
    expect(proxyJumpByOpenSsh('me@gate#2')).toBe('me@gate');
    expect(readJumps('me@gate#2')).toBeUndefined();
  });

  it.each([
    ['gate', 'gate'],
    ['me@gate:2222', 'me@gate:2222'],
    ['me@corp@gate,next', 'me@corp@gate,next'],
    ['[::1]:22', '[::1]:22'],
    ['gate:', 'gate'],
    ['ssh://gate', 'gate'],
    ['ssh://me@gate:2222/', 'me@gate:2222'],
    ['ssh://m%65;x=y@gate.', 'me@gate'],
  ])('is read as by OpenSSH: %s', (text, expected) => {
    const read = readJumps(text);
    expect(read && formatJumps(read)).toBe(expected);
    expect(proxyJumpByOpenSsh(text)).toBe(expected);
  });

  it.each([
    '-oProxyCommand=id',
    '-@gate',
    'me;id@gate',
    "me'@gate",
    'me@$(id)',
    'me@gate;id',
    'me\\@gate',
    '@gate',
    'gate:70000',
    'ssh://[::1]',
    'ssh://me%@gate',
    'ssh://me%00@gate',
    'ssh://-gate',
    'ssh://gate..org',
    'ssh://gate/path',
    'gate,,next',
  ])('is refused as by OpenSSH: %s', (text) => {
    expect(readJumps(text)).toBeUndefined();
    expect(proxyJumpByOpenSsh(text)).toBeUndefined();
  });
});
