import { addresses, type InterfaceAddress } from './addresses.ts';
import type { Fact } from './fact.ts';

/** The network namespace that distributes requests for published ports, as the engine names it. */
export const INGRESS_NAMESPACE = '/run/docker/netns/ingress_sbox';

/** A node's end of the ingress network. */
export interface IngressSandbox {
  readonly addresses: readonly InterfaceAddress[];
  /** Bytes, by interface. */
  readonly mtus: ReadonlyMap<string, number>;
  /** The mark that packets for a published TCP port get; undefined where the rules can't be read. */
  readonly marks: ReadonlyMap<number, number> | undefined;
  /** The tasks that requests with a mark go to, in turn; undefined where the kernel doesn't tell. */
  readonly backends: ReadonlyMap<number, readonly Backend[]> | undefined;
}

export interface Backend {
  /** The task's address in the ingress network. */
  readonly address: string;
  /** 0: it gets no new requests. */
  readonly weight: number;
}

const MARKS = 'the rules:';
const BACKENDS = 'the backends:';

/**
 * The namespace, as root; absent if the engine has made none. Sources: moby, daemon/libnetwork/service_linux.go; Linux,
 * net/netfilter/ipvs/ip_vs_ctl.c, ip_vs_info_seq_show, which ipvsadm is not needed for.
 */
export const ingressSandbox: Fact<IngressSandbox | 'absent' | undefined> = {
  command: [
    `n=${INGRESS_NAMESPACE}`,
    'if [ ! -e "$n" ]; then echo absent; else',
    `nsenter --net="$n" sh -c 'ip -o -4 address show && ip -o link show && echo "${MARKS}" && { iptables-save -t mangle || echo unknown; } && echo "${BACKENDS}" && { cat /proc/net/ip_vs || echo unknown; }'`,
    'fi',
  ].join('\n'),
  parse: (output) => {
    if (output === 'absent') return 'absent';
    const [links, rest] = output.split(`${MARKS}\n`);
    const [rules, table] = rest?.split(`${BACKENDS}\n`) ?? [];
    if (links === undefined || rules === undefined || table === undefined) return undefined;
    return {
      addresses: addresses.parse(links),
      mtus: new Map(
        [...links.matchAll(/^\d+: ([^:@\s]+)(?:@\S+)?: .* mtu (\d+) /gm)].map(([, name = '', mtu]) => [
          name,
          Number(mtu),
        ]),
      ),
      marks: rules.includes('COMMIT') ? marksIn(rules) : undefined,
      backends: table.startsWith('IP Virtual Server') ? backendsIn(table) : undefined,
    };
  },
};

function marksIn(rules: string): ReadonlyMap<number, number> {
  const marked = rules.matchAll(/^-A PREROUTING -p tcp .*--dport (\d+) .*--set-x?mark (0x[0-9a-f]+|\d+)/gm);
  return new Map([...marked].map(([, port, mark]) => [Number(port), Number(mark)]));
}

function backendsIn(table: string): ReadonlyMap<number, readonly Backend[]> {
  const found = new Map<number, Backend[]>();
  let current: Backend[] | undefined;
  for (const line of table.split('\n')) {
    const mark = /^FWM\s+([0-9A-F]{8}) /.exec(line)?.[1];
    if (mark !== undefined) found.set(Number.parseInt(mark, 16), (current = []));
    else if (/^[A-Z]/.test(line)) current = undefined;
    const [, address, weight] = /^\s+-> ([0-9A-F]{8}):[0-9A-F]{4}\s+\S+\s+(\d+)\s/.exec(line) ?? [];
    if (address !== undefined) current?.push({ address: dotted(address), weight: Number(weight) });
  }
  return found;
}

/** 0A000005 is 10.0.0.5. */
function dotted(hex: string): string {
  return [0, 2, 4, 6].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)).join('.');
}
