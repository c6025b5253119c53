import type { Fact } from './fact.ts';
import { CONNECT, parseServers, type Server } from './reachable.ts';

/**
 * The servers of apt's sources, if Docker isn't installed yet. Behind a proxy nothing is connected to directly, so
 * nothing is probed. Source: apt-get(8), indextargets.
 */
export const packageSources: Fact<readonly Server[]> = {
  command: [
    'command -v dockerd >/dev/null || ! command -v bash >/dev/null || apt-config dump | grep -qi "^Acquire::https\\?::proxy " ||',
    'apt-get indextargets --format \'$(SITE)\' | sed -n "s#^\\(https\\{0,1\\}://[^/]*\\).*#\\1#p" | sort -u |',
    `{ ${CONNECT}\n}`,
  ].join('\n'),
  parse: parseServers,
};
