import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { wholeContexts } from '../scripts/context.ts';
import { faultsOf, FLOORS, importsIn } from '../scripts/floors.ts';
import { ROOT } from './support/cli.ts';

/** The faults in a set of files with their imports. */
const faults = (imports: Readonly<Record<string, readonly string[]>>) => faultsOf(new Map(Object.entries(imports)));

describe('the floors', () => {
  it('let a file import from its own room with subfolders, and from lower floors', () => {
    expect(
      faults({
        'lib/cli/bin.ts': ['lib/cli/commands/up.ts'],
        'lib/cli/commands/up.ts': ['lib/cli/session.ts', 'Taskfile.ts', 'tasks/provision.ts'],
        'lib/cli/session.ts': ['lib/util/errors.ts'],
        'tasks/provision.ts': ['lib/swarm/join.ts'],
        'lib/swarm/join.ts': ['lib/swarm/fields/field.ts'],
        'lib/swarm/fields/field.ts': ['lib/contracts/engine.ts'],
        'lib/async/wait.ts': ['lib/util/errors.ts'],
      }),
    ).toEqual([]);
  });

  it('refuse an import from a higher floor', () => {
    expect(faults({ 'lib/swarm/join.ts': ['lib/cli/session.ts'], 'Taskfile.ts': ['tasks/provision.ts'] })).toEqual([
      'lib/swarm/join.ts imports lib/cli/session.ts: lib/swarm (floor 5) may not import lib/cli (floor 1)',
      'Taskfile.ts imports tasks/provision.ts: Taskfile.ts (floor 4) may not import tasks (floor 3)',
    ]);
  });

  it('refuse an import from a room of the same floor, except where declared', () => {
    expect(
      faults({ 'lib/swarm/join.ts': ['lib/providers/index.ts'], 'lib/util/files.ts': ['lib/async/wait.ts'] }),
    ).toEqual([
      'lib/swarm/join.ts imports lib/providers/index.ts: lib/swarm (floor 5) may not import lib/providers (floor 5)',
      'lib/util/files.ts imports lib/async/wait.ts: lib/util (floor 11) may not import lib/async (floor 11)',
    ]);
  });

  it('report each circle once, by its shortest path', () => {
    expect(
      faults({
        'lib/swarm/a.ts': ['lib/swarm/b.ts'],
        'lib/swarm/b.ts': ['lib/swarm/c.ts', 'lib/swarm/a.ts'],
        'lib/swarm/c.ts': ['lib/swarm/d.ts'],
        'lib/swarm/d.ts': [],
        'lib/swarm/e.ts': ['lib/swarm/e.ts'],
      }),
    ).toEqual(['cycle: lib/swarm/a.ts → lib/swarm/b.ts → lib/swarm/a.ts', 'cycle: lib/swarm/e.ts → lib/swarm/e.ts']);
  });

  it('need a place for every file', () => {
    expect(faults({ 'lib/index.ts': [], 'lib/errors.ts': [], 'lib/swarms/join.ts': [] })).toEqual([
      'lib/errors.ts is not in a room: in lib itself only lib/index.ts is allowed',
      'lib/swarms/join.ts is in a room without a floor',
    ]);
  });

  it('match the table in docs/architecture.md', () => {
    const text = readFileSync(join(ROOT, 'docs/architecture.md'), 'utf8');
    const rows = [...text.matchAll(/^\| (\d+) +\| ([^|]+?) +\|/gm)].map(([, floor, rooms = '']) => [
      Number(floor),
      rooms.split(', ').map((room) => room.replaceAll('`', '')),
    ]);
    expect(rows).toEqual(FLOORS.map((rooms, i) => [i + 1, rooms]));
  });
});

describe('the imports of a file', () => {
  const files = ['lib/a.ts', 'lib/cli/load.ts', 'lib/cli/main.ts', 'tasks/one.ts', 'tasks/two.ts'];
  const importsOf = (text: string) => importsIn('lib/cli/load.ts', text, files);

  it('include values, types, re-exports and dynamic imports', () => {
    expect(importsOf("import {\n  a,\n} from '../a.ts';")).toEqual(['lib/a.ts']);
    expect(importsOf("import type { A } from '../a.ts';")).toEqual(['lib/a.ts']);
    expect(importsOf("type A = import('../a.ts').A;")).toEqual(['lib/a.ts']);
    expect(importsOf("export * from './main.ts';\nimport './main.ts';")).toEqual(['lib/cli/main.ts']);
    expect(importsOf("void import('./main.ts').then(({ main }) => main());")).toEqual(['lib/cli/main.ts']);
  });

  it('include every file that a template may name', () => {
    expect(importsOf('await import(`../../tasks/${id}.ts`);')).toEqual(['tasks/one.ts', 'tasks/two.ts']);
  });

  it('exclude packages and missing files', () => {
    expect(importsOf("import { z } from 'zod';\nimport { b } from '../b.ts';")).toEqual([]);
  });
});

describe('the whole context', () => {
  const importing = (name: string) => `import type { ${name}, World } from '../contracts/context.ts';\n`;
  const faultsOfText = (text: string, file = 'lib/swarm/join.ts') => wholeContexts(new Map([[file, text]]));
  const refused = (name: string) => [
    `lib/swarm/join.ts takes the whole ${name}: it may name only the parts it uses (see lib/contracts/context.ts)`,
  ];

  it('may be taken by tasks, and by the code that creates contexts for them', () => {
    const text = `${importing('RunContext, UnitContext')}const f = (run: RunContext, unit: UnitContext) => run;`;
    for (const file of ['tasks/provision.ts', 'lib/pipeline/step.ts', 'lib/session/open.ts'])
      expect(faultsOfText(text, file)).toEqual([]);
  });

  it('may be taken by nothing else, under any alias', () => {
    expect(faultsOfText(importing('UnitContext'))).toEqual(refused('UnitContext'));
    expect(faultsOfText(`${importing('UnitContext as Unit')}const f = (ctx: Unit) => ctx;`)).toEqual(
      refused('UnitContext'),
    );
    for (const use of [
      'const f = (ctx: RunContext) => ctx;',
      'const f = ({ clock }: RunContext) => clock;',
      'type Context = RunContext;',
      "type Context = Omit<RunContext, 'env'>;",
      'type Context = Pick<RunContext, keyof RunContext>;',
    ])
      expect(faultsOfText(`${importing('RunContext')}${use}`)).toEqual(refused('RunContext'));
    expect(faultsOfText(`${importing('RunContext as Run')}const f = (ctx: Run) => ctx;`)).toEqual(
      refused('RunContext'),
    );
    expect(faultsOfText("type Context = import('../contracts/context.ts').RunContext;")).toEqual(refused('RunContext'));
    expect(faultsOfText("export type { RunContext } from '../contracts/context.ts';")).toEqual(refused('RunContext'));
  });

  it('may be named for its parts, and in comments', () => {
    const text = [
      '/** Less than a UnitContext,\n * or a RunContext. */',
      "const f = (ctx: Work & Pick<RunContext, 'machines' | 'env'>) => ctx;",
      "const g = (remote: RunContext['remote']) => remote; // not the RunContext",
    ].join('\n');
    expect(faultsOfText(`${importing('RunContext')}${text}`)).toEqual([]);
    expect(faultsOfText(`import { onBehalfOf, type RunContext } from '../contracts/context.ts';\n${text}`)).toEqual([]);
  });
});
