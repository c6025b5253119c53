import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { SwarmService } from '../../lib/contracts/swarm-types.ts';
import { stackFile } from '../../lib/import/swarm/compose.ts';
import { Variables } from '../../lib/import/swarm/variables.ts';
import { FIELDS } from '../../lib/swarm/fields/index.ts';
import { writeStacks } from '../../lib/import/swarm/stack-files.ts';
import { providerRegistry } from '../../lib/providers/index.ts';
import { hasOracle } from '../compose/docker.ts';
import { deploy, type Deployed } from './deploying.ts';

/** The Compose file of a stack that was deployed. */
function importedFrom(stack: string, { services, networks }: Deployed, cli = 28) {
  const variables = new Variables();
  const found = services.map((Spec, i) => ({ ID: `s${i}`, Version: { Index: 1 }, Spec }) as unknown as SwarmService);
  const known = networks.map((body) => ({
    id: String(body['Name']),
    name: String(body['Name']),
    found: { ...body, Id: String(body['Name']), Name: String(body['Name']), Scope: 'swarm' },
    labels: body.Labels ?? {},
    settled: true,
  }));
  const names = { networks: new Map<string, string>(), objects: new Map<string, string>() };
  const { text } = stackFile(stack, found, { names, networks: known, cli }, variables);
  return { text, env: variables.values, services: found, networks: known };
}

const STACKS: readonly [string, string][] = [
  ['of one service', 'services: { web: { image: nginx } }'],
  [
    'with commands, variables and labels',
    `services:
  web:
    image: nginx:1.27
    command: [nginx, -g, "daemon off; # $$x"]
    entrypoint: /docker-entrypoint.sh
    environment: { A: "1", YES: "yes", E: 1e3, EMPTY: "", PASSWORD: "p$$w", M: "a\\nb" }
    labels: { a: b }
    deploy: { labels: { team: ops, "traefik.http.routers.x.rule": "Host(\`x.example.org\`)" } }
    user: "1000:1000"
    working_dir: /srv
    hostname: "web-{{.Task.Slot}}"
    stop_signal: SIGQUIT
    stop_grace_period: 1m30s
    init: true
    read_only: true
`,
  ],
  [
    'with ports in every form',
    `services:
  web:
    image: nginx
    ports:
      - "80:80"
      - "8000-8002:9000-9002/udp"
      - "443"
      - { target: 53, published: 5353, protocol: udp, mode: host }
`,
  ],
  [
    'with networks and aliases',
    `services:
  a: { image: nginx, networks: [front, outside] }
  b: { image: nginx, networks: { default: {}, back: { aliases: [db, store] } } }
  c: { image: nginx }
networks:
  front: { driver: overlay, attachable: true }
  back: { driver: overlay, internal: true, driver_opts: { encrypted: "" }, labels: { x: y } }
  outside: { external: true }
`,
  ],
  [
    'with volumes, paths and tmpfs',
    `services:
  a:
    image: nginx
    volumes:
      - data:/data
      - nfs:/nfs:ro
      - shared:/shared
      - /srv/www:/www:ro
      - { type: bind, source: /x, target: /y, bind: { propagation: rslave } }
      - { type: tmpfs, target: /run, tmpfs: { size: 67108864 } }
      - { type: volume, source: data, target: /z, volume: { nocopy: true } }
volumes:
  data: {}
  nfs: { driver: local, driver_opts: { type: nfs, o: "addr=192.0.2.7,rw" }, labels: { a: b } }
  shared: { external: true }
`,
  ],
  [
    'with secrets and configs',
    `services:
  a:
    image: nginx
    secrets: [key, { source: key, target: other, uid: "103", gid: "103", mode: 0440 }]
    configs: [{ source: site, target: /etc/site.conf, mode: 0444 }]
secrets: { key: { external: true } }
configs: { site: { external: true } }
`,
  ],
  [
    'with everything under deploy',
    `services:
  a:
    image: nginx
    deploy:
      replicas: 3
      placement:
        constraints: [node.role == worker, "node.labels.zone != a"]
        preferences: [{ spread: node.labels.zone }]
        max_replicas_per_node: 2
      resources:
        limits: { cpus: "0.50", memory: 64M, pids: 100 }
        reservations: { cpus: "0.25", memory: 32M }
      restart_policy: { condition: on-failure, delay: 5s, max_attempts: 3, window: 2m }
      update_config: { parallelism: 2, delay: 10s, failure_action: rollback, monitor: 1m, max_failure_ratio: 0.3, order: start-first }
      rollback_config: { parallelism: 0, order: stop-first, monitor: 5s }
  b: { image: nginx, deploy: { mode: global } }
`,
  ],
  [
    'with the rest of what a container has',
    `services:
  a:
    image: nginx
    cap_add: [NET_ADMIN]
    cap_drop: [MKNOD, CHOWN]
    sysctls: { net.core.somaxconn: "1024" }
    ulimits: { nproc: 65535, nofile: { soft: 20000, hard: 40000 } }
    dns: [192.0.2.53]
    extra_hosts: ["db:192.0.2.5", "six:fd00::1"]
    logging: { driver: json-file, options: { max-size: 10m } }
    healthcheck: { test: curl -f http://localhost/, interval: 1m30s, timeout: 10s, retries: 3, start_period: 40s }
  b: { image: nginx, healthcheck: { disable: true } }
  c: { image: nginx, healthcheck: { test: [CMD, "true"] } }
`,
  ],
];

