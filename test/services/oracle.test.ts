import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseCluster } from '../../lib/config/load.ts';
import type { Cluster } from '../../lib/config/model.ts';
import { network } from '../../lib/config/network-schema.ts';
import { clusterFile } from '../../lib/config/schema.ts';
import { service } from '../../lib/config/service-schema.ts';
import { providerRegistry } from '../../lib/providers/index.ts';
import { FIELDS } from '../../lib/swarm/fields/index.ts';
import type { Names } from '../../lib/swarm/fields/field.ts';
import { settled } from '../../lib/swarm/initial.ts';
import { differing, networkBody } from '../../lib/swarm/networks.ts';
import { differingOptions } from '../../lib/swarm/options.ts';
import { differences, specification } from '../../lib/swarm/service-spec.ts';
import type { ServiceSpecification } from '../../lib/contracts/swarm-types.ts';
import { listenAddress } from '../../lib/swarm/addresses.ts';
import { clientVersion, idOf, RecordingEngine } from '../support/recording-engine.ts';
import { ENVIRONMENT, FILES, nameOf, NETWORKS, SERVICES, SWARMS, TOP, type Case } from './cases.ts';
import { COMMANDS, optionsIn, optionsOf, type Kind } from './commands.ts';
import { comparableNetwork, comparableService, comparableSwarm, essence, withDefaults } from './comparable.ts';

type Body = Readonly<Record<string, unknown>>;

/** Requests of Docker's client 28, written by record.ts. */
const RECORDED = JSON.parse(readFileSync(new URL('recorded.json', import.meta.url), 'utf8')) as Record<
  Kind,
  { readonly options: readonly string[]; readonly bodies: Readonly<Record<string, Body>> }
>;
const CASES = { service: SERVICES, network: NETWORKS, swarm: SWARMS } as const satisfies Record<Kind, readonly Case[]>;

const KINDS = ['service', 'network', 'swarm'] as const;

const folder = mkdtempSync(join(tmpdir(), 'swarmup-oracle-'));
for (const [name, text] of Object.entries(FILES)) writeFileSync(join(folder, name), text);

function parsed(text: string): Promise<Cluster> {
  return parseCluster(`name: test\nprovider: { type: qemu }\n${text}`, {
    file: join(folder, 'swarmup.yaml'),
    shown: 'swarmup.yaml',
    stateRoot: join(folder, '.swarmup'),
    env: ENVIRONMENT,
    providers: providerRegistry,
  });
}

const known = new Map<string, Promise<Cluster>>();

function withService(file: string): Promise<Cluster> {
  const body = file === '' ? '' : `, ${file}`;
  const cluster = known.get(file) ?? parsed(`${TOP}services: { web: { image: nginx${body} } }\n`);
  known.set(file, cluster);
  return cluster;
}

const withNetwork = (file: string) => parsed(`networks: { back: { ${file} } }\n`);
const withSwarm = (file: string) => parsed(`swarm: { ${file} }\n`);

/** The objects of the recording engine, as the managers would list them. */
const NAMES: Names = {
  networks: new Map(['back', 'front', 'host'].map((name) => [idOf(name), name])),
  objects: new Map(
    ['secret key', 'secret cert', 'config motd', 'config cred'].map((key) => [key, idOf(key.split(' ')[1] ?? '')]),
  ),
};

function sent({ services }: Cluster, current?: ServiceSpecification): ServiceSpecification {
  return specification(services[0]!, 'nginx:latest', 'test', { current, names: NAMES });
}

function initialised(cluster: Cluster): object {
  const body = settled(cluster) as { readonly Spec: object };
  const Spec = differingOptions(body.Spec, cluster.swarm).reduce<object>((spec, { write }) => write(spec), body.Spec);
  const { dataPathAddress: DataPathAddr } = cluster.swarm;
  return { ...body, Spec, ListenAddr: listenAddress(cluster), AdvertiseAddr: '10.0.0.1', DataPathAddr };
}

