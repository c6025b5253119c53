import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { array, assert, property, string } from 'fast-check';
import type { RunResult, UnitResult } from '../../lib/contracts/events.ts';
import { Recorder } from '../../lib/record/recorder.ts';
import { Redactor } from '../../lib/record/redact.ts';
import { Timeline } from '../../lib/record/timeline.ts';
import { errorJson, errorText } from '../../lib/render/error.ts';
import { githubListener } from '../../lib/render/github.ts';
import { htmlReport } from '../../lib/render/html/report.ts';
import { junit } from '../../lib/render/junit.ts';
import { postMortemLines, rowsOf } from '../../lib/render/post-mortem.ts';
import { SwarmupError } from '../../lib/util/errors.ts';
import type { FailedTask, PostMortem } from '../../lib/util/post-mortem.ts';
import { Secret } from '../../lib/util/secret.ts';
import { tried } from '../support/properties.ts';

const at = (second: number) => `2026-11-23T10:00:${String(second).padStart(2, '0')}.5Z`;
const task = (rest: Partial<FailedTask> = {}): FailedTask => ({
  name: 'web.1',
  node: 'w1',
  state: 'failed',
  error: 'task: non-zero exit (137): dockerexec: unhealthy container',
  exitCode: 137,
  exit: 'killed by SIGKILL: for memory, or because it ignored the signal to stop',
  alike: 2,
  history: [31, 25, 19].map((second) => ({ at: at(second), state: 'failed', exitCode: 137 })),
  health: [20, 30].map((second) => ({ at: at(second), exitCode: 7, output: 'curl: (7) Failed\nto connect' })),
  log: Array.from({ length: 20 }, (_, i) => `line ${i + 1}`).join('\n'),
  ...rest,
});
const found: PostMortem = {
  service: 'web',
  cause: 'the health check failed as often as retries allows, so the task was stopped',
  tasks: [task(), task({ name: 'web.2', node: 'm1', state: 'rejected', error: 'No such image: nginx', history: [] })],
  refusals: [],
  unknown: [],
  next: [
    'swarmup logs web',
    'swarmup ssh m1 -- sudo docker service ps --no-trunc web',
    'swarmup ssh w1 -- sudo docker inspect 0123456789ab',
  ],
};
const message = `service web can't run: no task ever ran; a task is failed: ${found.tasks[0]!.error} (exit code 137)`;
const error = (postMortem = found) =>
  new SwarmupError('SERVICE_FAILED', message, {
    fix: 'Read what the check printed and the log: swarmup logs web. A program that starts slowly needs a longer healthcheck.startPeriod.',
    output: 'line 20',
    postMortem,
  });
const plain = (text: string) => stripVTControlCharacters(text);
const rows = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .reduce((sum, line) => sum + rowsOf(line, 80), 0);

describe('a failed service on a terminal', () => {
  it('fits one screen, the most important first', () => {
    const text = plain(errorText(error(), 'deploy-services on web'));
    expect(text).toBe(
      [
        `✖ deploy-services on web: ${message}`,
        '  why  the health check failed as often as retries allows, so the task was stopped',
        '  task web.1 on w1: failed at 10:00:31, exit code 137: killed by SIGKILL: for memory, or because it ignored the signal to stop; 2 more tasks with the same error',
        ...[14, 15, 16, 17, 18, 19, 20].map((n) => `       │ line ${n}`),
        '  test health check at 10:00:30: exit code 7: curl: (7) Failed / to connect',
        '       health check at 10:00:20: exit code 7: curl: (7) Failed / to connect',
        '  past 3 tasks, the last first: 10:00:31 failed (137), 10:00:25 failed (137), 10:00:19 failed (137)',
        '  also web.2 on m1: rejected, exit code 137: No such image: nginx',
        '  more swarmup logs web',
        '       swarmup ssh m1 -- sudo docker service ps --no-trunc web',
        '       swarmup ssh w1 -- sudo docker inspect 0123456789ab',
        '  fix  Read what the check printed and the log: swarmup logs web. A program that starts slowly needs a longer healthcheck.startPeriod.',
        '  see  swarmup explain SERVICE_FAILED',
        '',
      ].join('\n'),
    );
    expect(rows(text)).toBeLessThanOrEqual(24);
  });

  it('fits one screen whatever is known', () => {
    const text = string({ maxLength: 300 });
    const texts = array(text, { maxLength: 40 });
    assert(
      property(texts, texts, texts, text, (log, reasons, unknown, cause) => {
        const refusals = reasons.map((reason, i) => ({ node: `n${i}`, reasons: [reason] }));
        const many = { ...found, cause, tasks: [task({ log: log.join('\n') }), task(), task()], refusals, unknown };
        expect(rows(plain(errorText(error(many), 'deploy-services on web')))).toBeLessThanOrEqual(24);
      }),
      tried(300),
    );
  });

  it('says what each node lacks, and what is not known', () => {
    const refusals = [
      { node: 'm1', reasons: ['512 MiB of 1 GiB memory reserved, 768 MiB wanted'] },
      {
        node: 'w1',
        reasons: ['constraint node.labels.zone == b, has zone=a', 'is linux/arm64, image has linux/amd64'],
      },
    ];
    const waiting = task({ state: 'pending', error: 'no suitable node' });
    const { node: _none, exitCode: _code, exit: _exit, log: _log, ...placeless } = waiting;
    const lines = postMortemLines(
      {
        ...found,
        tasks: [{ ...placeless, alike: 0, history: [], health: [] }],
        refusals,
        unknown: ['log of web.1: no answer within 10 s'],
      },
      { rows: 24, columns: 80 },
    );
    expect(lines.slice(1, 6)).toEqual([
      '  task web.1, without a node: pending',
      '       no suitable node',
      '  node m1: 512 MiB of 1 GiB memory reserved, 768 MiB wanted',
      '       w1: constraint node.labels.zone == b, has zone=a; is linux/arm64, image has linux/amd64',
      '  ???  log of web.1: no answer within 10 s',
    ]);
  });

  it('shows nothing that acts on a terminal', () => {
    const text = errorText(
      error({ ...found, tasks: [task({ log: '\u001b[31mred\u001b[0m\ta\u001b[2Jb\u202e\u0007\r\n::error::c' })] }),
    );
    expect(text).toContain(String.raw`│ red  ab\u202e\u0007`);
    for (const sequence of ['\u001b[2J', '\u001b[31mred']) expect(text).not.toContain(sequence);
  });
});

