import type { Fact } from './fact.ts';

/**
 * The kernel modules of a swarm node: VXLAN for overlay networks, IPVS for the routing mesh, and those that Docker's
 * iptables rules need.
 */
const NEEDED_MODULES = ['overlay', 'vxlan', 'br_netfilter', 'ip_vs', 'xt_addrtype', 'xt_ipvs'] as const;

/**
 * The needed modules that the kernel neither has nor can load. Source: modprobe(8), --dry-run; built-in modules count
 * as present.
 */
export const missingModules: Fact<readonly string[]> = {
  command: `for m in ${NEEDED_MODULES.join(' ')}; do [ -d /sys/module/$m ] || modprobe -n -q $m || echo $m; done`,
  parse: (output) => output.split('\n').filter((line) => line !== ''),
};
