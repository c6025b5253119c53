import { SwarmupError } from '../../util/errors.ts';
import { registryOf } from '../../util/image-reference.ts';
import { ANSWERS } from './answers.ts';
import { ARCHIVE, type PullCause, type PullContext } from './cause.ts';
import { CONNECTIONS } from './connections.ts';
import { NODE_CAUSES, OTHER_PLATFORM } from './node-causes.ts';

/** Why an image doesn't get to a node, and what to do about it. */
export interface PullFailure {
  readonly code: 'IMAGE_UNREACHABLE' | 'DISK_FULL';
  /** The cause alone, such as "the disk of worker1 is full"; undefined for words that nobody knows yet. */
  readonly cause: string | undefined;
  readonly message: string;
  readonly fix: string;
  /** Whether it is known to pass within seconds. */
  readonly transient: boolean;
}

/** What is known besides the engine's words. */
export interface Pulled extends Pick<PullContext, 'image' | 'node'> {
  /** Whether the node got credentials for the image's registry. */
  readonly hasLogin?: boolean;
  /** The platforms that the image has: linux/amd64, ... */
  readonly platforms?: readonly string[];
}

/** The order counts: a full disk is told before what follows from it. */
const CAUSES: readonly PullCause[] = [...NODE_CAUSES, ...CONNECTIONS, ...ANSWERS];

/** More of a server's answer helps nobody. */
const LONGEST = 300;

/**
 * Judges an engine's words about a pull: of the engine itself, of its image store (graph drivers or containerd), of its
 * connection, or of the registry. Also for a task's error. Pure.
 *
 * Sources: moby, daemon/internal/distribution and daemon/containerd; containerd, core/remotes/docker; distribution,
 * registry/api/errcode and v2.
 */
export function pullFailure(words: string, pulled: Pulled): PullFailure {
  const { image, node, hasLogin = false, platforms = [] } = pulled;
  const registry = registryOf(image);
  const context = { image, node, registry, server: serverIn(words) ?? registry, hasLogin, platforms };
  for (const { words: pattern, code = 'IMAGE_UNREACHABLE', cause, fix, transient = false } of CAUSES) {
    const found = pattern.exec(words);
    if (!found) continue;
    const why = cause(context, found);
    return {
      code,
      cause: why,
      message: `${node}: ${image} can't be pulled: ${why} (${brief(words)})`,
      fix: fix(context, found),
      transient,
    };
  }
  return {
    code: 'IMAGE_UNREACHABLE',
    cause: undefined,
    message: `${node}: ${image} can't be pulled: ${brief(words)}`,
    fix: `Correct the image name, make the registry reachable from the nodes, or ${ARCHIVE}.`,
    transient: false,
  };
}

/** The same as an error. */
export function pullError(words: string, pulled: Pulled, cause?: unknown): SwarmupError {
  const { code, message, fix, transient } = pullFailure(words, pulled);
  return new SwarmupError(code, message, { fix, transient, cause });
}

/** The server of the first address in an engine's words: it may be a mirror, or one that issues tokens. */
function serverIn(words: string): string | undefined {
  return /\bhttps?:\/\/([A-Za-z0-9.-]+(?::\d+)?|\[[0-9A-Fa-f:.]+\](?::\d+)?)\//.exec(words)?.[1];
}

function brief(words: string): string {
  const line = words.trim().replace(/\s+/g, ' ');
  return line.length > LONGEST ? `${line.slice(0, LONGEST)}...` : line;
}

/** Whether an image's registry has it, and not for the node's platform. */
export function isOfOtherPlatform(words: string): boolean {
  return OTHER_PLATFORM.test(words);
}
