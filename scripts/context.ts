/**
 * Finds functions that take a whole context where they could name the parts that they use: `Work & Engines` tells a reader and a
 * test what a function needs, `UnitContext` doesn't. Run by scripts/floors.ts.
 */

/** Tasks, the files that make their contexts, and the package's API for task files. */
const HOLDERS: readonly string[] = [
  'tasks',
  'lib/contracts/context.ts',
  'lib/index.ts',
  'lib/pipeline/deferred-plan.ts',
  'lib/pipeline/prerequisites.ts',
  'lib/pipeline/run-pipeline.ts',
  'lib/pipeline/run-units.ts',
  'lib/pipeline/step.ts',
  'lib/pipeline/task.ts',
  'lib/pipeline/unit-context.ts',
  'lib/session/open.ts',
];

/** Files that name a whole context but may not, one line each. Pure. @param texts the files' texts, by their paths */
export function wholeContexts(texts: ReadonlyMap<string, string>): readonly string[] {
  return [...texts].flatMap(([file, text]) =>
    mayHold(file)
      ? []
      : namedWhole(text).map(
          (name) =>
            `${file} takes the whole ${name}: it may name only the parts it uses (see lib/contracts/context.ts)`,
        ),
  );
}

function mayHold(file: string): boolean {
  return HOLDERS.some((holder) => file === holder || file.startsWith(`${holder}/`));
}

function namedWhole(text: string): readonly string[] {
  const code = text.replace(/\/\*.*?\*\/|(?<=^|\s)\/\/.*?$/gms, '');
  // Its name is only used to pick parts of it, which is allowed.
  const used = code.replace(/\bimport\s+(?:type\s+)?\{[^}]*\}/g, (imported) =>
    imported.replace(/\bRunContext\b(?!\s+as\b)/, ''),
  );
  const whole = used.replace(/\bPick<\s*RunContext\s*,|\bRunContext\s*\[/g, '');
  return ['UnitContext', 'RunContext'].filter((name) => new RegExp(`\\b${name}\\b`).test(whole));
}
