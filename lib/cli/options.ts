import { choice, flag, parsed, text, type Option, type ValuesOf } from './option.ts';
import { duration, list } from './values.ts';

/** The options that commands share, in sets. */

const FILE = 'the cluster file, - for standard input (default: SWARMUP_FILE, else swarmup.yaml here or above)';

/** For commands that show something. */
const output = {
  json: flag('--json', 'print one JSON document on standard output at the end; progress goes to standard error'),
  renderer: choice('--renderer <name>', 'how progress is shown', ['default', 'plain', 'silent']),
  yes: flag('-y, --yes', 'answer yes to every question, such as installing system packages or removing machines'),
  acceptNew: flag('--accept-new', 'accept host keys that were never seen before; changed ones are refused'),
} as const;

const example = text('--example <name>', 'a cluster file that comes with swarmup, such as local');

/** For every command that works on a cluster. */
export const common = { file: text('-f, --file <file>', FILE), example, ...output } as const;

const followOrFile: Option<string | true, false> = {
  flags: '-f, --file [file]',
  description: `alone: as --follow; with a name: ${FILE}`,
};

/**
 * For commands that follow output: `-f` alone means --follow, as in other tools; with a name after it, the cluster
 * file.
 */
export const following = {
  file: followOrFile,
  example,
  follow: flag('--follow', 'keep printing new lines until interrupted'),
  ...output,
} as const;

/** For everything that loads tasks. */
export const taskfile = {
  taskfile: text('--taskfile <file>', 'a TypeScript file with tasks and pipelines of your own'),
} as const;

/** For everything that runs a pipeline without changing anything. */
export const look = {
  ...common,
  junit: text('--junit <file>', 'write a JUnit report: a case per task and node, and per HTTP check'),
  ...taskfile,
} as const;

/** For what changes a cluster. */
export const change = {
  ...look,
  lockWait: parsed('--lock-wait <time>', 'wait up to this long for another run to end, such as 90s or 10m', duration),
} as const;

/** Which part of a pipeline to run. */
export const selection = {
  only: parsed('--only <ids>', 'only these tasks (comma-separated)', list),
  from: text('--from <id>', 'start at this task'),
  to: text('--to <id>', 'stop after this task'),
  skip: parsed('--skip <ids>', 'without these tasks (comma-separated)', list),
  node: parsed('--node <names>', 'only on these nodes (comma-separated)', list),
} as const;

/** For pipelines that work on many nodes. */
export const keepGoing = {
  keepGoing: flag('--keep-going', "after a failure, continue with everything that doesn't need what failed"),
} as const;

/** For pipelines that deploy services. */
export const pull = {
  pull: flag('--pull', 'look for newer images under the same tags in their registries'),
} as const;

export type CommonOptions = ValuesOf<typeof common>;
export type SelectionOptions = ValuesOf<typeof selection>;
/** How a pipeline is run. */
export type RunOptions = ValuesOf<typeof change> & {
  readonly keepGoing?: boolean;
  readonly prune?: boolean;
};
