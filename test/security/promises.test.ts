import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const PAGE = new URL('../../docs/security.md', import.meta.url);
const page = readFileSync(PAGE, 'utf8');
const linked = (text: string) =>
  [...text.matchAll(/\]\((\.\.\/test\/[^)]+)\)/g)].map(([, path = '']) => new URL(path, PAGE));
const section = (title: string) => page.split(/^## /m).find((text) => text.startsWith(`${title}\n`)) ?? '';

describe('the threat model', () => {
  it('names only tests and files that exist', () => {
    for (const url of linked(page)) expect(existsSync(url), url.pathname).toBe(true);
    const files = [...page.matchAll(/`((?:lib|tasks|test)\/[\w./-]+\.ts)`/g)].map(([, path = '']) => path);
    expect(files.length).toBeGreaterThan(4);
    for (const file of files) expect(existsSync(new URL(`../${file}`, PAGE)), file).toBe(true);
  });

  it('has a test for each promise', () => {
    const rows = section('What is promised')
      .split('###')[0]
      ?.split('\n')
      .filter((line) => line.startsWith('| ') && !/^\| (promise|---)/.test(line));
    expect(rows?.length).toBeGreaterThan(10);
    for (const row of rows ?? []) expect(linked(row).length, row).toBeGreaterThan(0);
  });

  it('has a promise for each test of security', () => {
    const names = readdirSync(new URL('.', import.meta.url)).filter((name) => name !== 'promises.test.ts');
    expect(names.filter((name) => !page.includes(`(../test/security/${name})`))).toEqual([]);
  });
});
