import type { Fact } from './fact.ts';
import { CONNECT, parseServers, type Server } from './reachable.ts';

/**
 * The servers of apt's sources, where Docker is still to be installed. Behind a proxy there is nothing to connect to directly, so
 * nothing is asked. Source: apt-get(8), indextargets.
 */
export const packageSources: Fact<readonly Server[]> = {
  command: [
    'command -v dockerd >/dev/null || ! command -v bash >/dev/null || apt-config dump | grep -qi "^Acquire::https\\?::proxy " ||',
    'apt-get indextargets --format \'$(SITE)\' | sed -n "s#^\\(https\\{0,1\\}://[^/]*\\).*#\\1#p" | sort -u |',
    `{ ${CONNECT}\n}`,
  ].join('\n'),
  parse: parseServers,
};
