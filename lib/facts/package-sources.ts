import type { Fact } from './fact.ts';

/** A server that packages come from, and whether a connection to it can be made. */
export interface PackageSource {
  /** Such as http://mirror.example.org:8080 */
  readonly server: string;
  readonly reachable: boolean;
}

/** How long a server may take to let itself be connected to, in seconds. */
const CONNECT_S = 5;

/**
 * The servers of apt's sources, where Docker is still to be installed. Behind a proxy there is nothing to connect to directly, so
 * nothing is asked. Sources: apt-get(8), indextargets; bash(1), /dev/tcp.
 */
export const packageSources: Fact<readonly PackageSource[]> = {
  command: [
    'command -v dockerd >/dev/null || ! command -v bash >/dev/null || apt-config dump | grep -qi "^Acquire::https\\?::proxy " ||',
    'for s in $(apt-get indextargets --format \'$(SITE)\' | sed -n "s#^\\(https\\{0,1\\}://[^/]*\\).*#\\1#p" | sort -u); do',
    'h=${s#*://}; p=80; case $s in https:*) p=443 ;; esac; case $h in *:*) p=${h##*:}; h=${h%:*} ;; esac',
    `timeout ${CONNECT_S} bash -c "exec 3<>/dev/tcp/$h/$p" && echo "yes $s" || echo "no $s"; done`,
  ].join('\n'),
  parse: (output) =>
    output.split('\n').flatMap((line) => {
      const match = /^(yes|no) (\S+)$/.exec(line.trim());
      return match?.[2] ? [{ server: match[2], reachable: match[1] === 'yes' }] : [];
    }),
};
