import type { Finding, Survey, Surveyed } from '../../contracts/preflight.ts';

/** Checks one host, comparing it with the others where needed; pure. */
export type Rule = (host: Surveyed, survey: Survey) => readonly Finding[];

type Words = Pick<Finding, 'message' | 'fix'>;

/** A finding that prevents any change. */
export function fatal({ node }: Pick<Surveyed, 'node'>, check: string, words: Words): Finding {
  return { node: node.name, check, severity: 'fatal', ...words };
}

/** A finding that is only reported. */
export function warning({ node }: Pick<Surveyed, 'node'>, check: string, words: Words): Finding {
  return { node: node.name, check, severity: 'warning', ...words };
}
