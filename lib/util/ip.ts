// oxlint-disable-next-line no-restricted-imports -- these functions read texts, and open nothing
import { BlockList, isIP, isIPv6 } from 'node:net';

/** IP addresses and subnets of either family, as texts. */

export function isAddress(text: string): boolean {
  return isIP(text) !== 0;
}

/** An address in front of a port: IPv6 ones are in brackets. */
export function beforePort(address: string): string {
  return isIPv6(address) ? `[${address}]` : address;
}

const family = (address: string) => (isIPv6(address) ? 'ipv6' : 'ipv4');

/** Whether a text is a subnet of either family, such as 10.1.0.0/24. */
export function isSubnet(text: string): boolean {
  const [, address = '', prefix] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? [];
  const version = isIP(address);
  return version !== 0 && Number(prefix) <= (version === 6 ? 128 : 32);
}

/** Whether a subnet contains an address, or the first address of another subnet. Both are valid, of either family. */
export function contains(subnet: string, other: string): boolean {
  const [base = '', prefix = ''] = subnet.split('/');
  const [address = ''] = other.split('/');
  if (family(base) !== family(address)) return false;
  const block = new BlockList();
  block.addSubnet(base, Number(prefix), family(base));
  return block.check(address, family(address));
}

/**
 * Whether two subnets of either family, such as 10.0.0.0/24, have addresses in common. An address is a subnet of its
 * own; what is neither has none.
 */
export function overlaps(one: string, other: string): boolean {
  const [a, b] = [asSubnet(one), asSubnet(other)];
  return a !== undefined && b !== undefined && (contains(a, b) || contains(b, a));
}

function asSubnet(text: string): string | undefined {
  if (isSubnet(text)) return text;
  return isAddress(text) ? `${text}/${isIPv6(text) ? 128 : 32}` : undefined;
}

/** Whether two texts stand for the same subnet: 10.1.0.1/24 is 10.1.0.0/24, and fd00:0::/64 is fd00::/64. */
export function isSameSubnet(one: string, other: string): boolean {
  return one.split('/')[1] === other.split('/')[1] && contains(one, other);
}

export function isSameAddress(one: string, other: string): boolean {
  return contains(`${one}/${isIPv6(one) ? 128 : 32}`, other);
}
