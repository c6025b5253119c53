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
