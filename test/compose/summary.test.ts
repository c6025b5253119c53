import { describe, expect, it } from 'vitest';
import { summarise } from '../../lib/compose/summary.ts';
import { loaded } from './loaded.ts';

function summaryOf(text: string) {
  const { compose, mistakes } = loaded(text);
  if (!compose) throw new Error(mistakes[0]?.message);
  return summarise(compose, 'app');
}

describe('the summary of a stack', () => {
  it.each([
    ['80', []],
    ['127.0.0.1:80:8080', ['80:8080/tcp']],
    ['8000-8002:80-82', ['8000:80/tcp', '8001:81/tcp', '8002:82/tcp']],
    ['80:80/SCTP', ['80:80/sctp']],
    ['53:53/UDP', ['53:53/udp']],
    ['${P}:80', ['8080:80/tcp']],
  ])('lists what %j publishes: %j', (port, expected) => {
    const { services } = summaryOf(`services: { a: { image: x, ports: ["${port}"] } }`);
    const shown = services[0]?.ports.map(({ published, target, protocol }) => `${published}:${target}/${protocol}`);
    expect(shown).toEqual(expected);
  });

  it('has images and constraints after interpolation, and the names of environment variables', () => {
    const { services } = summaryOf(`
x-base: &base { environment: [A=1, B], deploy: { placement: { constraints: ["node.labels.port == $P"] } } }
services: { a: { <<: *base, image: "nginx:\${TAG:-1.27}" } }
`);
    expect(services).toMatchObject([
      { name: 'a', image: 'nginx:1.27', environment: ['A', 'B'], constraints: ['node.labels.port == 8080'] },
    ]);
  });

  it('tells ports in host mode from those of the routing mesh', () => {
    const { services } = summaryOf('services: { a: { image: x, ports: [{ target: 80, published: 80, mode: host }] } }');
    expect(services[0]?.ports).toEqual([{ published: 80, target: 80, protocol: 'tcp', mode: 'host' }]);
  });

  it('names external networks, secrets and configs as the swarm does', () => {
    const text = `
services: { a: { image: x } }
networks: { n: { external: true }, m: { external: true, name: "net_$P" }, own: }
secrets: { s: { external: { name: s_v2 } }, f: { file: ./f } }
configs: { c: { external: true } }
`;
    expect(summaryOf(text)).toMatchObject({
      externalNetworks: ['n', 'net_8080'],
      externalSecrets: ['s_v2'],
      externalConfigs: ['c'],
    });
  });

  it('lists named volumes on the node, with their names there, but none of a driver that shares them', () => {
    const text = `
services: { a: { image: x, volumes: [db:/v, "www:/w", "shared:/s", "nfs:/n", ./b:/b, /anonymous] } }
volumes: { db: , www: { name: data }, shared: { driver: rexray }, nfs: { driver_opts: { type: nfs } } }
`;
    expect(summaryOf(text).services[0]).toMatchObject({ volumes: ['db', 'www'], volumeNames: ['app_db', 'data'] });
  });
});
