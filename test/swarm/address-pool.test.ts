import { describe, expect, it } from 'vitest';
import { nearby } from '../../lib/facts/nearby.ts';
import { routes } from '../../lib/facts/routes.ts';
import { bridgesOf, chosenOverlap, noPoolBeside, poolBeside } from '../../lib/config/pools.ts';
import { poolOptions, subnetsInTheWay, takenBy, type Neighbourhood } from '../../lib/swarm/address-pool.ts';
import { clusterOf } from '../support/cluster.ts';
import { blocksOf, networkAround } from '../../lib/util/ipv4.ts';

const at = (node: string, address: string, ...networks: string[]): Neighbourhood => ({
  node,
  address,
  routes: networks.map((network) => ({ network, device: 'eth0' })),
  nearby: [],
});

const choosePool = (hosts: readonly Neighbourhood[], subnetSize: number) =>
  poolBeside([...hosts.flatMap(takenBy), ...bridgesOf({})], subnetSize);

describe('the address pool of a new swarm', () => {
  it.each<[string, Neighbourhood[], readonly string[] | undefined]>([
    ["the engine's default when nothing overlaps it", [at('m1', '192.168.1.1', '192.168.1.0/24')], ['10.0.0.0/8']],
    ['free of a VPC', [at('m1', '10.0.1.4', '10.0.1.0/24')], ['10.200.0.0/16']],
    ['free of a VPC with the first choice', [at('m1', '10.200.1.4', '10.200.1.0/24')], ['10.201.0.0/16']],
    ['free of the routes of all nodes', [at('m1', '192.0.2.1'), at('w1', '', '10.200.0.0/14')], ['10.204.0.0/16']],
    [
      'in another range when a route takes the whole first one',
      [at('m1', '192.0.2.1', '10.0.0.0/8')],
      ['172.31.0.0/16'],
    ],
    [
      "never Docker's own bridges",
      [at('m1', '192.0.2.1', '10.0.0.0/8', '172.24.0.0/13', '172.20.0.0/14', '172.16.0.0/16')],
      ['172.19.0.0/16'],
    ],
    [
      'the last private network when all others are taken',
      [at('m1', '192.0.2.1', '10.0.0.0/8', '172.16.0.0/12')],
      ['192.168.0.0/16'],
    ],
    ['undefined when none is free', [at('m1', '192.168.0.1', '10.0.0.0/8', '172.16.0.0/12')], undefined],
  ])('is %s', (_what, hosts, expected) => {
    expect(choosePool(hosts, 24)?.networks).toEqual(expected);
    expect(choosePool(hosts.toReversed(), 24)?.networks).toEqual(expected);
  });

  it('stays out of the whole /16 of an address behind a gateway, as its VPC may be that large', () => {
    const host = { ...at('m1', '192.0.2.1'), nearby: [{ address: '10.200.0.2', use: 'DNS server' } as const] };
    expect(choosePool([host], 24)).toEqual({
      networks: ['10.201.0.0/16'],
      reason: 'a DNS server of m1 is 10.200.0.2',
    });
  });

  it('has room for more than a few networks of the wanted size', () => {
    const hosts = [at('m1', '10.0.1.4', '10.0.1.0/24')];
    expect(choosePool(hosts, 20)?.networks).toEqual(['10.200.0.0/14']);
    expect(choosePool(hosts, 16)?.networks).toEqual(['10.192.0.0/10']);
  });

  it('names everything that takes private networks when none is free', () => {
    expect(noPoolBeside(takenBy(at('m1', '192.0.2.1', '10.0.0.0/8'))).output).toBe(
      'm1 has a route to 10.0.0.0/8 (eth0)\nthe address of m1 is 192.0.2.1',
    );
  });

  it('of the cluster file is compared together with the subnets of networks, each told with its place', async () => {
    const cluster = await clusterOf(`name: x
provider: { type: qemu }
swarm: { addressPool: [10.64.0.0/12, 10.96.0.0/12] }
networks:
  a: { subnet: 10.99.1.0/24 }
  b: { subnet: 10.5.0.0/24 }
  mine: { external: true }
`);
    const taken = takenBy(at('m1', '192.0.2.1', '10.99.0.0/16', '0.0.0.0/32'));
    const error = chosenOverlap(cluster, ['pool', 'subnets'], taken);
    expect(error?.message).toBe('2 networks of the cluster file overlap others');
    expect(error?.output?.split('\n')).toEqual([
      'swarm.addressPool 10.96.0.0/12 (swarmup.yaml:3:38) overlaps another network: m1 has a route to 10.99.0.0/16 (eth0)',
      'the subnet 10.99.1.0/24 of network a (swarmup.yaml:5:6) overlaps another network: m1 has a route to 10.99.0.0/16 (eth0)',
    ]);
    expect(chosenOverlap(cluster, ['subnets'], taken)?.fix).toMatch(/or name a free one: subnet: 10\.200\.255\.0\/24$/);
    expect(chosenOverlap(cluster, ['pool', 'subnets'], [])).toBeUndefined();
    expect(subnetsInTheWay(cluster)).toEqual([]);
  });

  it("is sent to the engine unless it is the engine's own", () => {
    expect(poolOptions(['10.0.0.0/8'], 24)).toEqual({});
    expect(poolOptions([], 24)).toEqual({});
    expect(poolOptions(['10.0.0.0/8'], 20)).toEqual({ DefaultAddrPool: ['10.0.0.0/8'], SubnetSize: 20 });
    expect(poolOptions(['10.200.0.0/16'], 24)).toEqual({ DefaultAddrPool: ['10.200.0.0/16'], SubnetSize: 24 });
  });

  it('takes gateways and DNS servers from the routes and both files of the resolver', () => {
    const output = [
      'default via 10.0.0.1 dev ens5 proto dhcp src 10.0.0.7 metric 100',
      '10.9.0.0/16 via 10.0.0.1 dev ens5',
      'nameserver 127.0.0.53',
      '# nameserver 9.9.9.9',
      'nameserver 10.0.0.2',
      'nameserver fd00::2',
    ].join('\n');
    expect(nearby.parse(output)).toEqual([
      { address: '10.0.0.1', use: 'gateway' },
      { address: '10.0.0.2', use: 'DNS server' },
    ]);
    expect(routes.parse(output)).toEqual([{ network: '10.9.0.0/16', device: 'ens5' }]);
  });
});

describe('IPv4 networks', () => {
  it('are divided into equal ones', () => {
    expect(blocksOf('192.168.0.0/16', 17)).toEqual(['192.168.0.0/17', '192.168.128.0/17']);
    expect(blocksOf('192.168.0.0/16', 15)).toEqual([]);
  });

  it('are widened to a size', () => {
    expect(networkAround('10.1.2.3', 16)).toBe('10.1.0.0/16');
    expect(networkAround('10.0.0.0/8', 16)).toBe('10.0.0.0/8');
  });
});
