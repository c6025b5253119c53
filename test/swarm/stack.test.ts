import { describe, expect, it } from 'vitest';
import { additionsFile, stackHash } from '../../lib/swarm/stack.ts';
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

  it('is deployed unchanged, with a mark on every service in a second file', () => {
    const text = additionsFile(stack, []).reveal();
    const mark = { deploy: { labels: { 'swarmup.stack': stackHash(stack) } } };
    expect(JSON.parse(text)).toEqual({ services: { plain: mark, listed: mark, mapped: mark } });
    expect(text).not.toContain('\n');
    expect(JSON.parse(additionsFile(stackOf(`version: '3.8'\n${TEXT}`), []).reveal()).version).toBe('3.8');
    expect(stackHash({ ...stack, text: `${TEXT}\n` })).not.toBe(stackHash(stack));
  });
});
