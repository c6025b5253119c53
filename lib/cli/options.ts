import { InvalidArgumentError, Option, type Command } from 'commander';

/** What every command understands. */
export interface CommonOptions {
  readonly file?: string;
  readonly json?: boolean;
  readonly renderer?: 'default' | 'plain' | 'silent';
  readonly yes?: boolean;
  readonly acceptNew?: boolean;
}

/** Which part of a pipeline to run. */
export interface SelectionOptions {
  readonly only?: readonly string[];
  readonly from?: string;
  readonly to?: string;
  readonly skip?: readonly string[];
  readonly node?: readonly string[];
}

/** How a pipeline is run. */
export interface RunOptions extends CommonOptions {
  readonly keepGoing?: boolean;
  readonly prune?: boolean;
  /** Milliseconds. */
  readonly lockWait?: number;
  readonly junit?: string;
  readonly taskfile?: string;
}

/** For what changes a cluster. */
export function withLock(command: Command): Command {
  return command.option('--lock-wait <time>', 'wait so long for another run to end, such as 90s or 10m', duration);
}

/** For everything that runs a pipeline. */
export function withRun(command: Command): Command {
  return command
    .option('--junit <file>', 'write a JUnit report: a case for each task and node, and for each HTTP check')
    .option('--taskfile <file>', 'a TypeScript file with tasks and pipelines of your own');
}

/** For pipelines that go over many nodes. */
export function withKeepGoing(command: Command): Command {
  return command.option('--keep-going', 'after a failure, go on with all that does not need what failed');
}

const FILE = 'the cluster file (default: swarmup.yaml here, else the shipped config/local.yaml)';

export function withCommon(command: Command): Command {
  return withOutput(command.option('-f, --file <file>', FILE));
}

/** For commands that follow something: `-f` alone means that, as everywhere else, and with a name after it the cluster file. */
export function withFollow(command: Command): Command {
  return withOutput(
    command
      .option('-f, --file [file]', `alone: as --follow; with a name: ${FILE}`)
      .option('--follow', 'go on with what comes next, until interrupted'),
  );
}

function withOutput(command: Command): Command {
  return command
    .option('--json', 'one JSON document on standard output at the end, progress on standard error')
    .addOption(new Option('--renderer <name>', 'how progress is shown').choices(['default', 'plain', 'silent']))
    .option('-y, --yes', 'ask nothing: install missing system packages, remove what is to be removed')
    .option('--accept-new', 'accept the host keys of servers that were never seen before; changed ones are refused');
}

export function withSelection(command: Command): Command {
  return command
    .option('--only <ids>', 'only these tasks (comma-separated)', list)
    .option('--from <id>', 'from this task on')
    .option('--to <id>', 'up to and with this task')
    .option('--skip <ids>', 'without these tasks (comma-separated)', list)
    .option('--node <names>', 'only on these nodes (comma-separated)', list);
}

function list(value: string): string[] {
  return value
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

/** "90s", "10m", "1h" in milliseconds */
export function duration(value: string): number {
  const match = /^(\d+)(s|m|h)$/.exec(value);
  if (!match) throw new InvalidArgumentError('expected a time such as 90s, 10m or 1h');
  const unit = match[2] === 'h' ? 3_600_000 : match[2] === 'm' ? 60_000 : 1_000;
  return Number(match[1]) * unit;
}

/** A whole number, such as 100 */
export function count(value: string): number {
  if (!/^\d+$/.test(value)) throw new InvalidArgumentError('expected a whole number, such as 100');
  return Number(value);
}

/** "web=4" */
export function scaleArgument(value: string, previous: readonly Scale[] = []): readonly Scale[] {
  const match = /^([a-z0-9-]+)=(\d+)$/.exec(value);
  if (!match?.[1] || !match[2]) throw new InvalidArgumentError('expected SERVICE=REPLICAS, such as web=4');
  return [...previous, { service: match[1], replicas: Number(match[2]) }];
}

export interface Scale {
  readonly service: string;
  readonly replicas: number;
}

/** Every value of an option that may be repeated. */
export function collected(value: string, before: readonly string[]): string[] {
  return [...before, value];
}
