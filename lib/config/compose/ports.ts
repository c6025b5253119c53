import type { PublishedPort } from '../model.ts';

/** A port as a Compose file writes it: `[ADDRESS:]PUBLISHED:TARGET[/PROTOCOL]`, with ranges, or its parts. */
export type ComposePort =
  | string
  | number
  | {
      readonly target: number;
      readonly published?: number | undefined;
      readonly protocol?: string | undefined;
      readonly mode?: string | undefined;
    };

const SHORT = /^(?:(?:[\d.]+|\[[\da-f:]*\]):)?(\d+)(?:-(\d+))?:(\d+)(?:-(\d+))?(?:\/(tcp|udp|sctp))?$/i;

/**
 * The ports that clients can rely on; without those that Docker chooses, and without SCTP. Source:
 * docker/go-connections, nat.
 */
export function composePorts(port: ComposePort): readonly PublishedPort[] {
  if (typeof port === 'object') {
    const { target, published, protocol = 'tcp', mode } = port;
    if (published === undefined || (protocol !== 'tcp' && protocol !== 'udp')) return [];
    return [{ published, target, protocol, mode: mode === 'host' ? 'host' : 'ingress' }];
  }
  const [, first, last = first, target, , protocol = 'tcp'] = SHORT.exec(String(port)) ?? [];
  const kind = protocol.toLowerCase();
  if (first === undefined || target === undefined || (kind !== 'tcp' && kind !== 'udp')) return [];
  const count = Number(last) - Number(first) + 1;
  return Array.from({ length: Math.max(0, Math.min(count, 65_536)) }, (_, i) => ({
    published: Number(first) + i,
    target: Number(target) + i,
    protocol: kind,
    mode: 'ingress',
  }));
}
