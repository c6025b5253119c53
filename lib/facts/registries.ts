import type { Fact } from './fact.ts';
import { CONNECT, parseServers, type Server } from './reachable.ts';

/** Whether a host can connect to the registries of the images it will pull. */
export function registries(servers: readonly string[]): Fact<readonly Server[]> {
  return {
    command: `[ -z "$1" ] || ! command -v bash >/dev/null || printf '%s\\n' "$1" | { ${CONNECT}\n}`,
    argument: servers.join('\n'),
    parse: parseServers,
  };
}
