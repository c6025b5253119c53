import { describe, expect, it } from 'vitest';
import { clusterOf } from '../support/cluster.ts';
import { shellWords } from '../../lib/util/shell-words.ts';

const HEAD = `name: test
provider: { type: qemu }
secrets: { key: { value: v } }
`;

async function mistakes(part: string, head = HEAD): Promise<string> {
  return clusterOf(`${head}${part}\n`).then(
    () => '',
    (error: unknown) => (error as Error).message,
  );
}

describe('a service that Docker would refuse is a mistake with its place', () => {
  it.each([
    [
      'mode: global, replicas: 2',
      'replicas',
      /expected no replicas with mode: global, which runs one task on every node/,
    ],
    ['mode: replicated-job, replicas: 2', 'replicas', /expected total with mode: replicated-job/],
    ['total: 2', 'total', /expected it only with mode: replicated-job/],
    ['mode: global-job, concurrent: 2', 'concurrent', /expected no concurrent with mode: global-job/],
    ['mode: global, maxReplicasPerNode: 2', 'maxReplicasPerNode', /expected no maxReplicasPerNode with mode: global/],
    ['mode: replicated-job, update: {}', 'update', /expected it only with mode: replicated or global/],
    ['mode: global-job, rollback: {}', 'rollback', /expected no rollback with mode: global-job/],
    ["endpointMode: dnsrr, ports: ['80:80']", 'ports', /expected ports with mode: host/],
    ['env: { A: 1 }, environment: { A: 1 }', 'environment', /expected only one of env and environment/],
    ['env: [=1]', 'env.0', /expected NAME=VALUE/],
    ['replicas: "3"', 'replicas', /expected a number, found a text/],
    ['ports: 80', 'ports', /expected a list, found a number/],
    ['labels: 3', 'labels', /expected a mapping, found a number/],
    ['replicas: 1.5', 'replicas', /expected a whole number, found 1\.5/],
    ['limits: { memory: 512Mi }', 'limits.memory', /expected a size such as 512MiB/],
    ['stopGracePeriod: 9999999h', 'stopGracePeriod', /expected a time such as 10s/],
    ['env: { A: [1] }', 'env.A', /expected a text, found a list/],
    ["ports: ['80-81:80-82']", 'ports.0', /two ranges of the same length, or one target: 2 published, 3 targets/],
    ["ports: ['0:80']", 'ports.0', /port numbers from 1 to 65535/],
    ["ports: ['90-80:80']", 'ports.0', /the smaller one first/],
    ["ports: ['70000']", 'ports.0', /port numbers from 1 to 65535/],
    ["ports: ['127.0.0.1:80:80']", 'ports.0', /expected PUBLISHED:TARGET in quotes/],
    ['ports: [80:80/icmp]', 'ports.0', /expected PUBLISHED:TARGET in quotes/],
    ['ports: [{ published: 80 }]', 'ports.0.target', /is missing/],
    ['mounts: [./data:/data]', 'mounts.0', /the folder of this file is not on them/],
    ['mounts: ["my data:/data"]', 'mounts.0', /letters, digits and _\.- between them/],
    ['mounts: ["d:/data"]', 'mounts.0', /letters, digits and _\.- between them/],
    ['mounts: [data:data]', 'mounts.0', /expected SOURCE:TARGET/],
    ['mounts: ["data:/data:z"]', 'mounts.0', /expected SOURCE:TARGET/],
    ['mounts: [{ type: bind, target: /a }]', 'mounts.0.source', /an absolute path on the nodes/],
    ['mounts: [{ type: bind, source: a, target: /a }]', 'mounts.0.source', /an absolute path on the nodes/],
    [
      'mounts: [{ type: volume, source: data, target: /a, size: 1m }]',
      'mounts.0.size',
      /only with type: tmpfs, not volume/,
    ],
    [
      'mounts: [{ type: tmpfs, target: /a, subpath: x }]',
      'mounts.0.subpath',
      /only with type: volume or image, not tmpfs/,
    ],
    ['mounts: [{ type: tmpfs, source: x, target: /a }]', 'mounts.0.source', /expected no source/],
    ['mounts: [{ type: image, target: /a }]', 'mounts.0.source', /expected a source with type: image/],
    ['mounts: [{ type: bind, source: /a, target: /a, recursive: readonly }]', 'mounts.0.recursive', /readOnly: true/],
    [
      'mounts: [{ type: bind, source: /a, target: /a, readOnly: true, recursive: readonly }]',
      'mounts.0.recursive',
      /propagation: rprivate/,
    ],
    ['mounts: [{ type: tmpfs, target: /a, mode: 1777 }]', 'mounts.0.mode', /leading zero: 01777/],
    ['credentialSpec: { file: a, registry: b }', 'credentialSpec', /expected one of config, file and registry/],
    ['limits: { cpus: 0.0001 }', 'limits.cpus', /at least 0\.001/],
    ['limits: { memory: 1m }', 'limits.memory', /at least 4MiB/],
    ['limits: { memory: much }', 'limits.memory', /expected a size such as 512MiB/],
    ['reservations: { genericResources: { gpu: some } }', 'reservations.genericResources.gpu', /how many a task needs/],
    ["ulimits: { nofile: '2:1' }", 'ulimits.nofile', /not above the hard one/],
    ["ulimits: { nofile: 'a' }", 'ulimits.nofile', /SOFT:HARD/],
    ['ulimits: { nofile: { soft: -1, hard: 5 } }', 'ulimits.nofile', /not above the hard one/],
    ['oomScoreAdj: 2000', 'oomScoreAdj', /expected at most 1000/],
    ['dns: [example.org]', 'dns.0', /expected an IP address/],
    ['dnsSearch: [-x]', 'dnsSearch.0', /expected a domain/],
    ["extraHosts: ['a']", 'extraHosts.0', /NAME:ADDRESS/],
    ["extraHosts: ['a:b']", 'extraHosts.0', /NAME:ADDRESS/],
    ['extraHosts: { a: b }', 'extraHosts.a', /an IP address, or host-gateway/],
    [`command: 'sh -c "x'`, 'command', /closed quotes/],
    ['stopGracePeriod: 10', 'stopGracePeriod', /expected a time such as 10s/],
    ['isolation: strong', 'isolation', /default, process, hyperv/],
    ['restart: always', 'restart', /none, on-failure, any/],
    ['healthcheck: { retries: 0 }', 'healthcheck.retries', /expected 1 or more/],
  ])('%s', async (body, place, message) => {
    const said = await mistakes(`services: { web: { image: x, ${body} } }`);
    expect(said).toContain(`services.web.${place}`);
    expect(said).toMatch(/swarmup\.yaml:4:\d+: /);
    expect(said).toMatch(message);
  });
});

