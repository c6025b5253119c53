import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { SwarmupError } from '../../lib/util/errors.ts';
import type { Event, RunResult, UnitResult } from '../../lib/contracts/events.ts';
import { Group } from '../../lib/render/board.ts';
import { errorText, failures, reportError } from '../../lib/render/error.ts';
import { bar, changeLine, duration, elapsed, fit, tally } from '../../lib/render/format.ts';
import { resultJson } from '../../lib/render/json.ts';
import { plainListener } from '../../lib/render/plain.ts';
import { githubListener } from '../../lib/render/github.ts';
import { planDiff, planText } from '../../lib/render/plan.ts';
import { recordLine, summary } from '../../lib/render/summary.ts';
import { created, removed, step, updated } from '../../lib/contracts/change.ts';
import type { Provider } from '../../lib/contracts/provider.ts';
import type { Ending } from '../../lib/render/ending.ts';
import { strict } from '../fakes/strict.ts';
import { FakeWorld } from '../fakes/world.ts';
import { clusterOf, fullText, IMAGES } from '../support/cluster.ts';

const error = new SwarmupError('COMMAND_FAILED', "worker1: 'apt-get update' ended with exit code 100", {
  fix: 'See whether the mirror answers.',
  output: 'E: Failed to fetch\nE: Some index files failed',
});
const unit = (rest: Partial<UnitResult>): UnitResult => ({
  task: 'install-docker',
  target: 'worker1',
  outcome: 'unchanged',
  ms: 12.4,
  changes: [],
  ...rest,
});
const result = (units: UnitResult[], rest: Partial<RunResult> = {}): RunResult => ({
  ok: true,
  cluster: 'test',
  changed: 0,
  durationMs: 1234.5,
  units,
  warnings: [],
  interrupted: false,
  partial: false,
  ...rest,
});
const plain = (text: string) => stripVTControlCharacters(text);

async function lines(events: Event[]): Promise<string[]> {
  const stream = new PassThrough();
  const listen = plainListener(stream);
  for (const event of events) listen(event);
  stream.end();
  const text = await stream.toArray().then((chunks) => chunks.join(''));
  return text.trimEnd().split('\n');
}

describe('figures', () => {
  it('are rounded for people', () => {
    expect([12, 850, 3249, 59_940, 61_000, 3_725_000].map(duration)).toEqual([
      '12 ms',
      '850 ms',
      '3.2 s',
      '59.9 s',
      '1 min 01 s',
      '62 min 05 s',
    ]);
    expect([0, 999, 59_999, 125_400].map(elapsed)).toEqual(['0 s', '0 s', '59 s', '2 min 05 s']);
    expect(plain(bar({ done: 1, total: 4 }))).toBe('████░░░░░░░░░░░░  25 %');
    expect(plain(bar({ done: 9, total: 0 }))).toContain('0 %');
    expect(fit('abcdef', 4)).toBe('abc…');
    expect(tally([unit({}), unit({ outcome: 'changed' }), unit({ outcome: 'changed' })])).toBe(
      '2 changed, 1 unchanged',
    );
    const changes = [created(['x']), updated(['x']), removed(['x']), step(['x'], 'start')];
    expect(changes.map((change) => plain(changeLine(change)))).toEqual(['+ x', '~ x', '- x', '• start x']);
  });
});

describe('an error', () => {
  it('shows its message, the last lines of output, its fix and where it is explained', () => {
    expect(plain(errorText(error, 'install-docker on worker1'))).toBe(
      "✖ install-docker on worker1: worker1: 'apt-get update' ended with exit code 100\n    E: Failed to fetch\n    E: Some index files failed\n  fix  See whether the mirror answers.\n  see  swarmup explain COMMAND_FAILED\n",
    );
    expect(plain(failures([unit({}), unit({ outcome: 'failed', error })]))).toContain('fix  See');
  });

  it.each([
    [new SwarmupError('CONFIG_INVALID', 'm', { fix: 'f' }), 2],
    [new SwarmupError('UNKNOWN_NAME', 'm', { fix: 'f' }), 2],
    [new SwarmupError('MACHINE_FAILED', 'm', { fix: 'f' }), 1],
    [new DOMException('aborted', 'AbortError'), 130],
    [new TypeError('defect'), 1],
  ])('%s ends the program with status %i', (thrown, status) => {
    expect(reportError(thrown, new PassThrough(), undefined)).toBe(status);
  });
});

