import { DOCKER_HUB } from '../../util/image-reference.ts';
import { onNode, quote } from '../../util/shell-quote.ts';

/** What an engine's words about an image are judged with. */
export interface PullContext {
  readonly image: string;
  readonly node: string;
  /** The image's registry. */
  readonly registry: string;
  /** The server that the words name, or else the registry. */
  readonly server: string;
  /** Whether the node got credentials for the registry. */
  readonly hasLogin: boolean;
  /** The platforms that the image has, if known: linux/amd64, ... */
  readonly platforms: readonly string[];
}

/** One way in which an image doesn't get to a node. Texts are functions of the context and of what the pattern found. */
export interface PullCause {
  /** Fits the words of an engine with either image store. */
  readonly words: RegExp;
  readonly code?: 'DISK_FULL';
  readonly cause: (context: PullContext, found: readonly string[]) => string;
  readonly fix: (context: PullContext, found: readonly string[]) => string;
  /** Whether it is known to pass within seconds. */
  readonly transient?: true;
}

/** A registry's name for people. */
export const named = (registry: string) => (registry === DOCKER_HUB ? 'Docker Hub' : registry);
const LOGIN_KEY = 'images: { registryAuth: true }';
export const ARCHIVE = 'supply the image as an archive (docker save) with images.load';

/** Logging in here, so that nodes get the credentials. */
export function logIn(registry: string): string {
  return `log in here (docker login${registry === DOCKER_HUB ? '' : ` ${quote([registry])}`}) and set ${LOGIN_KEY}`;
}

export const again = (node: string, server: string) =>
  `Run again. If it stays: ${onNode(node, 'curl', '-sSI', `https://${server}/v2/`)}`;

export function upper(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}