const unit: UnitResult = {
  task: 'deploy-services',
  target: 'web',
  outcome: 'failed',
  ms: 1,
  changes: [],
  error: error(),
};
const result: RunResult = {
  ok: false,
  cluster: 't',
  changed: 0,
  durationMs: 1,
  units: [unit],
  warnings: [],
  interrupted: false,
  partial: false,
};
const planned = { task: 'deploy-services', title: 'Services', target: 'web', needs: [] };

/** The run as a timeline, as reports get it. */
function stages(failure: SwarmupError) {
  const timeline = new Timeline();
  const failed = { ...unit, error: failure };
  timeline.listener({ at: 0, type: 'run-started', pipeline: 'up', cluster: 't', mode: 'apply', units: [planned] });
  timeline.listener({ at: 1, type: 'unit-started', unit: planned });
  timeline.listener({ at: 2, type: 'unit-finished', unit: planned, result: failed });
  timeline.listener({ at: 3, type: 'run-finished', result: { ...result, units: [failed] } });
  return timeline.stages;
}

describe('a failed service elsewhere', () => {
  it('is an annotation on GitHub', async () => {
    const stream = new PassThrough();
    githubListener(stream)({ at: 3, type: 'run-finished', result });
    stream.end();
    const text = (await stream.toArray()).join('');
    expect(text).toMatch(
      /^::error title=deploy-services on web::service web can't run.*%0A {2}why {2}the health check.*%0A {7}│ line 20%0A/m,
    );
  });

  it('is in JUnit and HTML', () => {
    const xml = junit(stages(error()));
    expect(xml).toContain('  why  the health check failed');
    expect(xml).toContain('       │ line 20');
    const meta = { command: 'up', cluster: 't', file: 'f', provider: 'qemu', startedAt: at(1), versions: {} };
    const page = htmlReport({ id: 'x', meta, stages: stages(error()), status: undefined } as never);
    expect(page).toContain('       │ line 20');
    expect(page).toContain('swarmup ssh w1 -- sudo docker inspect 0123456789ab');
  });

  it('is in the JSON document and in the record without secrets', () => {
    const secretive = task({
      error: 'task: non-zero exit (1): password=of-the-house',
      log: 'token SWMTKN-1-abc-def\n-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\nhunter2-of-the-file',
      health: [{ at: at(1), exitCode: 1, output: 'Authorization: Bearer abcdef' }],
      history: [{ at: at(1), state: 'failed', error: 'password=of-the-house' }],
    });
    const failure = error({ ...found, tasks: [secretive], unknown: ['https://user:pass@registry.test/v2'] });
    const json = JSON.stringify(errorJson(failure));
    for (const secret of ['of-the-house', 'SWMTKN', 'MIIB', 'Bearer abcdef', 'user:pass'])
      expect(json).not.toContain(secret);
    expect(JSON.parse(json)).toMatchObject({ postMortem: { tasks: [{ name: 'web.1', exitCode: 137 }] } });

    const folder = mkdtempSync(join(tmpdir(), 'record-'));
    try {
      const redactor = new Redactor();
      redactor.add(new Secret('hunter2-of-the-file'));
      const meta = { command: 'up', cluster: 't', file: 'f', provider: 'qemu', startedAt: at(1), versions: {} };
      const recorder = new Recorder({ folder, meta, redactor, onlyFailures: false });
      recorder.listener({ at: 0, type: 'run-started', pipeline: 'up', cluster: 't', mode: 'apply', units: [planned] });
      recorder.listener({ at: 2, type: 'unit-finished', unit: planned, result: { ...unit, error: failure } });
      recorder.close();
      const events = readFileSync(join(folder, 'events.jsonl'), 'utf8');
      expect(events).toContain('"postMortem"');
      for (const secret of ['of-the-house', 'SWMTKN', 'MIIB', 'hunter2', 'user:pass'])
        expect(events).not.toContain(secret);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
