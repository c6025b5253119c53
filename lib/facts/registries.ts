import type { Fact } from './fact.ts';
import { CONNECT, parseServers, type Server } from './reachable.ts';

/** Which registries a host can connect to: those of the images that it is to fetch. */
export function registries(servers: readonly string[]): Fact<readonly Server[]> {
  return {
    command: `[ -z "$1" ] || ! command -v bash >/dev/null || printf '%s\\n' "$1" | { ${CONNECT}\n}`,
    argument: servers.join('\n'),
    parse: parseServers,
  };
}