/** Docker 20.10 reads no file without a version. */
const ON: readonly (readonly [string, string, number])[] = STACKS.flatMap(([what, compose]) =>
  [20.1, 28].map((cli): [string, string, number] => [what, compose, cli]),
);

/** The client orders uses of secrets by name only: of one secret that is used twice, either may come first. */
function inOrder(services: readonly object[]): unknown {
  return JSON.parse(JSON.stringify(services), (key, value: unknown) =>
    key === 'Secrets' && Array.isArray(value) ? value.map((one) => JSON.stringify(one)).toSorted() : value,
  );
}

/** Docker's client is the oracle: what it makes of the imported file has to be what runs. */
describe.runIf(hasOracle)('the Compose file of an imported stack', () => {
  it.each(ON)('makes the same services and networks again: a stack %s', async (_what, compose, cli) => {
    const first = await deploy('shop', compose);
    const { text, env } = importedFrom('shop', first, cli);
    const again = await deploy('shop', text, env);
    expect(inOrder(again.services)).toEqual(inOrder(first.services));
    expect(again.networks).toEqual(first.networks);
  });

  it.each(ON)('is read as what runs: a stack %s', async (_what, compose, cli) => {
    const { text, env, services, networks } = importedFrom('shop', await deploy('shop', compose), cli);
    const folder = mkdtempSync(join(tmpdir(), 'swarmup-imported-'));
    const outside = ['host', 'outside'].map((name): [string, string] => [name, name]);
    const names = new Map([...networks.map(({ name }): [string, string] => [name, name]), ...outside]);
    const objects = new Map(['secret key', 'config site'].map((name) => [name, name]));
    const found = { services, names: { networks: names, objects }, cli, env, providers: providerRegistry };
    expect(await writeStacks([{ name: 'shop', text }], folder, found)).toEqual({
      stacks: { shop: { file: 'shop.yml' } },
      notes: [expect.stringContaining('shop.yml')],
    });
  });

  it('has no secret values, and says what it leaves out', async () => {
    const compose = 'services: { db: { image: nginx, environment: { DB_PASSWORD: hunter2 } } }';
    const { text, env } = importedFrom('shop', await deploy('shop', compose));
    expect(text).not.toContain('hunter2');
    expect(env).toEqual({ SHOP_DB_DB_PASSWORD: 'hunter2' });
    expect(text).toMatch(/^# The stack shop, made by swarmup from the services that run\./);
  });
});

describe('a field of services', () => {
  it('has a place in Compose files, unless they have no word for it', async () => {
    const { composeService } = await import('../../lib/import/swarm/compose-service.ts');
    const omitted = FIELDS.filter(({ name }) => composeService({ [name]: 'x' }).omitted.length > 0);
    expect(omitted.map(({ name }) => name)).toEqual(['concurrent', 'groups', 'dnsOptions']);
  });
});
