import pc from 'picocolors';

/** Columns as wide as their widest cell, under a dim head. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd();
  return `${pc.dim(line(head))}\n${rows.map((row) => `${line(row)}\n`).join('')}`;
}
