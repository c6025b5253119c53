import { quote, quoteThroughSsh } from '../util/shell-quote.ts';
import { exitInWords } from './exit-codes.ts';

/** What the engines' words about a task mean, and what to do. All is pure. */

/** Where a task failed. */
export interface TaskPlace {
  readonly service: string;
  /** Undefined before it has a node. */
  readonly node?: string | undefined;
  /** Of what the image is, if the task has one. */
  readonly image?: string | undefined;
  /** The container was killed because it used more memory than it may. */
  readonly outOfMemory?: boolean | undefined;
}

export interface TaskAdvice {
  /** A short name of the cause, for tests and tables. */
  readonly kind: string;
  readonly cause: string;
  readonly fix: string;
}

interface Row {
  readonly kind: string;
  /** The engine's words; the first group is what they are about. */
  readonly words: RegExp;
  readonly cause: (what: string, place: TaskPlace) => string;
  readonly fix: (what: string, place: TaskPlace) => string;
}

const on = ({ node }: TaskPlace) => node ?? 'NODE';
const shell = (place: TaskPlace, ...argv: readonly string[]) =>
  `swarmup ssh ${quote([on(place)])} -- ${quoteThroughSsh(argv)}`;
const exec = (place: TaskPlace, ...argv: readonly string[]) =>
  `swarmup exec --node ${quote([on(place)])} -- ${quote(argv)}`;
const logs = ({ service }: TaskPlace) => `swarmup logs ${quote([service])}`;

/**
 * The most special first. Sources: moby, daemon/cluster/executor/container (controller.go, errors.go), daemon/volume/mounts,
 * daemon/errors.go, daemon/start_linux.go, daemon/libnetwork (error.go, endpoint.go, drivers/overlay/ov_utils.go, portallocator),
 * daemon/container_operations_unix.go, daemon/images/image.go; swarmkit, agent/secrets, agent/configs,
 * manager/orchestrator/constraintenforcer; runc, libcontainer/standard_init_linux.go.
 */
