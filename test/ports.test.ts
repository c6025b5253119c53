import { describe, expect, it } from 'vitest';
import { namingPortOwner } from '../lib/swarm/port-refusal.ts';
import { createService } from '../lib/swarm/write.ts';
import type { ServiceSpecification } from '../lib/contracts/swarm-types.ts';
import { clusterOf, fullText } from './support/cluster.ts';
import { errorsOf, worldWithRegistry } from './support/worlds.ts';

const APACHE =
  'tcp LISTEN 0      511                *:80              *:*    users:(("apache2",pid=812,fd=4)) ino:59143 sk:1 cgroup:/ v6only:0 <->';

const foreign = (name: string, port: number, mode: 'ingress' | 'host'): ServiceSpecification => ({
  Name: name,
  TaskTemplate: { ContainerSpec: { Image: 'nginx' } },
  Mode: { Replicated: { Replicas: 1 } },
  EndpointSpec: { Ports: [{ Protocol: 'tcp', TargetPort: 80, PublishedPort: port, PublishMode: mode }] },
});

describe('a published port that is in use', () => {
  it('is found on a machine of swarmup before it becomes a node', async () => {
    const world = worldWithRegistry();
    world.sockets.set('worker1', APACHE);
    const result = await world.run('up', await clusterOf(fullText(1, 2)));
    expect(errorsOf(result)).toEqual([
      'preflight@worker1: worker1: apache2 (pid 812) listens on 80/tcp, which is needed for a published port',
    ]);
    expect(world.swarm.writes).not.toContain('service create web');
  });

  it('is found on a member before the service that is to have it is deployed, in a plan as well', async () => {
    const world = worldWithRegistry();
    const before = await clusterOf(fullText(1, 2).replace("ports: ['80:80'], verify: { body: Welcome }, ", ''));
    expect(errorsOf(await world.run('up', before))).toEqual([]);
    world.sockets.set('worker1', APACHE);
    const cluster = await clusterOf(fullText(1, 2));
    const writes = world.swarm.writes.length;
    for (const mode of ['plan', 'apply'] as const) {
      const result = await world.run('up', cluster, { mode });
      expect(errorsOf(result)).toEqual([
        'check-ports@cluster: service web is to publish 80/tcp (swarmup.yaml:9:45), and the port is already in use: on worker1, apache2 (pid 812) listens on *:80',
      ]);
      expect(result.units.find(({ error }) => error)?.error?.code).toBe('PORT_TAKEN');
    }
    expect(world.swarm.writes).toHaveLength(writes);

    world.sockets.clear();
    expect(errorsOf(await world.run('up', cluster))).toEqual([]);
    // The engine listens now, and nobody is asked any more.
    world.sockets.set('worker1', APACHE);
    expect(errorsOf(await world.run('up', cluster))).toEqual([]);
  });

  it('is found when a container outside the swarm has it', async () => {
    const world = worldWithRegistry();
    const text = fullText(1, 1);
    await world.run('up', await clusterOf(text));
    world.sockets.set('worker1', APACHE.replaceAll('80', '81').replace('apache2', 'docker-proxy'));
    const ports = [{ PublicPort: 81, PrivatePort: 80, Type: 'tcp' }];
    const task = { Id: 'b', Names: ['/web.1'], Labels: { 'com.docker.swarm.task.id': 't' }, Ports: ports };
    world.swarm.standalone.set('worker1', [task]);
    const cluster = await clusterOf(text.replace("'80:80'", "'80:80', '81:80'"));
    expect(errorsOf(await world.run('up', cluster, { mode: 'plan' }))).toEqual([]);
    world.swarm.standalone.set('worker1', [task, { Id: 'a', Names: ['/blog'], Labels: {}, Ports: ports }]);
    expect(errorsOf(await world.run('up', cluster))).toEqual([
      expect.stringContaining("on worker1, the container blog, which isn't part of the swarm, publishes it"),
    ]);
  });

  it("is found when another service has it, and the managers' refusal of one that appears later names it too", async () => {
    const world = worldWithRegistry();
    const before = await clusterOf(fullText(1, 1).replace("ports: ['80:80'], verify: { body: Welcome }, ", ''));
    await world.run('up', before);
    const cluster = await clusterOf(fullText(1, 1));
    const manager = await world.context(cluster).swarm.manager(new AbortController().signal);
    await createService(manager, foreign('old', 80, 'ingress'), undefined);
    expect(errorsOf(await world.run('up', cluster))).toEqual([
      'check-ports@cluster: service web is to publish 80/tcp (swarmup.yaml:9:45), and service old (not in the cluster file) publishes it already',
    ]);
    const refused = (mode: 'ingress' | 'host') =>
      namingPortOwner({ manager, cluster, what: 'service web' }, () =>
        createService(manager, foreign('another', 80, mode), undefined),
      );
    for (const mode of ['ingress', 'host'] as const)
      await expect(refused(mode)).rejects.toMatchObject({
        code: 'PORT_TAKEN',
        message: "service web can't publish port 80: service old (not in the cluster file) publishes it already",
        fix: 'Publish another port, or remove it if it is no longer needed: swarmup ssh manager1 -- sudo docker service rm old',
        transient: false,
      });
    // Any other error is passed on.
    const other = namingPortOwner({ manager, cluster, what: 'service web' }, () =>
      createService(manager, foreign('old', 81, 'ingress'), undefined),
    );
    await expect(other).rejects.toMatchObject({ code: 'ENGINE_REFUSED' });
  });

  it('moves from one service of the file to another in one run', async () => {
    const world = worldWithRegistry();
    const services = (web: string, api: string) => `name: test
provider: { type: qemu }
nodes: { managers: 1, workers: 0 }
services:
  api: { image: nginx, ports: [${api}] }
  web: { image: nginx, ports: [${web}] }
`;
    expect(errorsOf(await world.run('up', await clusterOf(services("'80:80'", ''))))).toEqual([]);
    const result = await world.run('up', await clusterOf(services('', "'80:80'")));
    expect(errorsOf(result)).toEqual([]);
    const retries = result.units.flatMap((unit) => unit.retries ?? []);
    expect(retries.slice(0, 1)).toEqual([
      "service api can't publish port 80: service web (swarmup.yaml:6:24) publishes it already",
    ]);
  });
});