describe('a key of a Compose file', () => {
  it.each([
    ['services: { web: { image: x, volumes: [a] } }', /unknown key 'volumes' in services\.web[^]*expected mounts$/m],
    ['services: { web: { image: x, depends_on: [a] } }', /'depends_on'[^]*expected dependsOn$/m],
    ['services: { web: { image: x, healthcheck: { disable: true } } }', /'disable'[^]*expected healthcheck: none$/m],
    ['networks: { n: { driver_opts: { a: b } } }', /'driver_opts' in networks\.n[^]*expected options$/m],
  ])('is answered with the name that it has in a cluster file: %s', async (body, message) => {
    expect(await mistakes(body)).toMatch(message);
  });
});

describe('a network that Docker would refuse is a mistake with its place', () => {
  it.each([
    ['gateway: 10.1.0.1', 'gateway', /expected it with subnet/],
    ['subnet: 10.1.0.0/24, gateway: 10.2.0.1', 'gateway', /expected it to be in 10\.1\.0\.0\/24/],
    ['subnet: 10.1.0.0/24, ipRange: 10.2.0.0/25', 'ipRange', /expected it to be in/],
    ['subnet: 10.1.0.0/24, auxAddresses: { a: "fd00::1" }', 'auxAddresses.a', /expected it to be in/],
    ['subnet: 10.1.0.0/24, subnets: [10.2.0.0/24]', 'subnets', /only one of subnet and subnets/],
    ['subnets: [10.1.0.0/16, 10.1.5.0/24]', 'subnets.1', /do not overlap/],
    ['subnets: [{ subnet: 10.1.0.0/16, gateway: 10.2.0.1 }]', 'subnets.0.gateway', /expected it to be in/],
    ['subnet: 10.1.0.0', 'subnet', /a subnet such as/],
    ['ingress: true, attachable: true', 'attachable', /no attachable with ingress/],
    ['mtu: 9', 'mtu', /expected 68 or more/],
    ['scope: local', 'scope', /swarm/],
  ])('%s', async (body, place, message) => {
    const said = await mistakes(`networks: { back: { ${body} } }`, 'name: test\nprovider: { type: qemu }\n');
    expect(said).toContain(`networks.back.${place}`);
    expect(said).toMatch(/swarmup\.yaml:3:\d+: /);
    expect(said).toMatch(message);
  });
});

