import { describe, expect, it } from 'vitest';
import type { MeshLook, MeshNode, OverlayLink } from '../lib/contracts/mesh.ts';
import { clusterOf } from './support/cluster.ts';
import { errorsOf, worldWithRegistry } from './support/worlds.ts';

const cluster = (web: string) =>
  clusterOf(`name: test
provider: { type: qemu }
nodes: { managers: 1, workers: 2 }
services:
  web: { image: nginx, ${web} }
`);

describe('the check over HTTP', () => {
  it('asks a port in host mode only on the nodes with a task', async () => {
    const world = worldWithRegistry();
    const ports = 'ports: [{ published: 8080, target: 80, mode: host }]';
    const result = await world.run('up', await cluster(`replicas: 2, ${ports}, verify: {}`));
    expect(errorsOf(result)).toEqual([]);
    const checks = result.units.filter(({ task }) => task === 'verify-http');
    expect(checks.map(({ target, outcome, reason }) => [target, outcome, reason])).toEqual([
      ['manager1:8080', 'unchanged', undefined],
      ['worker1:8080', 'unchanged', undefined],
      ['worker2:8080', 'skipped', 'no task of web runs on worker2'],
    ]);
  });

  it('says that a certificate is not checked', async () => {
    const world = worldWithRegistry();
    const { warnings } = await world.run(
      'up',
      await cluster("ports: ['443:443'], verify: { https: true, insecure: true }"),
    );
    expect(warnings).toEqual([
      "web: port 443 is checked without its certificate (insecure: true): anybody's server could answer",
    ]);
  });

  it('is a case of its own for each check of a port', async () => {
    const world = worldWithRegistry();
    const result = await world.run('up', await cluster("ports: ['80:80'], verify: [{}, { path: /health }]"));
    const checks = result.units.filter(({ task }) => task === 'verify-http');
    expect(checks.map(({ target }) => target).slice(0, 2)).toEqual(['manager1:80', 'manager1:80/health']);
  });

  describe('that gets no answer', () => {
    const rules = (forwards: ReadonlyMap<number, string>) => ({
      hasChain: true,
      isReached: true,
      forwards,
      drops: false,
      isFiltered: true,
      accepts: new Set<number>(),
    });
    const address = '172.18.0.2';
    const node = (name: string, forwards: ReadonlyMap<number, string>, addresses: readonly string[]): MeshNode => ({
      node: name,
      rules: rules(forwards),
      sandbox: {
        addresses: [{ interface: 'eth1', address, prefix: 16, dynamic: false }],
        mtus: new Map(),
        marks: new Map([
          [80, 256],
          [81, 257],
        ]),
        backends: new Map([256, 257].map((mark) => [mark, addresses.map((one) => ({ address: one, weight: 1 }))])),
      },
      offload: undefined,
      firewalls: [],
    });
    const PORTS = [80, 81].map((port) => ({ port, service: 'web', running: ['10.0.0.7'], passing: [] }));
    const BOTH = new Map([
      [80, address],
      [81, address],
    ]);
    /** A cluster whose second node answers nothing on port 80 and 81. */
    async function failing(mesh: Partial<MeshLook>, problem = 'no answer within 20 s') {
      const world = worldWithRegistry();
      world.mesh = { nodes: [], ports: PORTS, links: [], unknown: new Map(), ...mesh };
      world.fault = (what) => {
        if (what.startsWith('http worker1:8')) throw new Error(problem);
      };
      const pages = "ports: ['80:80', '81:81'], verify: [{}, { port: 81 }]";
      const result = await world.run('up', await cluster(pages), { keepGoing: true });
      const failed = result.units.flatMap(({ target, error }) => (error ? [{ target, error }] : []));
      const asked = world.events.filter(
        (event) => event.type === 'unit-detail' && event.unit.target === 'worker1:80',
      ).length;
      return { failed, asked };
    }

    it('names the rules that the node lost, the same for every page, and long before the deadline', async () => {
      const { failed, asked } = await failing({
        nodes: [node('manager1', BOTH, ['10.0.0.7']), node('worker1', new Map(), ['10.0.0.7'])],
      });
      expect(failed.map(({ target }) => target)).toEqual(['worker1:80', 'worker1:81']);
      for (const { error } of failed)
        expect(error).toMatchObject({
          code: 'INGRESS_RULES_LOST',
          message:
            "worker1 lost Docker's firewall rules for published ports: DOCKER-INGRESS of its nat table doesn't forward ports 80, 81",
          output: expect.stringMatching(
            /^iptables-save on worker1: .*no port.*\n2 of 2 requests to http:\/\/worker1:8[01]\/ got no or a wrong answer: no answer within 20 s$/,
          ),
        });
      // Two units let 0.4 s pass with each round: no more than 16 s did.
      expect(asked).toBeLessThan(25);
    });

    it('names a task that is gone only after the deadline, as the node may still learn of it', async () => {
      const { failed, asked } = await failing({ nodes: [node('worker1', BOTH, ['10.0.0.7', '10.0.0.9'])] });
      expect(failed.map(({ error }) => [error.code, error.message])).toEqual(
        [80, 81].map((port) => [
          'INGRESS_STALE',
          `worker1 distributes requests to wrong tasks: it sends 1 in 2 requests for port ${port} to 10.0.0.9, where no task of web is`,
        ]),
      );
      expect(asked).toBeGreaterThan(140);
    });

    it.each([
      ['OVERLAY_BLOCKED', { ping: false, small: false, arrived: 0 }],
      ['OVERLAY_CHECKSUMS', { ping: true, small: false, arrived: 1450 }],
      ['OVERLAY_MTU', { ping: true, small: true, arrived: 1350 }],
    ])('names what the nodes cannot fetch from each other: %s', async (code, { ping, small, arrived }) => {
      const link = (from: string, to: string): OverlayLink => ({
        from,
        to,
        ping,
        small: small ? { ok: true } : { ok: false, reason: 'no connection' },
        large: { ok: false, reason: '0 of 102400 bytes' },
        packets: { allowed: 1450, arrived },
      });
      const nodes = [node('manager1', BOTH, ['10.0.0.7']), node('worker1', BOTH, ['10.0.0.7'])];
      const { failed } = await failing({ nodes, links: [link('manager1', 'worker1'), link('worker1', 'manager1')] });
      expect(failed.map(({ error }) => error.code)).toEqual([code, code]);
      expect(new Set(failed.map(({ error }) => error.message)).size).toBe(1);
    });

    it('is a failed check where the routing mesh shows no reason', async () => {
      const { failed } = await failing({ nodes: [node('worker1', BOTH, ['10.0.0.7'])] });
      expect(failed.map(({ error }) => error.code)).toEqual(['HTTP_CHECK_FAILED', 'HTTP_CHECK_FAILED']);
    });

    it('says when the node could not be asked', async () => {
      const { failed } = await failing({ unknown: new Map([['worker1', 'sudo refused']]) });
      expect(failed.map(({ error }) => [error.code, error.output])).toEqual(
        [80, 81].map(() => ['HTTP_CHECK_FAILED', 'its part of the routing mesh could not be checked: sudo refused']),
      );
    });

    it.each(['HTTP 404, expected 200', "the body lacks 'x': y", 'self-signed certificate'])(
      'or gets the wrong one (%s), asks the nodes for nothing',
      async (problem) => {
        const { failed } = await failing({ nodes: [node('worker1', new Map(), [])] }, problem);
        expect(failed.map(({ error }) => error.code)).toEqual(['HTTP_CHECK_FAILED', 'HTTP_CHECK_FAILED']);
      },
    );
  });
});
