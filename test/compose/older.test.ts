import { describe, expect, it } from 'vitest';
import { loaded } from './loaded.ts';

const service = (more: string) => `services:\n  a:\n    image: x\n    ${more}\n`;

/** What older docker commands find in a file, as BELOW LINE:COLUMN message, hint. */
function olderIn(text: string): readonly string[] {
  const { older, mistakes } = loaded(text);
  expect(mistakes).toEqual([]);
  return older.map(
    ({ below, mistake: { line, column, message, hint } }) => `${below} ${line}:${column} ${message}, ${hint ?? ''}`,
  );
}

/** Source: docker/cli v20.10.24 to v28.0.0, cli/compose/schema/schema.go: what normalizeVersion makes of 3 and of none. */
describe('a Compose file that doesn’t say its minor version', () => {
  it('is taken for 3.0 by docker 20.10, if its version is 3', () => {
    expect(olderIn(`version: "3"\n${service('init: true')}`)).toEqual([
      `23 5:5 'init' exists since version 3.7, and docker 20.10 takes version 3 for 3.0, expected version: "3.7"`,
    ]);
    expect(olderIn(`version: "3.7"\n${service('init: true')}`)).toEqual([]);
  });

  it.each([
    ['', 'no version', '4:29'],
    ['version: "3"\n', 'version 3', '5:29'],
  ])('is taken for the newest version that docker knows, from 23 on: %j', (version, taken, place) => {
    const found = olderIn(`${version}${service('healthcheck: { test: x, start_interval: 5s }')}`);
    expect(found.at(-1)).toBe(
      `25 ${place} 'start_interval' exists since version 3.12, and docker 24 takes ${taken} for 3.11, expected a newer docker (docker.version)`,
    );
  });

  it('is read by all that know its keys', () => {
    expect(olderIn(`version: "3"\n${service('command: a')}`)).toEqual([]);
    expect(olderIn(service('init: true'))).toEqual([]);
  });
});

/** Source: gopkg.in/yaml.v2 2.4.0, which docker/cli has up to v27.5.1: resolve.go; decode.go, mapping and merge. */
describe('a Compose file that docker reads with gopkg.in/yaml.v2', () => {
  it.each(['y', 'Yes', 'on', 'ON'])('has a boolean where another version has the text %s', (word) => {
    expect(olderIn(service(`hostname: ${word}`))).toEqual([
      `28 4:15 docker before 28 reads ${word} as true, a boolean, expected it in quotes: '${word}'`,
    ]);
  });

  it.each(['n', 'NO', 'off'])('has false where another version has the text %s', (word) => {
    expect(olderIn(service(`restart: ${word}`))).toEqual([expect.stringContaining(`reads ${word} as false`)]);
  });

  it.each([
    ['a text in quotes', service("restart: 'no'")],
    ['a tag', service('restart: !!str no')],
    ['true', service('init: true')],
    ['data of the user’s own that nothing refers to', `x-a: { b: yes }\n${service('init: true')}`],
    ['keys after <<', 'x-a: &a { image: x }\nservices: { a: { <<: *a, image: z } }\n'],
    ['other keys before <<', 'x-a: &a { image: x }\nservices: { a: { user: z, <<: *a } }\n'],
  ])('means the same with %s', (_title, text) => {
    expect(olderIn(text)).toEqual([]);
  });

  it('is shown once where an alias leads to it, and for keys too', () => {
    expect(olderIn(`x-a: &a { n: 1 }\n${service('labels: *a\n    environment: *a')}`)).toEqual([
      expect.stringMatching(/^28 1:11 docker before 28 reads n as false/),
    ]);
  });

  it('lets merged keys win over those before them', () => {
    expect(olderIn('x-a: &a { image: x }\nservices: { a: { image: z, <<: *a } }\n')).toEqual([
      "28 2:28 docker before 28 takes 'image' from what is merged here, not from before it, expected << before the other keys",
    ]);
  });
});
