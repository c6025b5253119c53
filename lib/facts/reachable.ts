/** A server, and whether a connection to it can be made. */
export interface Server {
  /** Such as http://mirror.example.org:8080 */
  readonly server: string;
  readonly reachable: boolean;
}

/** How long a server may take to accept a connection, in seconds. */
const CONNECT_S = 5;

/**
 * Shell: tries all servers from standard input in parallel. Needs bash. Host and port are arguments, never program
 * text: otherwise a server's name could run commands as root. Source: bash(1), /dev/tcp.
 */
export const CONNECT = [
  'while read -r s; do (',
  'h=${s#*://}; p=80; case $s in https:*) p=443 ;; esac',
  'case $h in *]) ;; *:*) p=${h##*:}; h=${h%:*} ;; esac; h=${h#[[]}; h=${h%[]]}',
  `timeout ${CONNECT_S} bash -c 'exec 3<>"/dev/tcp/$1/$2"' connect "$h" "$p" && echo "yes $s" || echo "no $s"`,
  ') & done; wait',
].join('\n');

export function parseServers(output: string): readonly Server[] {
  return output.split('\n').flatMap((line) => {
    const match = /^(yes|no) (\S+)$/.exec(line.trim());
    return match?.[2] ? [{ server: match[2], reachable: match[1] === 'yes' }] : [];
  });
}
