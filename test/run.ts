import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * All checks, those that fail fastest first: format, lint, types, unused code, floors, generated files, workflows,
 * the npm package, unit tests, SSH, an emulated EC2, reports in a browser, and clusters of real virtual machines.
 * Ends with "N passed, N failed".
 *
 * `--quick` skips the virtual machines; `--static` runs only what needs no test runner; `--long` adds what takes too long for
 * every change: see docs/architecture.md.
 */

interface Outcome {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

const root = fileURLToPath(new URL('..', import.meta.url));
const bin = join(root, 'node_modules', '.bin');
const env: NodeJS.ProcessEnv = { ...process.env, PATH: `${bin}${delimiter}${process.env['PATH'] ?? ''}` };

const CHECKS: readonly (readonly [name: string, ...argv: string[]])[] = [
  ['format', 'prettier', '--check', '--log-level', 'warn', '.'],
  ['lint', 'oxlint', '--type-aware', '--deny-warnings'],
  ['types', 'tsc', '-p', '.'],
  ['unused code', 'knip', '--no-progress'],
  ['floors', process.execPath, 'scripts/floors.ts'],
  ['words', process.execPath, 'scripts/words.ts'],
  ['generated files', process.execPath, 'scripts/generate.ts', '--check'],
  ['workflows', process.execPath, 'scripts/check-workflows.ts'],
  // Its types must resolve for every import; `require` doesn't count, as the package is ESM only.
  ['package', 'npm', 'run', '--silent', 'package:check'],
];

/** They run together: those with a server wait more than they compute. */
const QUICK = ['unit', 'ssh', 'ec2', 'browser'];

function check([name, program = '', ...argv]: readonly [string, ...string[]]): Outcome {
  const start = Date.now();
  const { status } = spawnSync(program, argv, { cwd: root, env, stdio: ['ignore', 'inherit', 'inherit'] });
  console.log(`${status === 0 ? '✔' : '✖'} ${name}  ${((Date.now() - start) / 1000).toFixed(1)} s`);
  return { passed: status === 0 ? 1 : 0, failed: status === 0 ? 0 : 1, skipped: 0 };
}

function vitest(projects: readonly string[]): Outcome {
  const folder = mkdtempSync(join(tmpdir(), 'swarmup-report-'));
  const report = join(folder, 'report.json');
  // vitest would leave one processor idle: half of a machine with two. Waiting for servers leaves another one.
  const workers = `--maxWorkers=${availableParallelism() + 1}`;
  const argv = [
    'run',
    ...projects.flatMap((project) => ['--project', project]),
    workers,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
  ];
  const { status } = spawnSync('vitest', argv, { cwd: root, env, stdio: ['ignore', 'inherit', 'inherit'] });
  try {
    const { numPassedTests, numFailedTests, numPendingTests, numTotalTests } = JSON.parse(readFileSync(report, 'utf8'));
    // A file that fails to load has no failed tests, but fails the run.
    const failed = status !== 0 && numFailedTests === 0 ? 1 : numFailedTests;
    return {
      passed: numPassedTests,
      failed,
      skipped: numTotalTests - numPassedTests - numFailedTests || numPendingTests,
    };
  } catch {
    console.error(`vitest wrote no report for ${projects.join(', ')}`);
    return { passed: 0, failed: 1, skipped: 0 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const flags = new Set(process.argv.slice(2));
const runs = flags.has('--static') ? [] : flags.has('--quick') ? [QUICK] : [QUICK, ['e2e']];
if (flags.has('--long')) env['SWARMUP_TEST_LONG'] = 'true';
const outcomes: Outcome[] = [];
for (const one of CHECKS) outcomes.push(check(one));
for (const projects of runs) outcomes.push(vitest(projects));
const sum = (key: keyof Outcome) => outcomes.reduce((total, outcome) => total + outcome[key], 0);
const skipped = sum('skipped');
// In CI, a test that can't run is a failure, not skipped.
const strict = process.env['CI'] === 'true' ? skipped : 0;
console.log(
  `${sum('passed')} passed, ${sum('failed') + strict} failed${skipped > strict ? `, ${skipped} skipped` : ''}`,
);
process.exitCode = sum('failed') + strict > 0 ? 1 : 0;
