import type { Explanation } from './explanation.ts';

/** Errors in what swarmup was told to do. */
export const usage = {
  USAGE: {
    meaning: "The command, its options or its arguments can't be used together, or not for this cluster.",
    causes: [
      'A misspelt command or option.',
      'An option that needs another one, or excludes it.',
      "A command for which the cluster isn't made, such as snapshots of machines that aren't QEMU's.",
    ],
    look: '`swarmup help COMMAND` lists the options of a command, with examples.',
    fix: 'Correct the command as the error says. Nothing was changed.',
    example: `✖ --effective shows a stack with what swarmup adds
  fix  Add --stack NAME.`,
  },
  CONFIG_INVALID: {
    meaning:
      'The cluster file, or a file that it names, has mistakes. All of them are listed, each with line and column.',
    causes: [
      'A misspelt key, or a value of the wrong kind.',
      'Values that contradict each other, such as two nodes with one address.',
      "A variable that isn't set in the environment.",
      'A Compose file that Docker would refuse.',
    ],
    look: '`swarmup config` reads the file without asking any machine, and prints it as it is understood.',
    fix: 'Correct the places named. docs/reference/cluster-file.md lists every key; editors complete and check the file with its schema.',
    example: `✖ provider.image needs a path, or a url with its sha256
  fix  Set one of the two; the checksum protects against booting a manipulated image.`,
  },
  CONFIG_NOT_FOUND: {
    meaning: 'There is no cluster file, or nothing to import, where swarmup looks.',
    causes: [
      'The command runs in another folder.',
      'The name after `-f`, or in SWARMUP_FILE, is misspelt.',
      'The file is a folder, or belongs to another user.',
    ],
    look: '`ls swarmup.yaml`: without `-f` and SWARMUP_FILE, swarmup reads swarmup.yaml or swarmup.yml here, or in a folder above.',
    fix: 'Name the file with `-f FILE`, or change to its folder. `swarmup up --example local` tries an example.',
    example: `✖ there is no cluster file staging.yaml
  fix  Name an existing one with -f FILE, or try an example: swarmup up --example local`,
  },
  NEEDS_CONFIRMATION: {
    meaning: 'The command would remove or overwrite something, or needs an answer, and there is no terminal to ask on.',
    causes: ['It runs in CI, in a script or behind a pipe.'],
    look: '`swarmup plan` shows what would change.',
    fix: 'Run it again with `--yes`, if that is what you want. A passphrase comes from the environment.',
    example: `✖ Remove the cluster staging with its 3 machines? There is no terminal to ask on.
  fix  Run it again with --yes.`,
  },
  PROTECTED: {
    meaning: 'The cluster file has `protect: true`, and the command would remove nodes, services or data.',
    causes: ['`swarmup down`, `down --node`, `replace` or `up --prune` on a cluster that must stay.'],
    look: '`swarmup config` shows `protect` and the name of the cluster.',
    fix: 'Is it the right cluster? Then take `protect: true` out of its file, run the command, and put it back.',
    example: `✖ shop is protected: down would remove nodes or services
  fix  If that is intended, take 'protect: true' out of /srv/shop/swarmup.yaml first.`,
  },
  UNKNOWN_NAME: {
    meaning: 'No node, service, task, volume, snapshot or run has that name.',
    causes: ['A misspelt name.', "The name of another cluster's node: another file was meant with `-f`."],
    look: '`swarmup status` lists nodes and services, `swarmup tasks` the tasks, `swarmup runs` the runs.',
    fix: 'Use one of the names that the error lists.',
    example: `✖ there is no snapshot 'clean'
  fix  Take one: 'swarmup snapshot save'.`,
  },
  TASKS_INVALID: {
    meaning: "The tasks of a pipeline don't fit together, so no order of them exists.",
    causes: ['Tasks of a task file that need each other.', "A task that needs one that doesn't exist."],
    look: '`swarmup tasks` lists the tasks in their order, with what each needs.',
    fix: 'Correct the `needs` of the tasks that are named. See docs/pipelines.md.',
    example: `✖ the task 'seed-database' needs 'deploy-service', which doesn't exist
  fix  Correct the \`needs\` of the tasks named, or the \`after\` of their targets.`,
  },
  TASKFILE_INVALID: {
    meaning: "The task file that the cluster file names can't be loaded, or exports something that isn't a task.",
    causes: ['A mistake in its code.', 'A missing import.', 'A change that names no place.'],
    look: '`swarmup tasks` loads it and lists its tasks.',
    fix: 'Correct the task file. docs/pipelines.md has an example.',
    example: `✖ the task 'seed-database' plans a change without a path
  fix  Make changes with 'created', 'updated', 'removed', 'step' or 'waiting' of swarmup: see docs/pipelines.md.`,
  },
  PREREQUISITE_MISSING: {
    meaning: "A step that runs alone, or a command, needs something that isn't there yet.",
    causes: [
      '`--only` or `--from` left out a step that was never done.',
      'A program is missing on this computer or on the node.',
    ],
    look: '`swarmup plan` shows which steps have something to do.',
    fix: 'Run the step that is named first, or everything: `swarmup up`.',
    example: `✖ join-workers on worker1: join-workers on worker1 needs collect-token on manager1, which is not in place: no swarm
  fix  Run that step first ('swarmup up --to collect-token'), or everything: swarmup up`,
  },
  CONTEXT_FOREIGN: {
    meaning:
      "Docker on this computer has a context of that name which swarmup didn't make, so swarmup doesn't replace it.",
    causes: ["A context made by hand, or by another tool, has the cluster's name."],
    look: '`docker context inspect NAME` shows where it leads.',
    fix: 'Choose another name: `swarmup context --name NAME`.',
    example: `✖ a Docker context prod exists, but does not belong to this cluster
  fix  Choose another name: swarmup context --name NAME.`,
  },
  RECORD_INVALID: {
    meaning: "The record of a run is incomplete, so it can't be shown or compared.",
    causes: ['The run was killed while it wrote the record.', 'The disk was full.', "The folder isn't a record."],
    look: '`swarmup runs` lists the records that can be read.',
    fix: 'Choose another run. Records are only for reading; no later run needs them.',
    example: `✖ .swarmup/local/runs/2026-03-01T10-00-00Z/events.json can't be read: it is not a complete JSON document
  fix  Its run was killed while writing it. Choose another: 'swarmup runs' lists them.`,
  },
  PACKAGE_MISSING: {
    meaning: "A program that this command needs isn't installed on this computer.",
    causes: ['QEMU, VirtualBox, mmdebstrap or the OpenSSH client is missing.'],
    look: '`swarmup doctor` names what is missing.',
    fix: 'Run the command that the error prints, or run swarmup again with `--yes`, which installs it where it can.',
    example: `✖ prepare-provider on cluster: qemu-system-x86, genisoimage are not installed on this computer
  fix  Run: sudo apt-get install -y qemu-system-x86 genisoimage
       or run swarmup again with --yes to install it.`,
  },
  PATH_UNSAFE: {
    meaning:
      'A path leads out of the folder in which swarmup may write or remove, or other users could change it. swarmup wrote and removed nothing.',
    causes: [
      'A symbolic link in the state folder, perhaps from a cloned repository.',
      'A folder that other users of this computer can write to.',
      "A name from a tag, a host or a record that isn't a plain name.",
    ],
    look: '`ls -la` on the path that the error names shows owner, mode, and where a link leads.',
    fix: "Remove the link or the folder if you didn't make it. To keep the state elsewhere, set SWARMUP_STATE_DIR.",
    example: `✖ .swarmup/local is a symbolic link, and records are written below it
  fix  Remove the link, then run again.`,
  },
  LOCKED: {
    meaning:
      "Another run works on this cluster. Two at once would undo each other's work, so this one didn't begin, or stopped.",
    causes: [
      'A colleague, a CI job or another terminal runs swarmup on this cluster.',
      'A run was killed, or its computer is off: its lock ends by itself after a while.',
    ],
    look: 'The error names who holds the lock, on which computer, and since when.',
    fix: 'Wait for it (`--lock-wait 10m` does). If that run is gone for certain: `swarmup unlock`.',
    example: `✖ another run holds this cluster: ann@laptop, process 4711, for 2 min; the lock is on manager1
  fix  Wait for it to end (such as with --lock-wait 10m), or end it. If you are sure that it is gone: swarmup unlock`,
  },
  INTERRUPTED: {
    meaning: 'The run was stopped with Ctrl-C or by a signal, or another failure ended it. What was done stays.',
    causes: ['Somebody stopped it.', 'CI reached its time limit.'],
    look: '`swarmup status` shows how far the cluster is; `swarmup plan` what is left to do.',
    fix: 'Run the same command again: it continues where it stopped.',
    example: `✖ stopped before it was done
  fix  Run the same command again: it continues where it stopped.`,
  },
  INTERNAL: {
    meaning: 'A bug in swarmup.',
    causes: ["A case that swarmup's authors didn't think of."],
    look: "The trace below the message, which the run's record has too.",
    fix: 'Please report it, with the command and the lines that were printed. Running again is safe.',
    example: `✖ Cannot read properties of undefined (reading 'ID')
  fix  This is a bug in swarmup: please report it with the command and these lines.`,
  },
} as const satisfies Record<string, Explanation>;
