import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { loadedFiles, shownMistakes, textOf } from './loaded.ts';

const endings = /(?:\.expected|\.refused|\.2)?\.yml$/;

interface Case {
  readonly name: string;
  readonly folder: string;
  readonly files: readonly string[];
  /** Undefined for what Docker refuses. */
  readonly expected: string | undefined;
}

/** What Docker's client 28.2.2 made of the files in a folder, in the environment of docker.ts. */
function casesIn(name: string): readonly Case[] {
  const folder = fileURLToPath(new URL(`${name}/`, import.meta.url));
  const files = readdirSync(folder);
  return [...new Set(files.filter((file) => endings.test(file)).map((file) => file.replace(endings, '')))].map(
    (one) => {
      const isRefused = files.includes(`${one}.refused.yml`);
      const own = [isRefused ? `${one}.refused.yml` : `${one}.yml`, `${one}.2.yml`].filter((file) =>
        files.includes(file),
      );
      const expected = isRefused ? undefined : readFileSync(`${folder}${one}.expected.yml`, 'utf8');
      return { name: one, folder, files: own, expected };
    },
  );
}

const cases = [...casesIn('cases'), ...casesIn('more')];

describe('a Compose file', () => {
  it.each(cases.filter(({ expected }) => expected !== undefined))(
    'is printed as docker stack config printed it: $name',
    ({ folder, files, expected = '' }) => {
      const loaded = loadedFiles(files, folder, '/stack');
      expect(textOf(loaded)).toBe(expected);
      // The shape that others read is that of Docker's output, too.
      expect(JSON.parse(JSON.stringify(loaded.compose))).toEqual(parse(expected));
    },
  );

  it.each(cases.filter(({ expected }) => expected === undefined))(
    'is a mistake with its place where docker refused it: $name',
    ({ folder, files }) => {
      const loaded = loadedFiles(files, folder, '/stack');
      expect(textOf(loaded)).toBeUndefined();
      expect(shownMistakes(loaded)).toContainEqual(expect.stringMatching(/^[\w.-]+\.yml:\d+:\d+: \S/));
    },
  );
});
