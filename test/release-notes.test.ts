import { describe, expect, it } from 'vitest';
import { notesOf, versionOf } from '../scripts/release-notes.ts';

const CHANGELOG = `# Changelog

## [Unreleased]

### Added

- What comes next.

## [1.2.0] - 2026-11-20

### Fixed

- One thing.
- Another, as in [1.1.0].

## [1.1.0] - 2026-10-01

## [1.1.0-rc.1] - 2026-09-01

- A candidate.
`;

describe('release notes', () => {
  it('are the section of the version, without its heading and without the next section', () => {
    expect(notesOf('1.2.0', CHANGELOG)).toBe('### Fixed\n\n- One thing.\n- Another, as in [1.1.0].');
    expect(notesOf('1.1.0-rc.1', CHANGELOG)).toBe('- A candidate.');
  });

  it.each(['1.1.0', '1.1', '2.0.0'])('are an error when the changelog has no section for %s', (version) => {
    expect(() => notesOf(version, CHANGELOG)).toThrow(
      `CHANGELOG.md has no section [${version}], or the section is empty`,
    );
  });

  it('exist for the version in package.json', () => {
    expect(versionOf('v1.2.0', { version: '1.2.0' })).toBe('1.2.0');
  });

  it.each(['v1.2.1', '1.2.0', 'v1.2.0-rc.1', ''])('are refused for the tag "%s" of version 1.2.0', (tag) => {
    expect(() => versionOf(tag, { version: '1.2.0' })).toThrow('the version in package.json is 1.2.0');
  });
});
