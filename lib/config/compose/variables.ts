/** Variables of Compose files, as Docker substitutes them. Source: docker/cli, cli/compose/template. */
const VARIABLE = /\$(?:(\$)|([_a-z][_a-z0-9]*)|\{([_a-z][_a-z0-9]*)(?:(:?[-?])([^}]*))?\}|)/gi;

export interface Substituted {
  readonly text: string;
  /** The variables that were referred to. */
  readonly variables: readonly string[];
  /** What Docker would refuse, in Docker's words. */
  readonly problems: readonly string[];
}

/** Replaces `$VAR`, `${VAR}` and the forms with a default or a message; `$$` stands for a dollar sign. */
export function substitute(text: string, env: Readonly<Record<string, string | undefined>>): Substituted {
  const variables: string[] = [];
  const problems: string[] = [];
  const replace = (whole: string, ...groups: readonly (string | undefined)[]): string => {
    const [escaped, plain, braced, operator = '', word = ''] = groups;
    const name = plain ?? braced;
    if (escaped !== undefined) return '$';
    if (name === undefined) {
      problems.push(`invalid interpolation format: "${text}"; you may need to escape any $ with another $`);
      return whole;
    }
    variables.push(name);
    const value = env[name];
    const isMissing = value === undefined || (operator.startsWith(':') && value === '');
    if (!isMissing) return value;
    if (operator.endsWith('-')) return word;
    if (operator.endsWith('?')) problems.push(`required variable ${name} is missing a value: ${word}`);
    return '';
  };
  return { text: text.replace(VARIABLE, replace), variables, problems };
}
