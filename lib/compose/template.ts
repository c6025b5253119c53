/** `$$`, `$VAR`, `${VAR...}`, or a dollar sign that is none of these. Source: docker/cli, cli/compose/template. */
const SUBSTITUTION = '[_a-z][_a-z0-9]*(?::?[-?][^}]*)?';
const REFERENCE = new RegExp(`\\$(?:(\\$)|(${SUBSTITUTION})|\\{(${SUBSTITUTION})\\}|)`, 'gi');

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
  readonly problems: readonly { readonly message: string; readonly hint: string }[];
}

/**
 * Replaces variables in a text, as `docker stack deploy` does: defaults with `:-` and `-`, required ones with `:?` and
 * `?`, `$$` for a dollar sign. Other forms, such as `:+` or nested braces, are not Docker's.
 */
export function substitute(text: string, lookup: (name: string) => string | undefined): Substituted {
  if (!text.includes('$')) return { text, names: [], problems: [] };
  const names: string[] = [];
  const problems: { message: string; hint: string }[] = [];
  const replaced = text.replace(REFERENCE, (whole, ...groups: readonly (string | undefined)[]) => {
    const [escaped, named, braced] = groups;
    if (escaped !== undefined) return '$';
    const inside = named ?? braced;
    if (inside === undefined) {
      problems.push({
        message: `'${shortened(text)}' has a dollar sign that begins no variable`,
        hint: 'expected $NAME, ${NAME}, ${NAME:-default} or ${NAME:?message}; write $$ for a dollar sign',
      });
      return whole;
    }
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
  });
  return { text: replaced, names, problems };
}

const SHOWN = 60;

function shortened(text: string): string {
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}...` : text;
}
