import { describe, expect, it } from 'vitest';
import { cliVersion } from '../../lib/compose/clients.ts';
import { isReadByAll, tooOldFor } from '../../lib/swarm/stack-version.ts';

describe('the version of docker', () => {
  it.each([
    ['Docker version 20.10.24+dfsg1, build 297e128', 20.1],
    ['Docker version 28.2.2, build e6534b4', 28],
    ['5:26.1.4-1~debian.12~bookworm', 26],
    ['26.1.*', 26],
    ['23.0', 23],
    ['27', undefined],
    ['none', undefined],
  ])('is read from %j', (text, version) => expect(cliVersion(text)).toBe(version));
});

describe('a Compose file', () => {
  it.each([
    [undefined, 20.1],
    ['3.10', 20.1],
    ['3.13', 20.1],
    ['3.11', 23],
    ['3.12', 24],
    ['3.13', 25],
    ['3.13', 26],
  ])('of version %s is refused by docker %s', (version, cli) => {
    expect(tooOldFor(version, cli)).toMatch(/^docker .* can't read a Compose file/);
  });

  it.each([
    [undefined, 23],
    [undefined, 28],
    ['3', 20.1],
    ['3.0', 20.1],
    ['3.9', 20.1],
    ['3.10', 23],
    ['3.12', 25],
    ['3.13', 27],
    ['3.13', 29],
  ])('of version %s is read by docker %s', (version, cli) => expect(tooOldFor(version, cli)).toBeUndefined());

  it.each([
    ['3', true],
    ['3.8', true],
    ['3.9', true],
    ['3.10', false],
    [undefined, false],
  ])('of version %s is read by every supported docker: %s', (version, all) =>
    expect(isReadByAll(version === undefined ? {} : { version })).toBe(all),
  );

  it('without a version is refused in words that say what docker reads', () => {
    expect(tooOldFor(undefined, 20.1)).toBe(
      "docker 20.10 can't read a Compose file without a version: it reads 3.0 to 3.9",
    );
  });
});
