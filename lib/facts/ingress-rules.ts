import type { Fact } from './fact.ts';

/** What the packet filter of a node does with the ports that services publish. */
export interface IngressRules {
  /** Whether the nat table has the chain DOCKER-INGRESS. */
  readonly hasChain: boolean;
  /** Whether requests from outside get into it. */
  readonly isReached: boolean;
  /** The TCP ports that it forwards, and the addresses that they go to. */
  readonly forwards: ReadonlyMap<number, string>;
  /** Whether what is forwarded is dropped unless a rule accepts it. */
  readonly drops: boolean;
  /** Whether forwarded packets get into the filter table's DOCKER-INGRESS. */
  readonly isFiltered: boolean;
  /** The TCP ports that it accepts. */
  readonly accepts: ReadonlySet<number>;
}

const CHAIN = 'DOCKER-INGRESS';
const END = 'the whole of both';

/**
 * The rules of the routing mesh; undefined where they can't be read, such as without iptables. Source: moby,
 * daemon/libnetwork/service_linux.go. The jump of the filter table is in FORWARD until Docker 28.0.0, and in DOCKER-FORWARD
 * from then on.
 */
export const ingressRules: Fact<IngressRules | undefined> = {
  command: `iptables-save -t nat && iptables-save -t filter && echo '${END}'`,
  parse: (output) => {
    if (!output.endsWith(END)) return undefined;
    const [nat = '', filter = ''] = tablesOf(output);
    return {
      hasChain: nat.split('\n').some((line) => line.startsWith(`:${CHAIN} `)),
      isReached: leads(nat, 'PREROUTING'),
      forwards: new Map(
        [...nat.matchAll(/^-A DOCKER-INGRESS -p tcp .*--dport (\d+) .*--to-destination ([\d.]+)/gm)].map(
          ([, port, to = '']) => [Number(port), to],
        ),
      ),
      drops:
        /^:FORWARD DROP /m.test(filter) ||
        /^-A FORWARD(?: -m comment --comment \S+)? -j (?:DROP|REJECT)\b/m.test(filter),
      isFiltered: leads(filter, 'FORWARD'),
      accepts: new Set(
        [...filter.matchAll(/^-A DOCKER-INGRESS -p tcp .*--dport (\d+) .*-j ACCEPT$/gm)].map(([, port]) =>
          Number(port),
        ),
      ),
    };
  },
};

/** The tables nat and filter. */
function tablesOf(output: string): readonly string[] {
  const table = (name: string) => new RegExp(`^\\*${name}\\n(.*?)^COMMIT$`, 'ms').exec(output)?.[1] ?? '';
  return [table('nat'), table('filter')];
}

/** Whether the rules of a chain lead to DOCKER-INGRESS, perhaps through other chains. */
function leads(table: string, from: string): boolean {
  const seen = new Set<string>();
  const next = [from];
  for (let chain = next.pop(); chain !== undefined; chain = next.pop()) {
    if (chain === CHAIN) return true;
    if (seen.has(chain)) continue;
    seen.add(chain);
    const start = `-A ${chain} `;
    const rules = table.split('\n').filter((line) => line.startsWith(start));
    next.push(...rules.flatMap((rule) => / -[jg] (\S+)/.exec(rule)?.[1] ?? []));
  }
  return false;
}
