import type { Fact } from './fact.ts';

export interface Surroundings {
  /** The active ones of firewalld, ufw and nftables. */
  readonly firewalls: readonly string[];
  /** The proxies that the system is configured with, without their passwords. */
  readonly proxies: readonly string[];
  readonly unattendedUpgrades: boolean;
}

/** Services and settings of the system that may interfere with a node later. */
export const surroundings: Fact<Surroundings> = {
  command: [
    'for u in firewalld ufw nftables unattended-upgrades dnf-automatic.timer; do echo "$u $(systemctl is-active $u)"; done',
    'ufw status | head -n 1',
    "grep -hiE '^(export )?(https?|all)_proxy=' /etc/environment /etc/profile.d/*.sh /etc/systemd/system/docker.service.d/*.conf",
  ].join('; '),
  parse: (output) => {
    const active = (unit: string) => new RegExp(`^${unit} active$`, 'm').test(output);
    // ufw's unit is active on every Ubuntu; only `ufw status` shows whether the firewall is on.
    const on = (unit: string) => (unit === 'ufw' ? /^Status: active$/m.test(output) : active(unit));
    const proxies = output.match(/(https?|all)_proxy=\S+/gi) ?? [];
    return {
      firewalls: ['firewalld', 'ufw', 'nftables'].filter(on),
      proxies: proxies.map((proxy) => proxy.replace(/["']/g, '').replace(/\/\/[^@/]*@/, '//***@')),
      unattendedUpgrades: active('unattended-upgrades') || active('dnf-automatic.timer'),
    };
  },
};
