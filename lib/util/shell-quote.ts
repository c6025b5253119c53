/** Quotes an argument list for a POSIX shell: the one place where commands become text. */
export function quote(argv: readonly string[]): string {
  return argv
    .map((word) => (/^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`))
    .join(' ');
}

/**
 * Quotes an argument list that follows `swarmup ssh NODE --` in a shell: like every ssh client, it joins its arguments with spaces for
 * the shell of the node, so quotes that only this shell sees are lost.
 */
export function quoteThroughSsh(argv: readonly string[]): string {
  return argv
    .map((word) => {
      const inner = quote([word]);
      if (inner === word) return word;
      return /["$`\\!]/.test(inner) ? quote([inner]) : `"${inner}"`;
    })
    .join(' ');
}

/** A command on a node, to be printed. @param node a name of the cluster file */
export function onNode(node: string, ...argv: readonly string[]): string {
  return `swarmup ssh ${node} -- ${quoteThroughSsh(argv)}`;
}
