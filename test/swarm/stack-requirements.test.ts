import { describe, expect, it } from 'vitest';
import type { ComposeConfig } from '../../lib/compose/types.ts';
import type { Cluster, StackSpec } from '../../lib/config/model.ts';
import { Secret } from '../../lib/util/secret.ts';
import { externalsOf, listOf, requireDeployable } from '../../lib/swarm/stack-requirements.ts';
import { stackOf } from '../support/stacks.ts';

const NONE = { networks: [], secrets: [], configs: [] };
const compose: ComposeConfig = {
  version: '3.13',
  services: {
    a: {
      image: 'x',
      networks: { proxy: null, h: null, made: null },
      secrets: [{ source: 'k' }],
      configs: [{ source: 'c' }],
    },
  },
  networks: {
    proxy: { external: true, name: 't_public' },
    h: { external: true, name: 'host' },
    made: {},
    unused: { external: true },
  },
  secrets: { k: { external: true }, unused: { external: true } },
  configs: { c: { external: true, name: 'site' } },
};
const stack: StackSpec = { ...stackOf('version: "3.8"\nservices: { a: { image: x } }\n'), compose };
const empty = { networks: [], objects: [], stacks: [stack] } as unknown as Cluster;
const missing = (
  cluster: Cluster,
  present = { networks: new Map<string, string>(), objects: new Map<string, string>() },
) => listOf(externalsOf(stack, cluster, present).missing);

describe('what a stack needs of the swarm', () => {
  it('is named in full by its names there, without what no service uses', () => {
    expect(missing(empty)).toBe('network t_public, secret k, config site');
    expect(listOf(externalsOf(stack, empty, undefined).missing)).toBe('network t_public, secret k, config site');
  });

  it('may be in the swarm', () => {
    const networks = new Map([['1', 't_public']]);
    const objects = new Map([
      ['secret k', '2'],
      ['config site', '3'],
    ]);
    expect(missing(empty, { networks, objects })).toBe('');
    expect(missing(empty, { networks, objects: new Map([['config k', '2']]) })).toBe('secret k, config site');
  });

  it('may be in the cluster file', () => {
    const cluster = {
      ...empty,
      networks: [{ name: 't_public' }],
      objects: [
        { kind: 'secret', name: 'k', fullName: 'k-1' },
        { kind: 'config', name: 'site', fullName: 'site-1' },
      ],
    } as unknown as Cluster;
    expect(missing(cluster)).toBe('');
  });

  it('may come from another stack, for which it waits', () => {
    const other: StackSpec = {
      ...stack,
      name: 't',
      compose: { version: '3.13', services: { b: { networks: { public: null } } }, networks: { public: {} } },
    };
    const { missing: lacking, awaited } = externalsOf(stack, { ...empty, stacks: [stack, other] }, undefined);
    expect([listOf(lacking), listOf(awaited)]).toEqual(['secret k, config site', 'network t_public']);
  });
});

describe('a stack that can’t be deployed', () => {
  const text = (lines: ComposeConfig['services'][string]): StackSpec => ({
    ...stack,
    compose: { version: '3.13', services: { a: { image: 'x', ...lines } } },
  });
  const env = { kind: 'env_file', written: 'a.env', path: '/a.env', data: new Secret('') } as const;
  const twice = {
    ports: [
      { target: 53, published: 53 },
      { target: 53, published: 53, protocol: 'udp' },
    ],
  };
  const bind = { volumes: [{ type: 'bind', source: '/here/x', target: '/x' }] };

  it('is refused before anything is deployed, with all that is missing', () => {
    expect(() => requireDeployable(stack, [], { ...NONE, networks: ['n'], secrets: ['k'] }, undefined)).toThrow(
      'stack s needs what neither the cluster file nor the swarm has: external network n, secret k',
    );
  });

  it.each<[string, StackSpec, number | undefined]>([
    ['docker 20.10 without a version', stackOf('services: { a: { image: x } }'), 20.1],
    [
      'an image to replace beside ports of one number',
      { ...text(twice), services: [{ ...stack.services[0]!, imageReplaced: true }] },
      28,
    ],
    [
      'relative volumes beside ports of one number and an env_file',
      { ...text({ ...twice, ...bind }), references: [env] },
      28,
    ],
    ['relative volumes beside an env_file with docker 20.10', { ...text(bind), references: [env] }, 20.1],
  ])('is refused: %s', (_title, wanted, cli) => {
    expect(() => requireDeployable(wanted, [], NONE, cli)).toThrow(/^stack s: /);
  });

  it('is refused when the tasks of such a service are scaled by somebody else', () => {
    const additions = [{ service: 'a', environment: {}, replicas: 3 }];
    expect(() => requireDeployable(text(twice), additions, NONE, 28)).toThrow(/replicas of service a/);
  });

  it('is refused where the managers’ docker reads the file in another way, with all places', () => {
    const wanted = stackOf('services: { a: { image: x, restart: no, environment: { on: 1 } } }');
    expect(() => requireDeployable(wanted, [], NONE, 26)).toThrow(
      /docker 26 reads the Compose file differently[^]*:1:37: docker before 28 reads no as false[^]*:1:56: docker before 28 reads on/,
    );
    expect(() => requireDeployable(wanted, [], NONE, 28)).not.toThrow();
  });

  it.each<[string, StackSpec, number | undefined]>([
    ['ports of one number', text(twice), 28],
    ['relative volumes beside ports of one number', text({ ...twice, ...bind }), 20.1],
    ['relative volumes beside an env_file', { ...text(bind), references: [env] }, 23],
    ['a version that isn’t known', stackOf('services: { a: { image: x } }'), undefined],
  ])('isn’t one with %s', (_title, wanted, cli) => {
    expect(() => requireDeployable(wanted, [], NONE, cli)).not.toThrow();
  });
});