const titled = (cases: readonly Case[]) => cases.map((one) => [nameOf(one), one] as const);

describe('a service in a cluster file asks for what docker service create asks for', () => {
  it.each(titled(SERVICES))('%s', async (name, { file }) => {
    const expected = comparableService(RECORDED.service.bodies[name]!);
    expect(comparableService(sent(await withService(file)))).toEqual(expected);
  });
});

describe('a network in a cluster file asks for what docker network create asks for', () => {
  it.each(titled(NETWORKS))('%s', async (name, { file }) => {
    const [wanted] = (await withNetwork(file)).networks;
    expect(comparableNetwork(networkBody(wanted!, 'test'))).toEqual(comparableNetwork(RECORDED.network.bodies[name]!));
  });
});

describe('a swarm in a cluster file becomes what docker swarm init makes', () => {
  it.each(titled(SWARMS))('%s', async (name, { file }) => {
    expect(comparableSwarm(initialised(await withSwarm(file)))).toEqual(comparableSwarm(RECORDED.swarm.bodies[name]!));
  });
});

describe('the options of the client', () => {
  /** Options that aren't keys, and why. */
  const APART: Readonly<Record<Kind, readonly string[]>> = {
    // swarmup names the service, waits for it, looks its image up, and images.registryAuth is for all services.
    service: ['name', 'detach', 'quiet', 'no-resolve-image', 'with-registry-auth'],
    // A configuration of one node's networks isn't part of a swarm.
    network: ['config-only'],
    // Nodes have an address and an availability each; `swarmup recover` is the third.
    swarm: ['advertise-addr', 'availability', 'force-new-cluster'],
  };

  it.each(KINDS)('of docker %s are all keys of a cluster file', (kind) => {
    const used = optionsIn(CASES[kind]);
    const missing = RECORDED[kind].options.filter((option) => !used.has(option) && !APART[kind].includes(option));
    expect(missing).toEqual([]);
  });

  it('cover every key of services, networks and the swarm', () => {
    const keysOf = (cases: readonly Case[]) => cases.flatMap(({ keys }) => keys);
    const shape = (schema: { readonly shape: object }) => Object.keys(schema.shape);
    const own = ['verify', 'dependsOn'];
    expect(shape(service).filter((key) => !own.includes(key) && !keysOf(SERVICES).includes(key))).toEqual([]);
    expect(shape(network).filter((key) => !keysOf(NETWORKS).includes(key))).toEqual([]);
    const { swarm } = clusterFile.shape;
    // The Engine API has them, and Docker's client has not.
    const beyond = ['rotateTokens', 'logEntriesForSlowFollowers'];
    const keys = shape(swarm.unwrap() as unknown as { shape: object }).filter((key) => !beyond.includes(key));
    expect(keys.filter((key) => !keysOf(SWARMS).includes(key))).toEqual([]);
  });

  it('cover every row that is compared', () => {
    const keys = SERVICES.flatMap((one) => one.keys);
    expect(FIELDS.map(({ name }) => name).filter((name) => !keys.includes(name))).toEqual([]);
  });
});

