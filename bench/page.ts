/** The page with the figures, docs/performance.md: one table, which the benchmark reads back to keep rows of parts that didn't run. */

export const PARTS = ['help', 'scale', 'local', 'bare'] as const;
export type Part = (typeof PARTS)[number];

/** What a part measured: a row of the table. */
export interface Figure {
  readonly what: string;
  readonly figure: string;
  /** The ratio to another figure of the same run, or what else it compares to. */
  readonly compared: string;
}

export interface Row extends Figure {
  readonly part: Part;
  readonly machine: string;
  /** YYYY-MM-DD */
  readonly date: string;
}

const HEADER = '| part | measured | figure | compared | machine | date |';

/** The rows with those of a part replaced, in the order of the parts. Pure. */
export function replaced(rows: readonly Row[], part: Part, by: readonly Row[]): readonly Row[] {
  const all = [...rows.filter((row) => row.part !== part), ...by];
  return PARTS.flatMap((one) => all.filter((row) => row.part === one));
}

/** The rows in the text of a page. Pure. */
export function rowsIn(page: string): readonly Row[] {
  const [, , ...lines] = page.slice(Math.max(page.indexOf(HEADER), 0)).split('\n');
  return lines.flatMap((line) => {
    const [part, what = '', figure = '', compared = '', machine = '', date = ''] = line
      .split('|')
      .slice(1)
      .map((cell) => cell.trim());
    const known = PARTS.find((one) => one === part);
    return known ? [{ part: known, what, figure, compared, machine, date }] : [];
  });
}

/** The whole page. Pure. */
export function pageOf(rows: readonly Row[]): string {
  const lines = rows.map((row) =>
    ['', row.part, row.what, row.figure, row.compared, row.machine, row.date, ''].join(' | ').trim(),
  );
  return `${INTRODUCTION}\n${[HEADER, '| --- | --- | --- | --- | --- | --- |', ...lines].join('\n')}\n`;
}

const INTRODUCTION = `# Performance

\`npm run bench\` writes this page: \`npm run bench -- help scale\` runs only these parts, and the others keep their rows. Figures
depend on the machine and on its load, so only ratios within one run mean anything. [bench/README.md](../bench/README.md) says how each
part is measured.
`;
