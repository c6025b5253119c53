import type { Finding, Survey, Surveyed } from '../../contracts/preflight.ts';

/** Looks at one host, and at the others where it has to be compared; pure. */
export type Rule = (host: Surveyed, survey: Survey) => readonly Finding[];

type Words = Pick<Finding, 'message' | 'fix'>;

/** A finding that keeps everything from being changed. */
export function fatal({ node }: Surveyed, check: string, words: Words): Finding {
  return { node: node.name, check, severity: 'fatal', ...words };
}

/** A finding that is said, and nothing more. */
export function warning({ node }: Surveyed, check: string, words: Words): Finding {
  return { node: node.name, check, severity: 'warning', ...words };
}