describe('every key of a service', () => {
  it.each(titled(SERVICES))(
    'changes nothing when applied again, and is reset when it leaves the file: %s',
    async (_, { file }) => {
      const cluster = await withService(file);
      const [wanted] = cluster.services;
      const asIs = (spec: ServiceSpecification) => ({ ID: 's', Version: { Index: 1 }, Spec: structuredClone(spec) });
      const first = sent(cluster);
      expect(differences(asIs(first), wanted!, NAMES)).toEqual([]);

      const bare = await withService(/^mode: [a-z-]+/.exec(file)?.[0] ?? '');
      const undone = sent(bare, first);
      expect(essence(withDefaults(undone))).toEqual(essence(withDefaults(sent(bare))));
      expect(differences(asIs(undone), bare.services[0]!, NAMES)).toEqual([]);
    },
  );

  /** The keys that every file has, as it were; those of a mode; and labels, which aren't a row. */
  const EVERY = ['image', 'ports', 'env', 'environment', 'envFile', 'constraints', 'labels'];
  const OF_MODES = ['mode', 'replicas', 'total', 'concurrent'];
  const byHand = SERVICES.filter(({ keys: [key = ''] }) => ![...EVERY, ...OF_MODES].includes(key));

  it.each(titled(byHand))('is left alone if it was never in the file: %s', async (_, { keys, file }) => {
    const rows = FIELDS.filter(({ name }) => keys.includes(name));
    const at = (spec: object) =>
      rows.map(({ path }) => path.reduce<unknown>((inner, step) => (inner as Body | undefined)?.[step], spec));
    const hands = sent(await withService(file));
    const others = await withService('replicas: 5');
    expect(at(sent(others, { ...hands, Labels: {} }))).toEqual(at(hands));
    expect(
      differences({ ID: 's', Version: { Index: 1 }, Spec: { ...hands, Labels: {} } }, others.services[0]!, NAMES),
    ).toEqual(expect.not.arrayContaining(keys.map((key) => expect.objectContaining({ path: [key] }) as unknown)));
  });
});

describe('every key of a network', () => {
  /** The network as managers list it. Source: moby, daemon/cluster/convert/network.go. */
  const listed = (body: object) => {
    const found = body as Body & { readonly Name: string };
    const labels = found['Labels'] as Record<string, string>;
    return { id: 'n', name: found.Name, labels, settled: true, found: { Id: 'n', Scope: 'swarm', ...found } };
  };

  it.each(titled(NETWORKS))('is as it should be once the network is made: %s', async (_, { file }) => {
    const [wanted] = (await withNetwork(file)).networks;
    expect(differing(listed(networkBody(wanted!, 'test')), wanted!)).toBeUndefined();
  });

  it.each(titled(NETWORKS.filter(({ keys }) => !keys.includes('external'))))(
    'is missed on a network without it: %s',
    async (_, { file }) => {
      const [plain] = (await withNetwork('')).networks;
      const [wanted] = (await withNetwork(file)).networks;
      const found = listed(networkBody(plain!, 'test'));
      expect(differing(found, wanted!)).toMatch(/^[a-zA-Z0-9.]+: /);
    },
  );

  it('is compared by what it means: the managers write subnets and addresses their own way', async () => {
    const [wanted] = (await withNetwork("subnets: [10.1.0.9/24, { subnet: 'fd00:0:0::/64', gateway: 'fd00::0:1' }]"))
      .networks;
    const Config = [
      { Subnet: 'fd00::/64', Gateway: 'fd00::1' },
      { Subnet: '10.1.0.0/24', Gateway: '10.1.0.1' },
    ];
    const found = listed({ ...networkBody(wanted!, 'test'), IPAM: { Driver: 'default', Config } });
    expect(differing(found, wanted!)).toBeUndefined();
  });
});

describe.runIf(clientVersion === '28')('the recorded requests and options are those of the installed client', () => {
  const engine = new RecordingEngine();
  beforeAll(() => engine.start());
  afterAll(() => engine.stop());

  it.each(KINDS)('of docker %s', (kind) => {
    expect(optionsOf(COMMANDS[kind].words)).toEqual(RECORDED[kind].options);
    expect(Object.keys(RECORDED[kind].bodies)).toEqual(CASES[kind].map(nameOf));
  });

  it.each(KINDS.flatMap((kind) => titled(CASES[kind]).map(([name, one]) => [kind, name, one] as const)))(
    'of docker %s: %s',
    async (kind, name, one) => {
      const { body } = await engine.record(COMMANDS[kind].of(one), folder, ENVIRONMENT);
      expect(essence(body)).toEqual(essence(RECORDED[kind].bodies[name]));
    },
  );
});