const ROWS: readonly Row[] = [
  {
    kind: 'bind source',
    words: /bind source path does not exist: (.+)$/,
    cause: (path, place) => `${on(place)} has no ${path}, which the service mounts`,
    fix: (path, place) =>
      `Create it there: ${exec(place, 'sudo', 'mkdir', '-p', path)} (for a file, copy it there); or mount another path.`,
  },
  {
    kind: 'bind type',
    words: /(error mounting .*not a directory|Are you trying to mount a directory onto a file)/,
    cause: () => 'a file is mounted onto a folder of the image, or a folder onto a file',
    fix: (_, place) =>
      `Mount a file onto a file, and a folder onto a folder. Docker's words in full: ${shell(place, 'sudo', 'docker', 'ps', '--all', '--no-trunc')}`,
  },
  {
    kind: 'volume',
    words: /(error while mounting volume|failed to mount local volume)/,
    cause: (_, place) => `${on(place)} can't mount a volume of the service`,
    fix: (_, place) =>
      `Correct the volume's options (of NFS: the server's address, and nfs-common or nfs-utils on the node). A volume keeps the options it was made with: ${shell(place, 'sudo', 'docker', 'volume', 'ls')} shows it; removing it (sudo docker volume rm NAME) removes its data.`,
  },
  {
    kind: 'vxlan stale',
    words: /(error creating vxlan interface: file exists)/,
    cause: (_, place) => `${on(place)} still has the VXLAN link of a network that is gone`,
    fix: (_, place) =>
      `Find the link: ${shell(place, 'ip', '-brief', 'link', 'show', 'type', 'vxlan')}; remove it: ${shell(place, 'sudo', 'ip', 'link', 'delete', 'LINK')}. If none is shown, restart the engine: ${shell(place, 'sudo', 'systemctl', 'restart', 'docker')}`,
  },
  {
    kind: 'vxlan',
    words: /(error creating vxlan interface)/,
    cause: (_, place) => `the kernel of ${on(place)} can't make VXLAN links`,
    fix: (_, place) =>
      `Load the module: ${shell(place, 'sudo', 'modprobe', 'vxlan')}. If it isn't found, install the package with the kernel's other modules (linux-modules-extra, kernel-modules-extra) and restart the machine.`,
  },
  {
    kind: 'port taken',
    words:
      /(?:Bind for \S*?:(\d+) failed: port is already allocated|failed to bind host port \S*?:(\d+)(?::\S+)?\/\w+: address already in use|port is already allocated|address already in use)/,
    cause: (port, place) => `another program or container on ${on(place)} has ${port ? `port ${port}` : 'the port'}`,
    fix: (port, place) =>
      `See which: ${shell(place, 'sudo', 'ss', '-lntup', ...(port ? ['sport', '=', `:${port}`] : []))}; free the port or publish another.`,
  },
  {
    kind: 'secret',
    words: /secret (\S+) not found/,
    cause: (_, place) => `${on(place)} didn't get a secret of the service from the managers`,
    fix: (_, place) =>
      `If it was removed or renewed meanwhile, run again: swarmup up. Otherwise the node has lost its managers; read its engine's log: ${shell(place, 'sudo', 'journalctl', '-u', 'docker', '-n', '50')}`,
  },
  {
    kind: 'config',
    words: /config (\S+) not found/,
    cause: (_, place) => `${on(place)} didn't get a config of the service from the managers`,
    fix: (_, place) =>
      `If it was removed or renewed meanwhile, run again: swarmup up. Otherwise the node has lost its managers; read its engine's log: ${shell(place, 'sudo', 'journalctl', '-u', 'docker', '-n', '50')}`,
  },
  {
    kind: 'network',
    words: /network (\S+) not found/,
    cause: (network, place) => `${on(place)} doesn't know the network ${network}: it was removed, or is being removed`,
    fix: (_, place) =>
      `Run again: swarmup up. If it stays so, compare the networks: ${shell(place, 'sudo', 'docker', 'network', 'ls')}; then restart the engine: ${shell(place, 'sudo', 'systemctl', 'restart', 'docker')}`,
  },
  {
    kind: 'network attachment',
    words:
      /(attaching to network failed|could not find network|failed to set up container networking|network sandbox join failed)/,
    cause: (_, place) => `${on(place)} couldn't connect the container to its networks`,
    fix: (_, place) =>
      `Its engine's log says more: ${shell(place, 'sudo', 'journalctl', '-u', 'docker', '-n', '50')}; 'swarmup doctor' tests the network between the nodes.`,
  },
  {
    kind: 'platform',
    words: /(exec format error)/,
    cause: (_, place) => `the image isn't made for the processor of ${on(place)}`,
    fix: () => 'Use an image for that platform, or add a constraint on node.platform.arch.',
  },
  {
    kind: 'program missing',
    words:
      /exec: \\?"([^"\\]+)\\?": (?:executable file not found|stat [^:]+: no such file or directory)|exec (\S+): no such file or directory/,
    cause: (program, { image }) => `the image${image === undefined ? '' : ` ${image}`} has no program ${program}`,
    fix: (program) =>
      `Correct command (or entrypoint) of the service: each word is an element of a list, and ${program} has to be in the image. A script needs the interpreter in its first line, without Windows line ends.`,
  },
  {
    kind: 'program refused',
    words: /exec: \\?"([^"\\]+)\\?": permission denied|exec (\S+): permission denied/,
    cause: (program) => `${program} in the image isn't executable for the user that the container runs as`,
    fix: (program) => `Make it executable in the image (chmod +x ${quote([program])}), or set another user or command.`,
  },
  {
    kind: 'image',
    words: /(No such image|pull access denied|manifest unknown|manifest for \S+ not found)/,
    cause: (_, { image = 'the image', ...place }) => `${on(place)} has no image ${image}, and couldn't pull it`,
    fix: (_, { image, ...place }) =>
      `Correct the image name, or supply the image with images.load. What the registry answers: ${shell(place, 'sudo', 'docker', 'pull', quote([image ?? 'IMAGE']))}`,
  },
  {
    kind: 'constraint',
    words: /(assigned node no longer meets constraints)/,
    cause: (_, place) => `the labels of ${on(place)} changed while the task ran there`,
    fix: () => 'Correct labels of the nodes or constraints of the service; another node takes the task if one fits.',
  },
  {
    kind: 'unhealthy',
    words: /(unhealthy container)/,
    cause: () => 'the health check failed as often as retries allows, so the task was stopped',
    fix: (_, place) =>
      `Read what the check printed and the log: ${logs(place)}. A program that starts slowly needs a longer healthcheck.startPeriod.`,
  },
];

/** The cause and the fix for a task's error; undefined for words that aren't known. */
export function adviceFor(error: string, place: TaskPlace): TaskAdvice | undefined {
  for (const { kind, words, cause, fix } of ROWS) {
    const found = words.exec(error);
    if (!found) continue;
    const what = found.slice(1).find((group) => group !== undefined) ?? '';
    return { kind, cause: cause(what, place), fix: fix(what, place) };
  }
  const code = /task: non-zero exit \((\d+)\)/.exec(error)?.[1];
  return code === undefined ? undefined : exitAdvice(Number(code), place);
}

function exitAdvice(code: number, place: TaskPlace): TaskAdvice {
  const { outOfMemory } = place;
  const meaning = exitInWords(code, outOfMemory);
  const cause = `its program ended with exit code ${code}${meaning === undefined ? '' : `: ${meaning}`}`;
  if (outOfMemory)
    return { kind: 'memory', cause, fix: 'Raise limits.memory of the service, or make the program use less.' };
  if (code === 137)
    return {
      kind: 'killed',
      cause,
      fix: `Whether the kernel killed it for memory: ${shell(place, 'sudo', 'dmesg')}; its output: ${logs(place)}`,
    };
  return { kind: 'exit', cause, fix: `Correct what its output says: ${logs(place)}` };
}
