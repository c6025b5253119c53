import type { NetworkSpec } from './model.ts';
import type { Reporter } from './reporter.ts';
import type { ClusterFile } from './schema.ts';
import { overlaps } from '../util/ip.ts';

/** Networks that every node has of itself. Source: moby, daemon/network, IsPredefined. */
const NODES_OWN = ['host', 'none', 'bridge'];

export function isNodesOwn(name: string): boolean {
  return NODES_OWN.includes(name);
}

/**
 * The driver's option with the MTU of the links between nodes; overlay takes VXLAN's 50 bytes off itself. Source: moby,
 * daemon/libnetwork/netlabel and drivers/overlay, maxMTU.
 */
export const MTU_OPTION = 'com.docker.network.driver.mtu';

export function convertNetworks({ networks }: ClusterFile, reporter: Reporter): NetworkSpec[] {
  const all = converted(networks, reporter);
  noSubnetTwice(all, reporter);
  return all;
}

/** Overlay networks share one address space: the managers never make one that overlaps another. */
function noSubnetTwice(networks: readonly NetworkSpec[], reporter: Reporter): void {
  const seen: { readonly name: string; readonly subnet: string }[] = [];
  for (const { name, driver, external, subnets } of networks) {
    if (external || driver !== 'overlay') continue;
    for (const { subnet } of subnets) {
      const other = seen.find((one) => overlaps(one.subnet, subnet));
      if (other)
        reporter.wrong(
          ['networks', name],
          `its subnet ${subnet} overlaps ${other.name === name ? 'another one of its own' : `that of network ${other.name}`}, ${other.subnet}`,
          'expected subnets without common addresses',
        );
      seen.push({ name, subnet });
    }
  }
}

function converted(networks: ClusterFile['networks'], reporter: Reporter): NetworkSpec[] {
  return Object.entries(networks).map(([name, { mtu, subnet, gateway, ipRange, auxAddresses, ...network }]) => {
    if (isNodesOwn(name))
      reporter.wrong(['networks', name], `every node has a network ${name}`, 'expected another name');
    const { options, subnets } = network;
    return {
      ...network,
      name,
      options: mtu === undefined ? options : { [MTU_OPTION]: String(mtu), ...options },
      subnets: subnet === undefined ? subnets : [{ subnet, gateway, ipRange, auxAddresses }],
    };
  });
}
