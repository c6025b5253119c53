import { Scalar, type Node } from 'yaml';
import { problemAt, sourceOf, type Problem } from './nodes.ts';

/** Words that are booleans for gopkg.in/yaml.v2, and texts for its version 3. Source: resolve.go. */
const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ...['y', 'Y', 'yes', 'Yes', 'YES', 'on', 'On', 'ON'].map((word) => [word, true] as const),
  ...['n', 'N', 'no', 'No', 'NO', 'off', 'Off', 'OFF'].map((word) => [word, false] as const),
]);

/** Keys that are written before `<<`, and its place. */
export interface BeforeMerge {
  readonly names: ReadonlySet<string>;
  readonly key: Node;
}

/** How many values that older versions read in another way are worth a line each. */
const MOST = 50;

/** Collects what gopkg.in/yaml.v2, which docker had before 28, decodes as something else than version 3. */
export class Version2 {
  readonly problems: Problem[] = [];

  boolean(node: Scalar): void {
    const word = sourceOf(node);
    const value = node.type === Scalar.PLAIN && node.tag === undefined ? BOOLEANS.get(word) : undefined;
    if (value !== undefined)
      this.#add(
        problemAt(node, `docker before 28 reads ${word} as ${value}, a boolean`, `expected it in quotes: '${word}'`),
      );
  }

  /** A merged key: there it wins over one that is written before `<<`. Source: decode.go, mapping and merge. */
  merged(name: string | undefined, before: BeforeMerge | undefined): void {
    if (name === undefined || before?.names.has(name) !== true) return;
    const message = `docker before 28 takes '${name.slice(0, 40)}' from what is merged here, not from before it`;
    this.#add(problemAt(before.key, message, 'expected << before the other keys'));
  }

  /** Adds a problem once, however often aliases lead to its place. */
  #add(problem: Problem): void {
    const isKnown = this.problems.some(({ offset }) => offset === problem.offset);
    if (!isKnown && this.problems.length < MOST) this.problems.push(problem);
  }
}
