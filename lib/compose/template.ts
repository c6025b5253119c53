/** A variable with an operator, in braces or not. Source: docker/cli, cli/compose/template. */
const NAMED = /[_a-z][_a-z0-9]*(?::?[-?][^}]*)?/iy;
const BRACED = /^[_a-z][_a-z0-9]*(?::?[-?].*)?$/is;

/** The operators in the order in which Docker looks for them: anywhere in the braces, even in a message. */
const OPERATORS = [
  { sign: ':-', isRequired: false, emptyCounts: false },
  { sign: '-', isRequired: false, emptyCounts: true },
  { sign: ':?', isRequired: true, emptyCounts: false },
  { sign: '?', isRequired: true, emptyCounts: true },
] as const;

export interface Substituted {
  readonly text: string;
  /** The variables that were referred to. */
  readonly names: readonly string[];
  /** Of an invalid text, only the first. */
  readonly problems: readonly Problem[];
}

/**
 * Replaces variables in a text, as `docker stack deploy` does: defaults with `:-` and `-`, required ones with `:?` and
 * `?`, `$$` for a dollar sign. Other forms, such as `:+` or nested braces, are not Docker's.
 */
export function substitute(text: string, lookup: (name: string) => string | undefined): Substituted {
  const names: string[] = [];
  const problems: Problem[] = [];
  let result = '';
  let end = 0;
  const references = new References(text);
  for (let at = text.indexOf('$'); at !== -1; at = text.indexOf('$', end)) {
    result += text.slice(end, at);
    const reference = references.at(at);
    if (!reference) {
      problems.push({
        message: `'${shortened(text)}' has a dollar sign that begins no variable`,
        hint: 'expected $NAME, ${NAME}, ${NAME:-default} or ${NAME:?message}; write $$ for a dollar sign',
      });
      return { text, names, problems };
    }
    end = reference.end;
    result += reference.inside === '$' ? '$' : expand(reference.inside, { lookup, names, problems });
  }
  return { text: result + text.slice(end), names, problems };
}

interface Problem {
  readonly message: string;
  readonly hint: string;
}

/** Finds references in a text, in time that is linear in its length. */
class References {
  readonly #text: string;
  #close = -1;

  constructor(text: string) {
    this.#text = text;
  }

  /** What follows the dollar sign at an index: another one, or a variable with its operator. */
  at(index: number): { readonly inside: string; readonly end: number } | undefined {
    const text = this.#text;
    if (text[index + 1] === '$') return { inside: '$', end: index + 2 };
    if (text[index + 1] !== '{') {
      NAMED.lastIndex = index + 1;
      const [inside] = NAMED.exec(text) ?? [];
      return inside === undefined ? undefined : { inside, end: index + 1 + inside.length };
    }
    if (this.#close < index) this.#close = text.indexOf('}', index);
    const inside = text.slice(index + 2, Math.max(index + 2, this.#close));
    return this.#close !== -1 && BRACED.test(inside) ? { inside, end: this.#close + 1 } : undefined;
  }
}

interface Expansion {
  readonly lookup: (name: string) => string | undefined;
  readonly names: string[];
  readonly problems: Problem[];
}

/** The value of a variable with its operator; a missing required one is a problem. */
function expand(inside: string, { lookup, names, problems }: Expansion): string {
  const operator = OPERATORS.find(({ sign }) => inside.includes(sign));
  const at = operator ? inside.indexOf(operator.sign) : inside.length;
  const name = inside.slice(0, at);
  names.push(name);
  const value = lookup(name);
  if (!operator) return value ?? '';
  if (value !== undefined && (value !== '' || operator.emptyCounts)) return value;
  const word = inside.slice(at + operator.sign.length);
  if (!operator.isRequired) return word;
  problems.push({
    message: `the variable ${name} is required${word === '' ? '' : `: ${shortened(word)}`}`,
    hint: `expected ${name} in the environment, or in the stack's env or envFile`,
  });
  return '';
}

const SHOWN = 60;

function shortened(text: string): string {
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}...` : text;
}
