/** An IPv4 network as its first address and its prefix length. */
interface Network {
  readonly first: number;
  readonly bits: number;
}

/** Parses 10.0.0.0/24 or 10.0.0.1, which is a network with one address. */
function parse(text: string): Network | undefined {
  const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)(?:\/(\d+))?$/.exec(text);
  if (!match) return undefined;
  const [a = 0, b = 0, c = 0, d = 0] = match.slice(1, 5).map(Number);
  const bits = Number(match[5] ?? 32);
  const size = 2 ** (32 - bits);
  return { first: Math.floor((a * 2 ** 24 + b * 2 ** 16 + c * 2 ** 8 + d) / size) * size, bits };
}

function textOf(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');
}

/** An address of a network, counted from its first: addressIn('192.168.56.0/24', 11) is 192.168.56.11. */
export function addressIn(network: string, number: number): string {
  const parsed = parse(network);
  if (!parsed || number < 0 || number >= 2 ** (32 - parsed.bits))
    throw new Error(`${network} has no address ${number}`);
  return textOf(parsed.first + number);
}

/** A network's mask: 255.255.255.0 for a /24. */
export function maskOf(network: string): string {
  const parsed = parse(network);
  if (!parsed) throw new Error(`${network} is not a network`);
  return textOf(2 ** 32 - 2 ** (32 - parsed.bits));
}

/** All networks of a prefix length in a network, in order; none if the network is smaller. */
export function blocksOf(network: string, bits: number): string[] {
  const parsed = parse(network);
  if (!parsed || bits < parsed.bits) return [];
  const size = 2 ** (32 - bits);
  return Array.from({ length: 2 ** (bits - parsed.bits) }, (_, i) => `${textOf(parsed.first + i * size)}/${bits}`);
}

/** The network of at least this size around a network or an address: networkAround('10.1.2.3', 16) is 10.1.0.0/16. */
export function networkAround(network: string, bits: number): string {
  const parsed = parse(network);
  if (!parsed || parsed.bits <= bits) return network;
  const size = 2 ** (32 - bits);
  return `${textOf(Math.floor(parsed.first / size) * size)}/${bits}`;
}
