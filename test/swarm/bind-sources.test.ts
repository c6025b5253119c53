import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Hosts, Managers } from '../../lib/contracts/context.ts';
import type { Host } from '../../lib/contracts/host.ts';
import { requireBindSources } from '../../lib/swarm/bind-sources.ts';
import { clusterOf } from '../support/cluster.ts';
import { worldWithRegistry } from '../support/worlds.ts';
import { strict } from '../fakes/strict.ts';

const base = 'name: t\nprovider: { type: qemu }\nnodes: { managers: 1, workers: 2 }\n';
const deployed = (text: string) => clusterOf(base + text);
const ofWeb = (mount: string, rest = '') =>
  deployed(`services: { web: { image: nginx, replicas: 1, mounts: ['${mount}']${rest} } }\n`);

async function errorOf(world: ReturnType<typeof worldWithRegistry>, cluster: Awaited<ReturnType<typeof deployed>>) {
  const result = await world.run('up', cluster);
  return result.units.find(({ error }) => error)?.error;
}

describe('a path that a service mounts', () => {
  it('is missing on some nodes: nothing is deployed, and the command creates it there', async () => {
    const world = worldWithRegistry();
    world.missingPaths.set('worker1', ['/srv/the site']).set('worker2', ['/srv/the site']);
    const error = await errorOf(world, await ofWeb('/srv/the site:/site'));
    expect(error).toMatchObject({
      code: 'BIND_SOURCE_ABSENT',
      message: 'service web mounts /srv/the site, which worker1 and worker2 do not have',
      fix: expect.stringContaining("swarmup exec --node worker1,worker2 -- sudo mkdir -p '/srv/the site'"),
    });
    expect(world.swarm.services).toEqual([]);
  });

  it('does not matter on nodes that may not run it, nor as a volume or a template', async () => {
    const world = worldWithRegistry();
    world.missingPaths.set('worker1', ['/srv/site', 'data', '/srv/{{.Node.Hostname}}']);
    expect(
      await errorOf(world, await ofWeb('/srv/site:/site', ', constraints: [node.role == manager]')),
    ).toBeUndefined();
    expect(await errorOf(worldWithRegistry(), await ofWeb('data:/site'))).toBeUndefined();
    const template = await ofWeb('/srv/{{.Node.Hostname}}:/site');
    expect(await errorOf(world, template)).toBeUndefined();
  });

  it('is created by Docker where the service says so', async () => {
    const world = worldWithRegistry();
    world.missingPaths.set('worker1', ['/srv/site']);
    const mounts = 'mounts: [{ type: bind, source: /srv/site, target: /site, createSource: true }]';
    expect(await errorOf(world, await deployed(`services: { web: { image: nginx, ${mounts} } }\n`))).toBeUndefined();
  });

  it('is not looked for on a node that cannot be asked', async () => {
    const world = worldWithRegistry();
    world.fault = (what) => {
      if (what.includes('swarmup-paths')) throw new Error('no connection');
    };
    expect(await errorOf(world, await ofWeb('/srv/site:/site'))).toBeUndefined();
  });

  it('is found by a real shell, also through symbolic links and with blanks', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'paths-'));
    try {
      mkdirSync(join(folder, 'a folder'));
      writeFileSync(join(folder, 'file'), '');
      symlinkSync('a folder', join(folder, 'link'));
      symlinkSync('nowhere', join(folder, 'dangling'));
      const paths = ['a folder', 'file', 'link', 'dangling', 'missing', "$(touch x)'"].map((name) =>
        join(folder, name),
      );
      const host = strict<Host>('host', {
        run: async ([program = '', ...args]) => ({
          exitCode: 0,
          stdout: execFileSync(program, args, { encoding: 'utf8' }),
          stderr: '',
        }),
      });
      const node = {
        ID: 'n1',
        Version: { Index: 1 },
        Spec: { Role: 'worker', Availability: 'active' },
        Description: { Hostname: 'w1', Engine: { EngineVersion: '28.2.2' } },
        Status: { State: 'ready', Addr: '10.0.0.1' },
      } as const;
      const ctx: Hosts & Managers = {
        host: async () => host,
        signal: new AbortController().signal,
        swarm: strict<Managers['swarm']>('swarm', { nodes: async () => [node] }),
      };
      const looked = requireBindSources(ctx, [{ service: 'web', sources: paths, placement: {} }]);
      await expect(looked).rejects.toMatchObject({
        message: ['dangling', 'missing', "$(touch x)'"]
          .map((name) => `service web mounts ${join(folder, name)}, which w1 does not have`)
          .join('; '),
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
