import type { ErrorCode } from '../../util/errors.ts';
import type { Path } from '../../compose/yaml/read.ts';
import { onNode, quote } from '../../util/shell-quote.ts';

/** Where Docker's client ran, and for which stack. */
export interface ClientPlace {
  readonly manager: string;
  readonly stack: string;
}

/** What Docker's client says before it asks a manager for anything. */
export interface ClientWord {
  readonly words: RegExp;
  readonly cause: (found: readonly string[], place: ClientPlace) => string;
  readonly fix: (found: readonly string[], place: ClientPlace) => string;
  /** The path in the Compose files that the words name: as it is written there, or by what it means. */
  readonly at?: (found: readonly string[]) => Named;
  readonly code?: ErrorCode;
  readonly transient?: true;
}

/** A place in a Compose file. */
export type Named =
  /** A path of the words: services.web.ports.0 */
  | { readonly dotted: string }
  | { readonly path: Path }
  /** A network, secret or config by its name in the swarm. */
  | { readonly kind: 'network' | 'secret' | 'config'; readonly name: string };

const PATH = String.raw`((?:services|networks|volumes|secrets|configs)\.[^\s:]+)`;
const CORRECT = (_: readonly string[], { stack }: ClientPlace) =>
  `Correct it. As Docker reads the stack: swarmup config --stack ${quote([stack])}`;

/** Sources: docker/cli 28 and 29, cli/command/stack and cli/compose (loader, schema, interpolation, convert). */
export const CLIENT_WORDS: readonly ClientWord[] = [
  {
    words: /network "([^"]+)" is declared as external, but could not be found/,
    cause: ([, name]) => `the swarm has no network ${name}, which is declared external`,
    fix: ([, name = '']) => `Add ${name} to networks of the cluster file, or remove external.`,
    at: ([, name = '']) => ({ kind: 'network', name }),
  },
  {
    words: /network "([^"]+)" is declared as external, but it is not in the right scope: "([^"]*)"/,
    cause: ([, name], { manager }) =>
      `the network ${name} is one of ${manager} alone, and stacks need one of the swarm`,
    fix: ([, name = ''], { manager }) =>
      `Remove it, and add ${name} to networks of the cluster file: ${onNode(manager, 'sudo', 'docker', 'network', 'rm', name)}`,
    at: ([, name = '']) => ({ kind: 'network', name }),
  },
  {
    words: /\b(secret|config) not found: (\S+)/,
    cause: ([, kind, name]) => `the swarm has no ${kind} ${name}`,
    fix: ([, kind = '', name = ''], { manager }) =>
      `Create it: printf VALUE | ${onNode(manager, 'sudo', 'docker', kind, 'create', name, '-')}; or add it to ${kind}s of the cluster file.`,
    at: ([, kind, name = '']) => ({ kind: kind === 'config' ? kind : 'secret', name }),
  },
  {
    words: new RegExp(
      `(?:invalid interpolation format for|error while interpolating) ${PATH}: "?(required variable [^"\\n]+)`,
    ),
    cause: ([, , detail]) => detail ?? '',
    fix: () => 'Set it in env or envFile of the stack, or in the environment.',
    at: ([, dotted = '']) => ({ dotted }),
  },
  {
    words: new RegExp(`invalid interpolation format for ${PATH}: ("(?:[^"\\\\]|\\\\.)*")`),
    cause: () => "Docker can't read the variable here",
    fix: () => 'Write ${NAME}, or $$ for a dollar sign.',
    at: ([, dotted = '']) => ({ dotted }),
  },
  {
    words: new RegExp(`error while interpolating ${PATH}: ([^\\n]+)`),
    cause: ([, , detail]) => detail ?? '',
    fix: CORRECT,
    at: ([, dotted = '']) => ({ dotted }),
  },
  {
    words: new RegExp(`${PATH} Additional property (\\S+) is not allowed`),
    cause: ([, , key]) => `Docker knows no key ${key} here`,
    fix: CORRECT,
    at: ([, dotted = '', key = '']) => ({ dotted: `${dotted}.${key}` }),
  },
  {
    words: /\(root\) Additional property (\S+) is not allowed/,
    cause: ([, key]) => `Docker knows no section ${key}`,
    fix: CORRECT,
    at: ([, key = '']) => ({ path: [key] }),
  },
  {
    words: /service "?([\w.-]+)"?: undefined (network|secret|config|volume) "([^"]+)"/,
    cause: ([, service, kind, name]) =>
      `the service ${service} uses the ${kind} ${name}, which the file doesn't define`,
    fix: ([, , kind, name]) => `Define it: ${kind}s: { ${name}: {} }`,
    at: ([, service = '', kind = '']) => ({ path: ['services', service, `${kind}s`] }),
  },
  {
    words: /invalid image reference for service ([\w.-]+): ([^\n]+)/,
    cause: ([, service, detail]) => `the image of the service ${service}: ${detail}`,
    fix: () => 'Name an image; stacks build none.',
    at: ([, service = '']) => ({ path: ['services', service, 'image'] }),
  },
  {
    words: /unsupported Compose file version: (\S+)/,
    cause: ([, version], { manager }) => `the docker command of ${manager} reads no version ${version}`,
    fix: () => 'Claim an older version, or upgrade Docker (docker.version).',
    at: () => ({ path: ['version'] }),
  },
  {
    words: /[Cc]ompose file contains unsupported options:\s*(\S+): ([^\n]+)/,
    cause: ([, key, detail]) => `${key}: ${detail}`,
    fix: () => 'Remove the key.',
  },
  {
    words: new RegExp(`^${PATH} ([^\\n]+)$`, 'm'),
    cause: ([, , detail]) => detail ?? '',
    fix: CORRECT,
    at: ([, dotted = '']) => ({ dotted }),
  },
  {
    words: /this node is not a swarm manager/,
    cause: (_, { manager }) => `${manager} is no longer a manager`,
    fix: () => 'Run again: another manager is then asked.',
    code: 'ENGINE_REFUSED',
    transient: true,
  },
  {
    words: /Cannot connect to the Docker daemon|error during connect/,
    cause: (_, { manager }) => `the Docker Engine of ${manager} doesn't answer`,
    fix: (_, { manager }) => `Check whether it runs: ${onNode(manager, 'systemctl', 'status', 'docker')}`,
    code: 'ENGINE_UNREACHABLE',
  },
  {
    words: /No space left on device/i,
    cause: (_, { manager }) => `${manager} has no room for the stack's files in memory`,
    fix: (_, { manager }) => `See what fills /run or /dev/shm: ${onNode(manager, 'df', '-h', '/run', '/dev/shm')}`,
    code: 'DISK_FULL',
  },
  {
    words: /docker: command not found|'stack' is not a docker command|unknown command: docker stack/,
    cause: (_, { manager }) => `${manager} has no docker command that deploys stacks`,
    fix: (_, { manager }) =>
      `Install it there: the package docker-ce-cli, or docker-cli of Debian 13. See: ${onNode(manager, 'sudo', 'docker', 'version')}`,
    code: 'ENGINE_REFUSED',
  },
  {
    words: /neither \/run nor \/dev\/shm is in memory/,
    cause: (_, { manager }) => `${manager} has no folder in memory, where secrets belong`,
    fix: (_, { manager }) => `Mount a tmpfs at /run or /dev/shm there: ${onNode(manager, 'findmnt', '-t', 'tmpfs')}`,
    code: 'ENGINE_REFUSED',
  },
];
