import type { Explanation } from './explanation.ts';

/** Errors of connections to hosts. */
export const ssh = {
  SSH_UNREACHABLE: {
    meaning: 'No SSH connection to the machine, or to a bastion before it, could be made.',
    causes: [
      'The machine is off.',
      'A wrong address or port.',
      'A firewall.',
      'Too many connections at once (MaxStartups).',
    ],
    look: '`ssh -v USER@HOST` with the same configuration: swarmup connects or fails as OpenSSH does.',
    fix: 'Start the machine, correct the address, or open the port; then run again.',
    example: `✖ provision on db1: db1: no SSH connection to deploy@192.0.2.7:22: connect ECONNREFUSED 192.0.2.7:22
  fix  Check that the machine runs (swarmup status) and that 192.0.2.7 port 22 can be reached from here.`,
  },
  SSH_HOST_KEY_UNKNOWN: {
    meaning: "The host's key isn't known, so swarmup can't tell the host from somebody who pretends to be it.",
    causes: ['The first connection to this host.', 'The host is in known_hosts under another name.'],
    look: 'On the host: `ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub`.',
    fix: 'Compare the fingerprint, then accept it: in a terminal swarmup asks; elsewhere add it to known_hosts, or use `--accept-new`.',
    example: `✖ provision on db1: db1: the host key of 192.0.2.7:22 has not been accepted yet: SHA256:p2QAMXNIC1TJYWeIOttrVc98/R1BUFWu3/LiyKgUfQM
  fix  Compare it with the server's own (there: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub), then accept it with --accept-new.`,
  },
  SSH_HOST_KEY_CHANGED: {
    meaning: 'The host shows another key than the one known for it, or a revoked one. swarmup sent it nothing.',
    causes: [
      'The machine was reinstalled or recreated.',
      'Its address belongs to another machine now.',
      'Somebody is between you and the host.',
    ],
    look: "Compare the fingerprint with the host's own, over another way in (its console).",
    fix: 'If the machine was reinstalled, remove the old key: `ssh-keygen -R HOST`. Otherwise find out who answers.',
    example: `✖ provision on db1: the server 192.0.2.7 shows a host key that was revoked
  fix  Line 3 of ~/.ssh/revoked_keys revokes it: someone else may have that key. Give the server a new one.`,
  },
  SSH_AUTH_FAILED: {
    meaning: 'The host refused the login: no key that was offered is allowed there.',
    causes: [
      "The public key isn't in authorized_keys.",
      'Another user was meant.',
      'The agent offers too many keys first (MaxAuthTries).',
    ],
    look: '`ssh -v USER@HOST` lists the keys that are offered, in the same order.',
    fix: 'Add the public key on the host, or name user and key in the cluster file or in the OpenSSH configuration.',
    example: `✖ provision on db1: db1: deploy@192.0.2.7:22 ended the login after too many keys: it refuses ~/.ssh/id_rsa and ~/.ssh/old
  fix  Name the key with IdentityFile, and set IdentitiesOnly yes in the OpenSSH configuration, so that only that key is offered (the server counts each one: MaxAuthTries).`,
  },
  SSH_NO_COMMON_ALGORITHM: {
    meaning: 'The host and swarmup have no algorithm in common, such as for the key exchange.',
    causes: ['A server that allows only the newest algorithms, or only very old ones.'],
    look: '`ssh -vv HOST` lists what the server offers; the message lists what is missing.',
    fix: 'Install an OpenSSH client here, which swarmup then uses, or allow one of the algorithms in sshd_config.',
    example: `✖ provision on db1: db1: no SSH connection to 192.0.2.7:22: no common key exchange
  fix  Allow one of swarmup's in the server's sshd_config, or install an OpenSSH client here that has one of the server's.`,
  },
  SSH_FORWARDING_REFUSED: {
    meaning:
      "A port of the host can't be reached through the SSH connection, which Portainer's API needs: its password never travels in clear.",
    causes: [
      'sshd forwards nothing (AllowTcpForwarding no, DisableForwarding yes), and the host has neither bash nor nc.',
    ],
    look: "`swarmup ssh NODE -- sudo sshd -T` prints sshd's settings.",
    fix: 'Set `AllowTcpForwarding local` in sshd_config, or install bash on the host.',
    example: `✖ set-up-portainer on cluster: manager1: its port 9000 can't be reached through SSH: sshd forwards no connections, and neither bash nor nc is installed there
  fix  Allow it in the host's sshd_config (AllowTcpForwarding local), or install bash there.`,
  },
  SSH_CONNECTION_LOST: {
    meaning: 'The connection to the host ended in the middle of a step. The step is tried again once.',
    causes: [
      'The host was restarted.',
      'The network, or a firewall that drops idle connections.',
      'sshd was restarted.',
    ],
    look: '`swarmup status` shows whether the machine answers.',
    fix: "Run again: what is done isn't repeated.",
    example: `✖ install-docker on db1: db1: the SSH connection was lost: read ECONNRESET
  fix  Check that the machine still runs (swarmup status), then run again.`,
  },
} as const satisfies Record<string, Explanation>;
