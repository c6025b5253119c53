import { maskUserinfo } from '../util/secret-shapes.ts';
import type { Fact } from './fact.ts';

export interface Surroundings {
  /** The active ones of firewalld, ufw and nftables. */
  readonly firewalls: readonly string[];
  /** The proxies that the system is configured with, without their passwords. */
  readonly proxies: readonly string[];
  /** The active services that upgrade packages by themselves. */
  readonly unattendedUpgrades: readonly string[];
}

const FIREWALLS = ['firewalld', 'ufw', 'nftables'] as const;

/** Each upgrades packages without being asked. Sources: the distributions' packages of these names. */
const UPGRADERS = [
  'unattended-upgrades',
  'dnf-automatic.timer',
  'dnf-automatic-install.timer',
  'dnf5-automatic.timer',
  'transactional-update.timer',
] as const;
const UNITS = [...FIREWALLS, ...UPGRADERS] as const;

/** Services and settings of the system that may interfere with a node later. */
export const surroundings: Fact<Surroundings> = {
  command: [
    // One line for each unit, in this order.
    `systemctl is-active ${UNITS.join(' ')} | { i=0; while read -r state; do echo "unit $i $state"; i=$((i + 1)); done; }`,
    'ufw status | head -n 1',
    "grep -hiE '^(export )?(https?|all)_proxy=' /etc/environment /etc/profile.d/*.sh /etc/systemd/system/docker.service.d/*.conf",
  ].join('; '),
  parse: (output) => {
    const active = (unit: (typeof UNITS)[number]) => output.includes(`unit ${UNITS.indexOf(unit)} active`);
    // ufw's unit is active on every Ubuntu; only `ufw status` shows whether the firewall is on.
    const on = (unit: (typeof FIREWALLS)[number]) => (unit === 'ufw' ? /^Status: active$/m.test(output) : active(unit));
    const proxies = output.match(/(https?|all)_proxy=\S+/gi) ?? [];
    return {
      firewalls: FIREWALLS.filter(on),
      proxies: proxies.map((proxy) => maskUserinfo(proxy.replace(/["']/g, ''))),
      unattendedUpgrades: UPGRADERS.filter(active).map((unit) => unit.replace(/\.timer$/, '')),
    };
  },
};
