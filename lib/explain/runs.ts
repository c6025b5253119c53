import type { Explanation } from './explanation.ts';

/** Errors of a run as such: waits, checks afterwards, local commands, downloads. */
export const runs = {
  TIMED_OUT: {
    meaning: "Something that swarmup waited for didn't happen in time. The error says what was last seen.",
    causes: [
      'The machine is overloaded, or has too little memory.',
      "A command on it waits for something that doesn't come.",
    ],
    look: '`swarmup status`, and on the node `swarmup ssh NODE -- uptime` and its logs.',
    fix: "Mend what was last seen, then run again: what is done already isn't repeated.",
    example: `✖ provision on worker1: gave up after 600 s waiting until worker1 can be reached; last seen: connection refused
  fix  Its console shows how far it got: .swarmup/local/machines/worker1/console.log`,
  },
  NOT_CONVERGED: {
    meaning: 'A step was applied without an error, but the check afterwards still finds a difference.',
    causes: ['Another person or program changes the same thing at the same time.', 'A bug in the step.'],
    look: '`swarmup plan` shows the difference that is left.',
    fix: 'Run again. If it comes back, find out what else changes it, or report it.',
    example: `✖ deploy-services on web: deploy-services@web was applied, but the check afterwards still finds: service web: 3 replicas → 5
  fix  Something else may be changing it at the same time. Run again; if it happens again, report it with these lines.`,
  },
  CHANGED_AGAIN: {
    meaning: 'A step that had nothing to do any more changed something in the second run of the nightly test.',
    causes: [
      'Another program changes it between the runs.',
      "A task of your own whose check doesn't see what its apply did.",
    ],
    look: '`swarmup up` twice by hand: the second run shows the change again.',
    fix: 'Correct the check of the task, or stop what changes it.',
    example: `✖ seed-database@cluster changed something although everything was done already: seed the database
  fix  Something else changes it between runs, or its check does not see what its apply did: report it with these lines.`,
  },
  NOT_AS_CONFIGURED: {
    meaning: "Something differs from the cluster file, and this command doesn't change it, or can't.",
    causes: [
      'A change by hand, found by `swarmup verify`.',
      "A network with other options: Swarm can't change networks.",
      "A network of that name which swarmup didn't make.",
    ],
    look: '`swarmup plan` shows every difference.',
    fix: "`swarmup up` applies the file. A network gets another name, or `external: true` if it is not swarmup's.",
    example: `✖ create-networks on back: there is a network back that swarmup didn't make
  fix  To use that network, set external: true; otherwise choose another name.`,
  },
  LOCAL_COMMAND_FAILED: {
    meaning: 'A program on this computer ended with an error. Its last lines are below the message.',
    causes: ['The disk is full.', 'Missing rights.', 'A damaged installation of the program.'],
    look: 'Run the command that is named by hand.',
    fix: 'Correct what its last lines say, then run again.',
    example: `✖ prepare-provider on cluster: 'qemu-img convert base.raw base.qcow2' on this computer ended with exit code 1
    qemu-img: error while writing: No space left on device
  fix  Correct the error in its last lines, and run again.`,
  },
  DOWNLOAD_FAILED: {
    meaning: "A file couldn't be downloaded: a machine image, or the key of a package repository.",
    causes: [
      "The address can't be reached from here: no route, a proxy, a firewall.",
      'The server is down or too slow.',
    ],
    look: '`curl -I ADDRESS` on the computer that the error names.',
    fix: 'Make the address reachable, or name another one in the cluster file. An interrupted download continues.',
    example: `✖ https://cloud.example.org/debian-13.qcow2 can't be downloaded: fetch failed
  fix  Check that the address can be reached from here, then run again.`,
  },
  CHECKSUM_MISMATCH: {
    meaning: "A downloaded file isn't the one whose checksum or key was expected. It was not used.",
    causes: ['A newer file under the same address.', 'A damaged download.', 'Somebody replaced the file.'],
    look: "The publisher's page has its current checksum or fingerprint.",
    fix: 'If the new one is right, correct the checksum or docker.repositoryKey in the cluster file. Never skip the check.',
    example: `✖ https://cloud.example.org/debian-13.qcow2 has the sha256 9f86d081, expected 60303ae2
  fix  The download was damaged or the file was replaced. Run again; if it happens again, correct the checksum in the cluster file.`,
  },
  IMAGE_BUILD_FAILED: {
    meaning: "The disk image for machines, or the container image that is built here, couldn't be made.",
    causes: ["The Debian mirror can't be reached, or doesn't have the release.", 'No mirror is known.'],
    look: 'The last lines of the builder are below the message.',
    fix: 'Set `provider.mirror` to a mirror near you, or `provider.image` to an image of your own.',
    example: `✖ prepare-provider on cluster: no Debian mirror is known: this computer's apt configuration names none
  fix  Set provider.mirror in the cluster file to a Debian mirror near you, or provider.image to your own disk image.`,
  },
  ANSWER_UNREADABLE: {
    meaning: "A host answered something that isn't an answer to the question, so swarmup believed none of it.",
    causes: [
      "The login user's start files (.bashrc) print something.",
      'A program was replaced by one with other output.',
      'A command printed without end.',
    ],
    look: '`swarmup ssh NODE -- true` should print nothing.',
    fix: 'Print in start files only for interactive shells: `case $- in *i*) … esac`.',
    example: `✖ preflight on db1: db1 sent an unreadable answer about its clock
  fix  Check what this command prints, which should be nothing: swarmup ssh db1 -- true`,
  },
  COMMAND_FAILED: {
    meaning: 'A command on a node ended with an error. Its last lines are below the message.',
    causes: ['A full disk.', "A package manager that can't reach its mirror, or is locked.", 'Missing rights.'],
    look: 'Run the command by hand: `swarmup ssh NODE`.',
    fix: 'Correct what its last lines say, then run again: the step begins where it stopped.',
    example: `✖ install-docker on worker1: worker1: 'apt-get update' ended with exit code 100
    E: Could not resolve 'mirror.example.org'
  fix  Check by hand whether worker1 can reach its package mirror: swarmup ssh worker1, then apt-get`,
  },
  SUDO_REFUSED: {
    meaning: "The login user may not become root on the host, or sudo wants a password that swarmup doesn't have.",
    causes: [
      'sudo asks for a password, and none was given.',
      'The password is wrong.',
      "The user isn't in sudoers.",
      '`requiretty` in sudoers.',
    ],
    look: '`swarmup ssh NODE -- sudo -n true` succeeds where no password is needed.',
    fix: 'Set SWARMUP_SUDO_PASSWORD in the environment, or `NOPASSWD` for the user in sudoers.',
    example: `✖ preflight on db1: db1: deploy may not use sudo without a password
  fix  Give the right password: as SWARMUP_SUDO_PASSWORD in the environment, as sudoPassword in the cluster file, or on the terminal when asked; or allow sudo without one (NOPASSWD).`,
  },
} as const satisfies Record<string, Explanation>;
