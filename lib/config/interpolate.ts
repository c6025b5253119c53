import { isScalar, parse, visit, type Document, type Scalar } from 'yaml';

const REFERENCE = /\$(\$|\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}|\{)/g;

export interface MissingVariable {
  readonly node: Scalar;
  readonly message: string;
  readonly hint: string;
}

/**
 * Replaces `${VAR}` and `${VAR:-default}` in every scalar of the document; `$$` stands for a dollar sign. A plain
 * scalar is read as YAML again afterwards where no text is expected, so that `replicas: ${N}` is a number; a quoted one
 * stays a text.
 *
 * @returns the variables that aren't set and the references that can't be parsed; and the plain scalars that changed
 */
export function interpolate(
  document: Document,
  env: Readonly<Record<string, string | undefined>>,
): { readonly missing: readonly MissingVariable[]; readonly interpolated: ReadonlySet<Scalar> } {
  const missing: MissingVariable[] = [];
  const interpolated = new Set<Scalar>();
  visit(document, {
    Scalar(key, node) {
      if (key === 'key' || !isScalar(node) || typeof node.value !== 'string' || !node.value.includes('$')) return;
      const text = node.value.replace(REFERENCE, (whole, kind: string, name?: string, fallback?: string) => {
        if (kind === '$') return '$';
        if (name === undefined) {
          missing.push({
            node,
            message: `'${whole}' is not a variable reference`,
            hint: 'expected ${NAME} or ${NAME:-default}; write $$ for a dollar sign',
          });
          return whole;
        }
        const value = env[name];
        if (value !== undefined && (value !== '' || fallback === undefined)) return value;
        if (fallback !== undefined) return fallback;
        missing.push({
          node,
          message: `the environment variable ${name} is not set`,
          hint: `set it, or give a default: \${${name}:-value}`,
        });
        return whole;
      });
      if (text === node.value) return;
      node.value = text;
      if (node.type === 'PLAIN') interpolated.add(node);
    },
  });
  return { missing, interpolated };
}

/** A plain scalar's text as YAML reads it: only numbers, booleans and null change their type. */
export function plainValue(text: string): unknown {
  if (!/^(-?[0-9][0-9.eE+_-]*|true|false|null)$/.test(text)) return text;
  const value: unknown = parse(text);
  return value;
}
