import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { nameOf, NETWORKS, SERVICES, SWARMS, TOP } from './cases.ts';

const HEAD = 'name: test\nprovider: { type: qemu }\n';

/** The schema that editors use. Its sections of providers need `not`, which zod can't read. */
const editors = (() => {
  const text = readFileSync(new URL('../../config/swarmup.schema.json', import.meta.url), 'utf8');
  const schema = JSON.parse(text) as { readonly properties: object };
  return z.fromJSONSchema({ ...schema, properties: { ...schema.properties, provider: true, providers: true } });
})();

/** What an editor finds in a file: it reads YAML without knowing what swarmup expects. */
const mistakes = (text: string) => editors.safeParse(parse(HEAD + text, { merge: true })).error?.issues ?? [];

const files = [
  ...SERVICES.map((one) => [
    nameOf(one),
    `${TOP}services: { web: { image: nginx${one.file === '' ? '' : `, ${one.file}`} } }`,
  ]),
  ...NETWORKS.map((one) => [`network, ${nameOf(one)}`, `networks: { back: { ${one.file} } }`]),
  ...SWARMS.map((one) => [`swarm, ${nameOf(one)}`, `swarm: { ${one.file} }`]),
] as const;

describe('the JSON schema for editors', () => {
  it.each(files)('accepts what swarmup accepts: %s', (_, text) => {
    expect(mistakes(text)).toEqual([]);
  });

  it.each([
    ['keys of your own', 'x-a: 1\nservices: { web: { image: x, x-b: [2], limits: { x-c: 3 } } }'],
    ['names with underscores', 'services: { my_App: { image: x } }\nsecrets: { site.key: { value: v } }'],
    ['merged maps', 'x-base: &base { image: x }\nservices: { web: { <<: *base, replicas: 3 } }'],
  ])('accepts %s', (_, text) => {
    expect(mistakes(text)).toEqual([]);
  });

  it.each([
    ['an unknown key', 'services: { web: { image: x, replica: 2 } }'],
    ['a number where a map is expected', 'services: { web: { image: x, limits: 2 } }'],
    ['a name that Swarm refuses', 'services: { a.b: { image: x } }'],
    ['a missing image', 'services: { web: {} }'],
  ])('refuses %s', (_, text) => {
    expect(mistakes(text)).not.toEqual([]);
  });
});