describe('plain lines', () => {
  it('have a time stamp each, and repeat no progress figure', async () => {
    const name = { task: 'install-docker', title: 'Docker running', target: 'worker1' };
    const detail = (text: string): Event => ({ at: 0, type: 'unit-detail', unit: name, detail: text });
    const told = await lines([
      { at: 0, type: 'run-started', pipeline: 'up', cluster: 'test', mode: 'apply', units: [{ ...name, needs: [] }] },
      detail('downloading 10'),
      detail('downloading 20'),
      detail('unpacking'),
      {
        at: 61_000,
        type: 'unit-finished',
        unit: name,
        result: unit({ outcome: 'changed', changes: [created(['nodes', 'worker1', 'docker'], { source: 'distro' })] }),
      },
      { at: 61_000, type: 'warning', warning: { key: 'x', message: 'slow' } },
    ]);
    expect(told).toEqual([
      '00:00:00 up of test: 1 steps',
      '00:00:00 worker1  install-docker: downloading 10',
      '00:00:00 worker1  install-docker: unpacking',
      '00:01:01 worker1  install-docker: changed in 12 ms',
      '00:01:01 worker1  install-docker:   Docker from the distribution',
      '00:01:01 warning: slow',
    ]);
    expect(told.join('')).toBe(plain(told.join('')));
  });
});

describe('GitHub Actions', () => {
  it('gets a group per run, and failures and warnings as annotations after it', async () => {
    const stream = new PassThrough();
    const listen = githubListener(stream);
    const name = { task: 'install-docker', title: 'Docker running', target: 'worker1' };
    const failed = unit({ outcome: 'failed', error });
    listen({
      at: 0,
      type: 'run-started',
      pipeline: 'up',
      cluster: 'test',
      mode: 'apply',
      units: [{ ...name, needs: [] }],
    });
    listen({ at: 0, type: 'unit-finished', unit: name, result: failed });
    listen({ at: 0, type: 'run-finished', result: result([failed], { ok: false, warnings: ['100 % slow'] }) });
    stream.end();
    const text = (await stream.toArray()).join('');
    expect(text.split('\n')).toEqual([
      '::group::up of test (apply)',
      '00:00:00 up of test: 1 steps',
      '00:00:00 worker1  install-docker: failed in 12 ms',
      '::endgroup::',
      "::error title=install-docker on worker1::worker1: 'apt-get update' ended with exit code 100%0ASee whether the mirror answers.",
      '::warning title=swarmup::100 %25 slow',
      '',
    ]);
  });
});

describe('a retry', () => {
  it('is reported where it happens', async () => {
    const name = { task: 'join-workers', title: 'Workers joined', target: 'worker1' };
    const retry = { error, attempt: 2, of: 4, delayMs: 1000 };
    expect(await lines([{ at: 0, type: 'unit-retrying', unit: name, ...retry }])).toEqual([
      `00:00:00 worker1  join-workers: ${error.message}; trying again in 1.0 s (attempt 2 of 4)`,
    ]);
  });
});

describe('a run that failed', () => {
  it('says in one line what was not done, and names its record', async () => {
    const left = (target: string) =>
      unit({ task: 'join-workers', target, outcome: 'skipped', notDone: true, reason: 'x' });
    const failed = result([unit({ outcome: 'failed', error }), left('worker1'), left('worker2')], { ok: false });
    const context = strict<Ending['context']>('context', {});
    expect(plain(await summary({ result: failed, context, mode: 'apply', pipeline: 'up' }))).toBe(
      '\n✖ test failed after 1.2 s; 1 failed, 2 not done\n  not done because of it: 2 steps (join-workers on worker1, worker2)\n',
    );
    expect(plain(recordLine('.swarmup/x/runs/y'))).toContain('record  .swarmup/x/runs/y');
    expect(resultJson(failed, 'r')).toMatchObject({
      notDone: ['join-workers@worker1', 'join-workers@worker2'],
      record: 'r',
    });
  });
});

