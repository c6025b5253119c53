import { describe, expect, it } from 'vitest';
import { awaitedToComplete } from '../../lib/config/dependencies.ts';
import { messageOf } from '../../lib/util/errors.ts';
import { clusterOf } from '../support/cluster.ts';

const file = (services: string) => `name: test
provider: { type: qemu }
services:
  db: { image: postgres, healthcheck: { test: 'true' } }
  once: { image: busybox, restart: { condition: on-failure } }
  bare: { image: busybox, healthcheck: none }
${services}
stacks:
  portainer: { file: portainer.yml }
`;

async function mistakes(text: string): Promise<string> {
  return clusterOf(text).then(
    () => '',
    (error: unknown) => messageOf(error),
  );
}

describe('dependsOn', () => {
  it('names services, stacks and services of stacks, as a list or with a condition each', async () => {
    const text = file(
      '  web: { image: nginx, dependsOn: { db: healthy, once: completed } }\n  tool: { image: nginx, dependsOn: [portainer, portainer_agent] }',
    );
    const cluster = await clusterOf(text.replace('portainer.yml }', 'portainer.yml, dependsOn: [web] }'));
    const of = (all: readonly { name: string; dependsOn?: unknown }[], wanted: string) =>
      all.find(({ name }) => name === wanted)?.dependsOn;
    expect(of(cluster.services, 'web')).toEqual([
      { kind: 'service', name: 'db', condition: 'healthy' },
      { kind: 'service', name: 'once', condition: 'completed' },
    ]);
    expect(of(cluster.services, 'tool')).toEqual([
      { kind: 'stack', name: 'portainer', condition: 'running' },
      { kind: 'stack', name: 'portainer', service: 'portainer_agent', condition: 'running' },
    ]);
    expect(of(cluster.stacks, 'portainer')).toEqual([{ kind: 'service', name: 'web', condition: 'running' }]);
    expect(['once', 'db'].map(awaitedToComplete(cluster))).toEqual([true, false]);
  });

  it('that waits for a stack to complete waits for each of its services', async () => {
    const cluster = await clusterOf(file('  web: { image: nginx, dependsOn: { portainer: completed } }'));
    expect(['portainer_agent', 'portainer_portainer', 'once'].map(awaitedToComplete(cluster))).toEqual([
      true,
      true,
      false,
    ]);
  });

  it.each([
    [
      'an unknown name in a list',
      '  web: { image: nginx, dependsOn: [dbb] }',
      ":7:36: there is no service or stack 'dbb'",
    ],
    [
      'an unknown name in a map',
      '  web: { image: nginx, dependsOn: { dbb: healthy } }',
      ":7:42: there is no service or stack 'dbb'",
    ],
    ['an unknown condition', '  web: { image: nginx, dependsOn: { db: ready } }', ':7:41: services.web.dependsOn.db'],
    [
      'a service that never completes',
      '  web: { image: nginx, dependsOn: { db: completed } }',
      ':7:41: db never completes',
    ],
    [
      'a service without a health check',
      '  web: { image: nginx, dependsOn: { bare: healthy } }',
      ':7:43: bare has no health check',
    ],
    ['itself', '  web: { image: nginx, dependsOn: [web] }', ':7:35: web depends on itself'],
    [
      'a cycle',
      '  a: { image: nginx, dependsOn: [b] }\n  b: { image: nginx, dependsOn: [c] }\n  c: { image: nginx, dependsOn: [a] }',
      ':7:33: these depend on each other: a → b → c → a',
    ],
  ])('refuses %s, at its place', async (_what, services, expected) => {
    expect(await mistakes(file(services))).toContain(expected);
  });

  it('refuses a cycle through a stack', async () => {
    const text = file('  web: { image: nginx, dependsOn: [portainer_agent] }');
    const both = text.replace('portainer.yml }', 'portainer.yml, dependsOn: [web] }');
    expect(await mistakes(both)).toContain('these depend on each other: web → portainer → web');
  });

  it('refuses a name that a service and a stack share', async () => {
    const text = file('  portainer: { image: nginx }\n  web: { image: nginx, dependsOn: [portainer] }');
    expect(await mistakes(text)).toContain("'portainer' names several services or stacks of this file");
  });
});

describe('an HTTP check', () => {
  const check = (verify: string) => `name: test
provider: { type: qemu }
services:
  web: { image: nginx, ports: ['443:443'], verify: ${verify} }
`;

  it('may be one of several', async () => {
    const cluster = await clusterOf(
      check("[{ status: 301 }, { https: true, insecure: true, path: /a, bodyMatches: '^a+$' }]"),
    );
    expect(cluster.services[0]?.verify).toEqual([
      { port: 443, path: '/', method: 'GET', headers: {}, https: false, insecure: false, redirects: 0, status: 301 },
      {
        port: 443,
        path: '/a',
        method: 'GET',
        headers: {},
        https: true,
        insecure: true,
        redirects: 0,
        status: 200,
        bodyMatches: '^a+$',
      },
    ]);
  });

  it.each([
    ['true', 10],
    ['false', 0],
    ['3', 3],
  ])('follows redirects as often as %s says', async (redirects, times) => {
    const cluster = await clusterOf(check(`{ redirects: ${redirects} }`));
    expect(cluster.services[0]?.verify?.[0]?.redirects).toBe(times);
  });

  it.each([
    ['a broken regular expression', "{ bodyMatches: '(' }", 'Invalid regular expression'],
    ['an enormous regular expression', `{ bodyMatches: '${'a'.repeat(1001)}' }`, 'expected at most 1000 characters'],
    ['a header that would begin another', '{ headers: { X-A: "a\\r\\nX-B: b" } }', 'expected a text in one line'],
    ['a host with a port out of range', '{ host: "example.org:99999" }', 'expected a host name'],
    ['a host with a path', '{ host: example.org/x }', 'expected a host name'],
    ['a path with a space', '{ path: "/a b" }', 'expected a path such as'],
    ['certificates without TLS', '{ insecure: true }', 'expected https: true with ca or insecure'],
    [
      'two kinds of trust',
      '{ https: true, insecure: true, ca: portainer.yml }',
      'expected only one of ca and insecure',
    ],
    ['a file without certificates', '{ https: true, ca: portainer.yml }', 'portainer.yml contains no certificate'],
    ['a missing file', '{ https: true, ca: none.pem }', 'none.pem does not exist'],
    ['a body of HEAD', '{ method: HEAD, body: x }', 'expected GET with body or bodyMatches'],
  ])('refuses %s, at its place', async (_what, verify, expected) => {
    expect(await mistakes(check(verify))).toMatch(/swarmup\.yaml:4:/);
    expect(await mistakes(check(verify))).toContain(expected);
  });
});