describe('settings of a swarm that the engine would refuse are mistakes with their place', () => {
  it.each([
    ["listen: 'eth0:0'", 'listen', /an address or a network interface, and a port/],
    ["listen: 'a b'", 'listen', /an address or a network interface, and a port/],
    ['dataPathAddress: a/b', 'dataPathAddress', /an IP address, or a network interface/],
    ['externalCA: { url: "http://ca" }', 'externalCA', /begins with https/],
    ['externalCA: { url: "https://ca", protocol: acme }', 'externalCA', /cfssl/],
    ['externalCA: { url: "https://ca", ca: none.pem }', 'externalCA', /none\.pem does not exist/],
    ['externalCA: { url: "https://ca", ca: portainer.yml }', 'externalCA', /portainer\.yml has no certificate/],
    ['taskHistory: -2', 'taskHistory', /expected -1 or more/],
  ])('%s', async (body, _place, message) => {
    const said = await mistakes(`swarm: { ${body} }`);
    expect(said).toMatch(/swarmup\.yaml:4:\d+: /);
    expect(said).toMatch(message);
  });

  it('are per node where nodes differ', async () => {
    const { nodes, swarm } = await clusterOf(
      'name: x\nprovider: { type: qemu }\nswarm: { dataPathAddress: eth1 }\nnodes: [{ name: a, role: manager, dataPathAddress: 10.9.0.1 }, { name: b, role: worker }]\n',
    );
    expect(nodes.map(({ dataPathAddress }) => dataPathAddress)).toEqual(['10.9.0.1', undefined]);
    expect(swarm).toMatchObject({ dataPathAddress: 'eth1', listen: { address: '0.0.0.0', port: 2377 } });
  });
});

describe('mounts', () => {
  it.each([
    ['/data', { type: 'volume', target: '/data', readOnly: false }],
    ['data:/data:ro,nocopy', { type: 'volume', source: 'data', target: '/data', readOnly: true, noCopy: true }],
    ['/srv/www:/www:rw', { type: 'bind', source: '/srv/www', target: '/www', readOnly: false }],
    ['C:\\data:C:\\in', { type: 'bind', source: 'C:\\data', target: 'C:\\in', readOnly: false }],
    ['{{.Service.Name}} data:/d', { type: 'volume', source: '{{.Service.Name}} data', target: '/d', readOnly: false }],
    ['vol:C:/in:ro', { type: 'volume', source: 'vol', target: 'C:/in', readOnly: true }],
  ])('in short form, %s', async (written, mount) => {
    const { services } = await clusterOf(`${HEAD}services: { web: { image: x, mounts: ['${written}'] } }\n`);
    expect(services[0]?.mounts).toEqual([mount]);
  });

  it('of tmpfs take the options of the file system', async () => {
    const { services } = await clusterOf(
      `${HEAD}services: { web: { image: x, mounts: [{ type: tmpfs, target: /t, options: [noexec, uid=1000] }] } }\n`,
    );
    expect(services[0]?.mounts?.[0]?.options).toEqual({ noexec: '', uid: '1000' });
  });
});

describe('words of a line', () => {
  // Recorded from `docker service create --entrypoint LINE`, version 28.2.2.
  it.each([
    ['a  b\tc\nd', ['a', 'b', 'c', 'd']],
    [`a 'b c' "d e"`, ['a', 'b c', 'd e']],
    [`a'b'"c"d`, ['abcd']],
    ['a\\ b c\\"d', ['a b', 'c"d']],
    ['"a\\n\\"b\\\\"', ['an"b\\']],
    [`'a\\b'`, ['a\\b']],
    [`"" ''`, ['', '']],
    ['a # b\nc', ['a', 'c']],
    ['a#b', ['a#b']],
    ['#a', []],
    [`''#a`, ['#a']],
    ['a\\#b', ['a#b']],
    ['$A `b` *', ['$A', '`b`', '*']],
    ['é ü', ['é', 'ü']],
    ['a "', undefined],
    [`a '`, undefined],
    ['a\\', undefined],
    ['"a\\', undefined],
    ['', []],
  ])('are those of Docker: %j', (line, words) => {
    expect(shellWords(line)).toEqual(words);
  });
});
