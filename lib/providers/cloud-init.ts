import type { KeyPair } from '../remote/keys.ts';

export interface GuestIdentity {
  readonly name: string;
  readonly address: string;
  /** The public key that may log in as root. */
  readonly authorizedKey: string;
  readonly hostKey: KeyPair;
}

/** Source: cloud-init's NoCloud data source; JSON is YAML, so nothing needs escaping. */
export function userData(guest: GuestIdentity): string {
  const config = {
    hostname: guest.name,
    manage_etc_hosts: true,
    disable_root: false,
    users: [{ name: 'root', ssh_authorized_keys: [guest.authorizedKey] }],
    ssh_deletekeys: true,
    ssh_keys: { ed25519_private: guest.hostKey.privateKey, ed25519_public: guest.hostKey.publicKey },
    package_update: false,
    package_upgrade: false,
  };
  return `#cloud-config\n${JSON.stringify(config, null, 2)}\n`;
}
