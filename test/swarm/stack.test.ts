import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { summariseCompose } from '../../lib/config/compose.ts';
import { labelled, stackHash } from '../../lib/swarm/stack.ts';

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
  inside: { file: ./x }
  outside: { external: true }
  renamed: { external: true, name: other }
`;
const stack = { name: 's', file: '/s.yml', text: TEXT, whenUnreachable: 'fail' as const, ...summariseCompose(TEXT) };

describe('a Compose file', () => {
  it('is summarised: images, published ports, external secrets', () => {
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
    ['services:\n  a: { ports: ["80:80"] }\n', /services\.a\.image/],
  ])('that is none is refused with a reason', (text, reason) => {
    expect(() => summariseCompose(text)).toThrow(reason);
  });

  it('is deployed with its mark on every service, whatever form their labels have, and otherwise as it is', () => {
    const text = labelled(stack, []).reveal();
    const { services } = parse(text, { merge: true }) as { services: Record<string, { deploy: { labels: unknown } }> };
    const hash = stackHash(stack);
    expect(services['plain']?.deploy.labels).toEqual({ 'swarmup.stack': hash });
    expect(services['listed']?.deploy.labels).toEqual(['mine=1', `swarmup.stack=${hash}`]);
    expect(services['mapped']?.deploy.labels).toEqual({ mine: '1', 'swarmup.stack': hash });
    expect(text).toContain('# a comment that stays');
    expect(text).toContain('<<: *common');
    expect(stackHash({ ...stack, text: `${TEXT}\n` })).not.toBe(hash);
  });
});
