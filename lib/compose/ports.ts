import type { Value } from './values.ts';

/** Ports in their short form. Sources: docker/go-connections, nat; docker/cli, opts/swarmopts. */
export interface ShortPort {
  readonly mode: 'ingress';
  readonly target?: number;
  readonly published?: number;
  readonly protocol: 'tcp' | 'udp' | 'sctp';
}

interface Spec {
  readonly host: readonly [number, number] | undefined;
  readonly container: readonly [number, number];
  readonly protocol: ShortPort['protocol'];
}

/** Whether a value is a port in Docker's short form. */
export function isPortText(value: Value): boolean {
  return (typeof value === 'string' || typeof value === 'number') && readSpec(String(value)) !== undefined;
}

/** How many ports a text stands for, without making them. */
export function countPorts(text: string): number {
  const spec = readSpec(text);
  if (!spec) return 0;
  const [from, to] = spec.host ?? spec.container;
  return to - from + 1;
}

/**
 * The ports of `[ADDRESS:][PUBLISHED:]TARGET[/PROTOCOL]`, where PUBLISHED and TARGET may be ranges. Docker ignores the
 * address, and sorts the ports of a range as texts.
 */
export function shortPorts(text: string): readonly ShortPort[] | undefined {
  const spec = readSpec(text);
  if (!spec) return undefined;
  const { host, container, protocol } = spec;
  const [from, to] = container;
  const one = (target: number, published: number): ShortPort => ({
    mode: 'ingress',
    ...(target === 0 ? {} : { target }),
    ...(published === 0 ? {} : { published }),
    protocol,
  });
  if (from === to) {
    const [first, last] = host ?? [0, 0];
    return Array.from({ length: last - first + 1 }, (_, i) => one(from, first + i));
  }
  const targets = Array.from({ length: to - from + 1 }, (_, i) => from + i);
  const sorted = targets.toSorted((a, b) => (`${a}/` < `${b}/` ? -1 : 1));
  return sorted.map((target) => one(target, host ? host[0] + target - from : 0));
}

function readSpec(text: string): Spec | undefined {
  const parts = text.split(':');
  const [containerText = ''] = parts.slice(-1);
  const hostText = parts.length > 1 ? (parts.at(-2) ?? '') : '';
  const address = parts.slice(0, -2).join(':');
  const [portText = '', protocolText = ''] = containerText.split('/');
  const protocol = (protocolText === '' ? 'tcp' : protocolText).toLowerCase();
  const container = readRange(portText);
  const host = hostText === '' ? undefined : readRange(hostText);
  if (!isAddress(address) || !container || (hostText !== '' && !host)) return undefined;
  if (protocol !== 'tcp' && protocol !== 'udp' && protocol !== 'sctp') return undefined;
  const width = container[1] - container[0];
  if (host && width > 0 && host[1] - host[0] !== width) return undefined;
  return { host, container, protocol };
}

function readRange(text: string): readonly [number, number] | undefined {
  const [first = '', last = first] = text.split('-');
  if (!isPort(first) || !isPort(last) || Number(last) < Number(first)) return undefined;
  return [Number(first), Number(last)];
}

function isPort(text: string): boolean {
  return /^[0-9]+$/.test(text) && Number(text) <= 65_535;
}

const OCTET = '(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])';
const IPV4 = new RegExp(`^${OCTET}(?:\\.${OCTET}){3}$`);

function isAddress(text: string): boolean {
  const [, inside] = /^\[([^[\]]*)\]$/.exec(text) ?? [];
  const address = inside ?? text;
  return (
    address === '' || IPV4.test(address) || (/^[0-9a-f:.]+$/i.test(address) && URL.canParse(`http://[${address}]/`))
  );
}
