import type { NetworkSpec } from '../config/model.ts';
import type { Engine } from '../contracts/engine.ts';
import { inspectSwarmNetwork } from '../remote/engine-api.ts';
import { isSameAddress, isSameSubnet } from '../util/ip.ts';
import { OWNER_LABEL, type Labels } from './labels.ts';

/** A network of the swarm: what a new one is made from, and how an existing one differs. */
export interface SwarmNetwork {
  readonly id: string;
  readonly name: string;
  /** As the managers list it. */
  readonly found: ListedNetwork;
  readonly labels: Labels;
  /** Whether the managers have chosen its driver, options and subnets, which takes them a moment. */
  readonly settled: boolean;
}

/** Source: the response to GET /networks. */
interface ListedNetwork {
  readonly Id: string;
  readonly Name: string;
  readonly Scope: string;
  readonly Driver?: string;
  readonly Attachable?: boolean;
  readonly Internal?: boolean;
  readonly Ingress?: boolean;
  readonly EnableIPv6?: boolean;
  readonly ConfigFrom?: { readonly Network?: string } | null | undefined;
  readonly Options?: Readonly<Record<string, string>> | null | undefined;
  readonly IPAM?:
    { readonly Driver?: string | undefined; readonly Config?: readonly ListedSubnet[] | null | undefined } | undefined;
  readonly Labels?: Labels | null | undefined;
}

interface ListedSubnet {
  readonly Subnet?: string | undefined;
  readonly Gateway?: string | undefined;
  readonly IPRange?: string | undefined;
}

/** The networks of the swarm, of any driver. Source: GET /networks. */
export async function listNetworks(manager: Engine): Promise<readonly SwarmNetwork[]> {
  const networks = await manager.call('list the networks', (docker): Promise<readonly ListedNetwork[]> =>
    // Not by their driver, which the managers set a moment after creating a network.
    docker.listNetworks({ filters: JSON.stringify({ scope: ['swarm'] }) }),
  );
  return networks
    .filter(({ Scope }) => Scope === 'swarm')
    .map((found) => ({
      id: found.Id,
      name: found.Name,
      found,
      labels: found.Labels ?? {},
      settled: (found.Driver ?? '') !== '',
    }));
}

/**
 * The swarm's counterparts of networks that every node has, such as host; the managers don't list them. Those that it
 * has none of are left out: the engine says so when a service names one. Source: moby, daemon/cluster/networks.go.
 */
export async function nodesOwnNetworks(
  manager: Engine,
  names: readonly string[],
): Promise<readonly { readonly id: string; readonly name: string }[]> {
  const found = await Promise.all(
    names.map(async (name) => {
      const one = await manager.find(`read the network ${name}`, (docker): Promise<{ readonly Id: string }> =>
        inspectSwarmNetwork(docker, name),
      );
      return one ? [{ id: one.Id, name }] : [];
    }),
  );
  return found.flat();
}

type Told = string | boolean | undefined;

/** The request that creates a network. Source: POST /networks/create. */
export function networkBody(
  network: NetworkSpec,
  cluster: string,
): { readonly Name: string; readonly [key: string]: unknown } {
  const { name, driver, attachable, internal, ingress, scope, ipv4, ipv6, configFrom, ipamDriver } = network;
  const { options, encrypted, labels, ipamOptions, subnets } = network;
  const hasIpam = subnets.length > 0 || ipamDriver !== undefined || Object.keys(ipamOptions).length > 0;
  const config = subnets.map(({ subnet, gateway, ipRange, auxAddresses }) => ({
    Subnet: subnet,
    ...(gateway === undefined ? {} : { Gateway: gateway }),
    ...(ipRange === undefined ? {} : { IPRange: ipRange }),
    ...(auxAddresses === undefined ? {} : { AuxiliaryAddresses: auxAddresses }),
  }));
  return {
    Name: name,
    Driver: driver,
    Attachable: attachable,
    Internal: internal,
    Options: { ...options, ...(encrypted ? { encrypted: '' } : {}) },
    Labels: { ...labels, [OWNER_LABEL]: cluster },
    ...(ingress ? { Ingress: true } : {}),
    ...(scope === undefined ? {} : { Scope: scope }),
    ...(ipv4 === undefined ? {} : { EnableIPv4: ipv4 }),
    ...(ipv6 === undefined ? {} : { EnableIPv6: ipv6 }),
    ...(configFrom === undefined ? {} : { ConfigFrom: { Network: configFrom } }),
    ...(hasIpam ? { IPAM: { Driver: ipamDriver ?? 'default', Options: ipamOptions, Config: config } } : {}),
  };
}

/**
 * What a network has that the cluster file says otherwise, such as `attachable: false`; undefined if nothing. Options
 * that only the network has are the managers' own, as is an address pool's subnet. Swarm doesn't keep `auxAddresses`.
 */
export function differing({ found, labels }: SwarmNetwork, wanted: NetworkSpec): string | undefined {
  const options = found.Options ?? {};
  const pairs: readonly (readonly [key: string, has: Told, wants: Told])[] = [
    ['driver', found.Driver, wanted.driver],
    ['attachable', found.Attachable ?? false, wanted.attachable],
    ['encrypted', options['encrypted'] !== undefined, wanted.encrypted || wanted.options['encrypted'] !== undefined],
    ['internal', found.Internal ?? false, wanted.internal],
    ['ingress', found.Ingress ?? false, wanted.ingress],
    ['ipv6', found.EnableIPv6 ?? false, wanted.ipv6 ?? found.EnableIPv6 ?? false],
    ['configFrom', found.ConfigFrom?.Network ?? '', wanted.configFrom ?? ''],
    ['ipamDriver', found.IPAM?.Driver ?? 'default', wanted.ipamDriver ?? found.IPAM?.Driver ?? 'default'],
    ...Object.entries(wanted.options).map(([key, value]) => [`options.${key}`, options[key], value] as const),
    ...Object.entries(wanted.labels).map(([key, value]) => [`labels.${key}`, labels[key], value] as const),
  ];
  const pair = pairs.find(([, has, wants]) => has !== wants);
  if (pair) return `${pair[0]}: ${pair[1] === undefined || pair[1] === '' ? 'none' : String(pair[1])}`;
  return differingSubnet(found.IPAM?.Config ?? [], wanted.subnets);
}

function differingSubnet(found: readonly ListedSubnet[], wanted: NetworkSpec['subnets']): string | undefined {
  for (const { subnet, gateway, ipRange } of wanted) {
    const own = found.find(({ Subnet }) => Subnet !== undefined && isSameSubnet(Subnet, subnet));
    if (!own) return `subnet: ${found.flatMap(({ Subnet }) => Subnet ?? []).join(', ')}`;
    if (gateway !== undefined && !(own.Gateway && isSameAddress(own.Gateway, gateway)))
      return `gateway: ${own.Gateway ?? 'none'}`;
    if (ipRange !== undefined && !(own.IPRange && isSameSubnet(own.IPRange, ipRange)))
      return `ipRange: ${own.IPRange ?? 'none'}`;
  }
  return undefined;
}