describe('the JSON document', () => {
  it('has the documented shape', () => {
    const document = resultJson(result([unit({ outcome: 'failed', error, changes: [created(['x'])] })], { ok: false }));
    expect(document).toEqual({
      ok: false,
      cluster: 'test',
      changed: 0,
      durationMs: 1235,
      units: [
        {
          task: 'install-docker',
          target: 'worker1',
          outcome: 'failed',
          ms: 12,
          changes: ['x'],
          changeDetails: [{ action: 'create', path: ['x'] }],
          // An error brings the last lines of output, if there are any.
          error: { code: 'COMMAND_FAILED', message: error.message, fix: error.fix, output: error.output },
        },
      ],
      warnings: [],
    });
  });
});

describe('a group in the live view', () => {
  it('starts with its first unit and ends with its last', async () => {
    const group = new Group('join-workers', 'Workers joined', 2);
    group.begin('worker1', 5);
    await group.started;
    group.detail('worker1', 'joining', { done: 1, total: 2 });
    expect(group.running.get('worker1')).toMatchObject({ detail: 'joining', since: 5 });
    group.end(unit({ target: 'worker1' }));
    group.end(unit({ target: 'worker2', outcome: 'failed' }));
    await group.finished;
    expect(group.failed).toBe(true);
  });
});

describe('the summary of a run', () => {
  it('names nodes, URLs and logins', async () => {
    const world = new FakeWorld();
    world.swarm.registry = IMAGES;
    const cluster = await clusterOf(fullText(1, 1));
    const done = await world.run('up', cluster);
    const text = plain(await summary({ result: done, context: world.context(cluster), mode: 'apply', pipeline: 'up' }));
    expect(text).toMatch(/✔ test matches its cluster file: \d+ steps changed something/);
    expect(text).toContain('web          http://manager1:80  http://worker1:80');
    expect(text).toMatch(/user admin, password in .*portainer-admin-password/);
    expect(text).not.toContain('generated-password');
  });

  it('for a plan is a diff by target, with what is known later', async () => {
    const remove = removed(['services', 'old'], { prune: true });
    const text = planText(
      result([
        unit({
          task: 'deploy-services',
          target: 'web',
          outcome: 'changed',
          changes: [created(['services', 'web'])],
        }),
        unit({ task: 'prune', target: 'cluster', outcome: 'changed', changes: [remove] }),
        unit({
          task: 'provision',
          node: 'worker1',
          outcome: 'changed',
          changes: [step(['machines', 'worker1'], 'start')],
        }),
        unit({ node: 'worker1', reason: 'known after provision@worker1' }),
      ]),
    );
    expect(plain(text)).toBe(
      [
        '',
        'worker1',
        '  • start machine worker1',
        '  ? install-docker: known after provision@worker1',
        '',
        'cluster',
        '  + service web',
        '  - service old  (with swarmup up --prune)',
        '',
        "1 to add, 1 to run, 1 known later; 'swarmup up' applies them",
        "1 removal; only 'swarmup up --prune' applies them",
        '',
      ].join('\n'),
    );
  });

  it('for a failed plan has no green tick', () => {
    const failed = unit({ task: 'provision', target: 'worker1', outcome: 'failed' });
    const text = plain(planText({ ...result([failed]), ok: false }));
    expect(text).toBe("\n✖ the plan has gaps: 1 step can't be planned\n");
  });

  it('for a plan is also available as data', () => {
    const change = removed(['services', 'old'], { prune: true });
    expect(
      planDiff(
        result([
          unit({ task: 'prune', target: 'cluster', changes: [change] }),
          unit({ node: 'worker1', reason: 'known after x' }),
        ]),
      ),
    ).toEqual([
      {
        place: 'cluster',
        task: 'prune',
        target: 'cluster',
        action: 'remove',
        summary: 'service old',
        path: ['services', 'old'],
        prune: true,
      },
      { place: 'worker1', task: 'install-docker', target: 'worker1', action: 'unknown', summary: 'known after x' },
    ]);
  });

  it('for an interrupted run lists what was stopped, and where', async () => {
    const text = await summary({
      result: result([unit({ outcome: 'changed' })], { ok: false, interrupted: true }),
      context: strict<Ending['context']>('context', {
        provider: strict<Provider>('provider', { list: async () => [] }),
      }),
      mode: 'apply',
      pipeline: 'up',
    });
    expect(plain(text)).toBe(
      '\n■ test was interrupted after 1.2 s\n  done and left in place: install-docker on worker1\n  Run the same command again to continue.\n',
    );
  });
});
