import { describe, expect, it } from 'vitest';
import type { StackSpec } from '../../lib/config/model.ts';
import { driftOf, stackHash } from '../../lib/swarm/stack.ts';
import { Secret } from '../../lib/util/secret.ts';
import { stackOf, summaryOf } from '../support/stacks.ts';

const TEXT = `# a comment that stays
x-common: &common { restart_policy: { condition: any } }
services:
  plain:
    image: a:1
    ports: ['8080:80', '53:53/udp', { target: 443, published: 8443 }, '9000']
  listed:
    image: b
    deploy:
      <<: *common
      labels: ['mine=1']
  mapped:
    image: c
    deploy: { labels: { mine: '1' } }
secrets:
  outside: { external: true }
  renamed: { external: true, name: other }
`;
const stack = stackOf(TEXT);
const NO_OBJECTS = { secrets: new Map<string, string>(), configs: new Map<string, string>() };

describe('a Compose file', () => {
  it('is summarised by its images, published ports and external secrets', () => {
    expect(stack.services.map((service) => [service.name, service.image])).toEqual([
      ['plain', 'a:1'],
      ['listed', 'b'],
      ['mapped', 'c'],
    ]);
    expect(stack.services[0]?.ports).toEqual([
      { published: 8080, target: 80, protocol: 'tcp', mode: 'ingress' },
      { published: 53, target: 53, protocol: 'udp', mode: 'ingress' },
      { published: 8443, target: 443, protocol: 'tcp', mode: 'ingress' },
    ]);
    expect(stack.externalSecrets).toEqual(['outside', 'other']);
  });

  it.each([
    ['services: [x', /flow/i],
    ['services:\n  a: { ports: ["80:80"] }\n', /the service a has no image/],
  ])('that is invalid is refused with the reason', (text, reason) => {
    expect(() => summaryOf(text)).toThrow(reason);
  });
});

describe('the hash of a stack', () => {
  const hash = (wanted: StackSpec, objects = NO_OBJECTS) => stackHash(wanted, objects);

  it('stays with comments, order and notation', () => {
    const other = TEXT.replace('# a comment that stays', '').replace("labels: ['mine=1']", "labels: { mine: '1' }");
    const [services = '', secrets = ''] = other.split('secrets:\n');
    expect(hash(stackOf(`secrets:\n${secrets}${services}`))).toBe(hash(stack));
  });

  it.each([
    ['a value', stackOf(TEXT.replace('a:1', 'a:2'))],
    [
      'an image in its place',
      { ...stack, services: [{ ...stack.services[0]!, image: 'a:2', imageReplaced: true as const }] },
    ],
  ])('differs with %s', (_, other) => expect(hash(other)).not.toBe(hash(stack)));

  it('differs with the content of a file, not with its path', () => {
    const withFile = (path: string, content: string): StackSpec => ({
      ...stack,
      compose: { ...stack.compose, secrets: { k: { file: path } } },
      references: [{ kind: 'secret', path, written: 'k', data: new Secret(btoa(content)) }],
    });
    expect(hash(withFile('/here/k', 'a'))).toBe(hash(withFile('/there/k', 'a')));
    expect(hash(withFile('/here/k', 'a'))).not.toBe(hash(withFile('/here/k', 'b')));
  });

  it('differs with the content of a secret of the cluster file', () => {
    const secrets = (name: string) => ({ ...NO_OBJECTS, secrets: new Map([['outside', name]]) });
    expect(hash(stack, secrets('outside-1'))).not.toBe(hash(stack, secrets('outside-2')));
    expect(hash(stack, { ...NO_OBJECTS, secrets: new Map([['unrelated', 'x']]) })).toBe(hash(stack));
  });
});

describe('the drift of a service', () => {
  it.each([
    ['ignore', 'ignore'],
    [{ plain: 'ignore' }, 'ignore'],
    [{ listed: 'ignore' }, 'fix'],
    ['fix', 'fix'],
  ] as const)('with %j: %s', (drift, expected) => expect(driftOf({ drift }, 'plain')).toBe(expected));
});
