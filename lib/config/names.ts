import { z } from 'zod';

/**
 * Names of clusters, nodes, services and stacks have the grammar of host names. Source: RFC 1123, section 2.1, without
 * upper case.
 */
const NAME = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

export const name = () =>
  z.string().regex(NAME, { error: 'expected lower-case letters, digits and hyphens, at most 63, such as worker-1' });

/**
 * Whether a text from outside the cluster file (a process, a tag, a file name) can be a node's name. Only valid names
 * become paths.
 */
export function isName(text: string): boolean {
  return NAME.test(text);
}
