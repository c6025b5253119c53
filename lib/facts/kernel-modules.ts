import type { Fact } from './fact.ts';

/**
 * What a swarm node needs of its kernel: VXLAN for overlay networks, IPVS for the routing mesh, and what Docker's rules for
 * iptables are made of.
 */
const NEEDED_MODULES = ['overlay', 'vxlan', 'br_netfilter', 'ip_vs', 'xt_addrtype', 'xt_ipvs'] as const;

/** Those of them that the kernel neither has nor can load. Source: modprobe(8), --dry-run; built-in ones count as there. */
export const missingModules: Fact<readonly string[]> = {
  command: `for m in ${NEEDED_MODULES.join(' ')}; do [ -d /sys/module/$m ] || modprobe -n -q $m || echo $m; done`,
  parse: (output) => output.split('\n').filter((line) => line !== ''),
};
