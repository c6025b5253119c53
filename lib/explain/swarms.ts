import type { Explanation } from './explanation.ts';

/** Errors of the swarm itself: its managers, its nodes, back-ups. */
export const swarms = {
  SWARM_FOREIGN: {
    meaning:
      "A host is in a swarm that swarmup didn't make for this cluster. swarmup never leaves or takes over such a swarm.",
    causes: ['The host was in a swarm before.', 'The cluster file lists a host of another cluster.'],
    look: '`swarmup ssh NODE -- sudo docker info` shows the swarm, `sudo docker node ls` on its manager the nodes.',
    fix: 'If that swarm is no longer needed, leave it by hand: `swarmup ssh NODE -- sudo docker swarm leave --force`. To keep it: `swarmup import swarm --manager HOST`.',
    example: `✖ join-workers on db1: db1 is part of another swarm (node ID x3hsl1vs4ptk)
  fix  swarmup never leaves a swarm it didn't make. If that swarm is no longer needed: swarmup ssh db1 -- sudo docker swarm leave --force`,
  },
  SWARM_ELSEWHERE: {
    meaning: 'The first manager is in no swarm, but another node is. A second swarm beside it is never what you want.',
    causes: ['The managers in the cluster file were reordered.', 'The first manager was reinstalled.'],
    look: '`swarmup status` shows which nodes are in the swarm.',
    fix: 'List a manager of the existing swarm first. If that swarm is no longer needed, leave it by hand.',
    example: `✖ init-manager on manager1: manager1 is not in a swarm, but worker2 is; swarmup never creates a second swarm beside the first
  fix  List a manager of that swarm first in the cluster file. If that swarm is no longer needed, make worker2 leave it: swarmup ssh worker2 -- sudo docker swarm leave --force`,
  },
  POOL_TAKEN: {
    meaning:
      "The swarm's address pool, or the subnet of an overlay network, overlaps a network that the nodes use otherwise. Containers could not reach that network, or each other.",
    causes: [
      'A VPN, a VPC or a data centre with addresses in the pool.',
      "Docker's own bridges, docker0 and docker_gwbridge.",
      'Another overlay network with the same subnet.',
    ],
    look: '`swarmup ssh NODE -- ip route show table all`; `swarmup ssh MANAGER -- sudo docker network ls`.',
    fix: 'Leave `swarm.addressPool` out, so that swarmup chooses a free one, or name the free network in the message. It can be set only before the swarm is created.',
    example: `✖ init-manager on manager1: swarm.addressPool 10.0.0.0/8 (swarmup.yaml:5:23) overlaps another network: manager1 has a route to 10.8.0.0/24 (tun0)
  fix  Leave swarm.addressPool out, so that swarmup chooses one, or name a free one: addressPool: [10.200.0.0/16]`,
  },
  SWARM_NO_MANAGER: {
    meaning: 'None of the managers in the cluster file is in a swarm, or none can be reached.',
    causes: ["`swarmup up` hasn't run yet.", 'The managers are off.', 'They left the swarm.'],
    look: '`swarmup status` shows which machines run, and which of them are in the swarm.',
    fix: '`swarmup up` creates the swarm, and starts machines that are off.',
    example: `✖ no configured manager is part of a swarm: manager1 is not in a swarm
  fix  Run 'swarmup up' to initialise the swarm, or 'swarmup status' to see the machines and nodes.`,
  },
  SWARM_LOCKED: {
    meaning: "A manager was restarted with autolock on, and needs the unlock key, which this computer doesn't have.",
    causes: ['The key was rotated elsewhere.', 'The cluster was made from another computer.'],
    look: 'An unlocked manager prints it: `swarmup exec --role manager -- sudo docker swarm unlock-key`.',
    fix: 'Give the key: `SWARMUP_UNLOCK_KEY=SWMKEY-1-… swarmup up`.',
    example: `✖ unlock-managers on manager2: manager2 is locked, and its key is not stored on this computer
  fix  Give the key: SWARMUP_UNLOCK_KEY=SWMKEY-1-… swarmup up. An unlocked manager still prints it: swarmup exec --role manager -- sudo docker swarm unlock-key`,
  },
  SWARM_NO_QUORUM: {
    meaning:
      'Too few managers can be reached: the swarm has no leader. Services keep running, but nothing can be changed.',
    causes: [
      'Managers are off, or cut off from each other.',
      'Port 2377/tcp is blocked between them.',
      'Managers without enough memory or disk.',
    ],
    look: '`swarmup status` shows each manager. Of N managers, N/2 + 1 (rounded down) are needed: 2 of 3, 3 of 5.',
    fix: 'Bring the managers back: `swarmup up` starts machines that are off. Only when they are lost for good: `swarmup recover`.',
    example: `✖ configure-swarm on cluster: the swarm has no leader: of 3 managers only manager1 can be reached, and 2 are needed for a majority
  fix  Services keep running, but nothing can be changed. Bring the other managers back: 'swarmup up' starts machines that are off. Only when they are lost for good: 'swarmup recover'.`,
  },
  SWARM_CERTIFICATE: {
    meaning:
      "A certificate of the swarm isn't valid on a node: it has expired, or isn't valid yet by the node's clock. Nodes renew their certificates (90 days) only while their engines run.",
    causes: [
      'A node, or the whole cluster, was off for longer than its certificates last.',
      'A wrong clock: a certificate is valid from one hour before it was signed.',
    ],
    look: "`swarmup exec -- date -u` compares the clocks; `swarmup exec -- sudo docker info --format '{{.Swarm.LocalNodeState}} {{.Swarm.Error}}'` shows what each engine says.",
    fix: 'With a wrong clock: `swarmup ssh NODE -- sudo timedatectl set-ntp true`. While a manager works, `swarmup up` makes expired nodes leave and join again. If all managers have expired: `swarmup recover` rebuilds the swarm from one manager, then `swarmup up`.',
    example: `✖ init-manager on manager1: the swarm has no manager that works: manager1's certificate expired on 2027-02-21
  fix  Nodes renew certificates only while they run. Rebuild the swarm from one manager's disk, which keeps services, networks, secrets and configs: swarmup recover; then 'swarmup up' makes the other nodes join again.`,
  },
  JOIN_FAILED: {
    meaning:
      "A node couldn't join the swarm. What the attempt left behind was removed, on the node and in the managers' list of nodes.",
    causes: [
      "The leader can't connect to the address that a new manager advertises, on 2377/tcp: a firewall on one side, or an address that only the node itself uses.",
      "A proxy in the engine's environment that the swarm's connections go through.",
      'Join tokens that somebody rotated meanwhile.',
    ],
    look: "`swarmup doctor` probes the ports between all nodes in both directions; `swarmup ssh NODE -- sudo journalctl -u docker -n 50` is the engine's log.",
    fix: 'Open the port that the error names, or advertise another address; then `swarmup up`.',
    example: `✖ join-managers on manager2: manager2 can't become a manager: the leader manager1 couldn't connect to 192.0.2.2:2377, which manager2 advertises. Probes now: manager1, which is the leader and has to, can't reach manager2 at 192.0.2.2 on 2377/tcp (no answer); manager2 reaches manager1
  fix  See what manager2 drops: swarmup ssh manager2 -- sudo nft list ruleset (or iptables -S). Open the ports, with firewalld: swarmup ssh manager2 -- sudo sh -c "'firewall-cmd --permanent --add-port=2377/tcp && firewall-cmd --reload'", with ufw: swarmup ssh manager2 -- sudo ufw allow 2377/tcp. Otherwise a security group or a router is between them. If manager1 reaches manager2 at another address than 192.0.2.2, set it: advertise at this node. Then run again: swarmup up`,
  },
  QUORUM_AT_RISK: {
    meaning: "The change would leave too few reachable managers for a majority, so swarmup didn't begin it.",
    causes: ['Removing, demoting or restarting a manager while another one is away.', 'Removing the last manager.'],
    look: '`swarmup status` shows which managers can be reached.',
    fix: 'Bring the others back first, or add managers.',
    example: `✖ set-roles on manager2: without manager2 only 1 of 2 managers would be reachable, and 2 are needed for a majority
  fix  Bring manager3 back first (swarmup up), or add managers.`,
  },
  CANNOT_RECOVER: {
    meaning: "The swarm can't be made again from this manager or this back-up.",
    causes: [
      'The swarm still has a majority.',
      'The manager has another address than in the back-up.',
      "No manager has a copy of the swarm's state.",
    ],
    look: '`swarmup status`.',
    fix: 'As the error says; a manager needs the address that it had.',
    example: `✖ restore-swarm on manager1: manager1 has the address 192.0.2.9, but in the back-up it has 192.0.2.1, and a manager's address can't change
  fix  Give manager1 the address 192.0.2.1 (for hosts: advertise), then run again.`,
  },
  BACKUP_INVALID: {
    meaning: "The file isn't a back-up of swarmup, or it is damaged. Nothing was changed.",
    causes: ['An incomplete copy.', 'A damaged disk.', 'Another file.'],
    look: '`swarmup backup` prints the size that a back-up had.',
    fix: 'Use another back-up. Nothing in a damaged file can be trusted.',
    example: `✖ prod.age is not a usable back-up: it ends in the middle
  fix  Use another back-up: nothing in a truncated or damaged file can be trusted.`,
  },
  BACKUP_LOCKED: {
    meaning: "The back-up can't be opened with this passphrase or identity.",
    causes: ['A misspelt passphrase.', 'It was made for another age key.'],
    look: '`age -d FILE > /dev/null` with the same key.',
    fix: 'Set SWARMUP_BACKUP_PASSPHRASE, or name the right identity: `--identity FILE`.',
    example: `✖ prod.age can't be opened with this passphrase
  fix  Set the right SWARMUP_BACKUP_PASSPHRASE in the environment, or name the right age identity with --identity FILE.`,
  },
  RESTORE_DIFFERS: {
    meaning: "The swarm was restored, and isn't the one in the back-up: nodes, services or secrets differ.",
    causes: ['The back-up was taken while something changed.', 'Nodes came back that were removed later.'],
    look: 'The differences are below the message; `swarmup status` shows the swarm.',
    fix: '`swarmup up` applies the cluster file to the restored swarm.',
    example: `✖ restore-swarm on manager1: the restored swarm differs from the back-up
  fix  It was left in this state for inspection: swarmup status.`,
  },
  NODE_DOWN: {
    meaning: "The managers get no heartbeat from a node, so it can't be configured now.",
    causes: ['The machine is off.', 'The network between it and the managers.', 'Its engine is stopped.'],
    look: '`swarmup status`, then `swarmup doctor` for the network.',
    fix: '`swarmup up` starts it and makes it rejoin.',
    example: `✖ configure-nodes on worker1: worker1 is down: the managers get no heartbeat from it
  fix  Run 'swarmup up' to start and rejoin it, or 'swarmup status' to see its machine.`,
  },
  NODE_ABSENT: {
    meaning: "A node of the cluster file isn't in the swarm.",
    causes: ['It never joined.', 'Somebody removed it with `docker node rm`.'],
    look: '`swarmup status`.',
    fix: '`swarmup up` joins it.',
    example: `✖ configure-nodes on worker1: the swarm has no node worker1
  fix  Run 'swarmup up' to join it.`,
  },
} as const satisfies Record<string, Explanation>;
