import pc from 'picocolors';

/** A task in the list. */
export interface ListedTask {
  readonly id: string;
  readonly title: string;
  readonly about: string;
  readonly needs: readonly string[];
  /** The targets in this cluster. */
  readonly runsOn: readonly string[];
}

/** Pipelines as lists of tasks, then each task with what it does, needs, and where it runs. */
export function tasksText(
  pipelines: Readonly<Record<string, readonly string[]>>,
  tasks: readonly ListedTask[],
): string {
  const width = Math.max(...Object.keys(pipelines).map((name) => name.length));
  const lists = Object.entries(pipelines).map(
    ([name, ids]) => `  ${pc.cyan(name.padEnd(width))}  ${wrapped(ids.join(' → '), width + 4)}\n`,
  );
  const details = tasks.map(({ id, about, needs, runsOn }) => {
    const where =
      runsOn.length > 4 ? `${runsOn.slice(0, 3).join(', ')} and ${runsOn.length - 3} more` : runsOn.join(', ');
    return [
      `\n${pc.bold(id)}\n`,
      `  ${about}\n`,
      `  ${pc.dim('needs')}  ${needs.join(', ') || 'nothing'}\n`,
      `  ${pc.dim('on   ')}  ${where || 'nothing in this cluster'}\n`,
    ].join('');
  });
  return `${pc.bold('Pipelines')}\n${lists.join('')}${details.join('')}`;
}

/** Wraps a long line between words, indenting further lines. */
function wrapped(text: string, indent: number): string {
  const room = Math.max(40, (process.stdout.columns ?? 100) - indent);
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines.at(-1) ?? '';
    if (last !== '' && last.length + 1 + word.length > room) lines.push(word);
    else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`;
  }
  return lines.join(`\n${' '.repeat(indent)}`);
}
