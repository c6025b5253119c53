import { describe, expect, it } from 'vitest';
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
});
