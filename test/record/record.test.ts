import { existsSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync, appendFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Reporting } from '../../lib/cli/reporting.ts';
import { SwarmupError } from '../../lib/util/errors.ts';
import { updated } from '../../lib/contracts/change.ts';
import type { Event, EventBody } from '../../lib/contracts/events.ts';
import { Redactor } from '../../lib/record/redact.ts';
import { listRuns, newRunFolder, pruneRuns, readRun, runsFolder } from '../../lib/record/store.ts';
import { criticalPath, Timeline } from '../../lib/record/timeline.ts';
import { htmlReport } from '../../lib/render/html/report.ts';
import { junit } from '../../lib/render/junit.ts';
import { Secret } from '../../lib/util/secret.ts';
import { clusterOf, fullText } from '../support/cluster.ts';
import { runUp } from '../support/rig.ts';
import { worldWithRegistry } from '../support/worlds.ts';

const PASSWORD = 'correct horse "battery" staple';

/** All files in a folder, as one text. */
function everythingIn(folder: string): string {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile())
    .map((path) => readFileSync(path, 'utf8'))
    .join('\n');
}

describe('the record of a run', () => {
  it('has the events, a transcript per host, the plan, the result and the cluster, readable by its owner only', async () => {
    const world = worldWithRegistry();
    const cluster = await clusterOf(fullText(1, 1));
    await runUp(cluster, world);
    const run = await readRun(runsFolder(cluster.stateDir));
    expect(run.id).toMatch(/^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ$/);
    expect(readdirSync(run.folder).toSorted()).toEqual([
      'events.jsonl',
      'plan.json',
      'result.json',
      'run.json',
      'status.json',
    ]);
    expect(statSync(run.folder).mode & 0o777).toBe(0o700);
    expect(statSync(join(run.folder, 'events.jsonl')).mode & 0o777).toBe(0o600);
    expect(run.meta).toMatchObject({ command: 'up', cluster: 'test', provider: 'qemu' });
    expect(run.stages).toHaveLength(1);
    expect(run.stages[0]).toMatchObject({ pipeline: 'up', ok: true, interrupted: false });
    expect(run.stages[0]?.units.every((unit) => unit.end !== undefined)).toBe(true);
    expect(run.status?.services.map((service) => service.name)).toContain('web');
    const plan = JSON.parse(readFileSync(join(run.folder, 'plan.json'), 'utf8'));
    expect(plan).toContainEqual({
      task: 'join-workers',
      target: 'worker1',
      changes: ['worker1 joins as worker'],
      changeDetails: [{ action: 'create', path: ['nodes', 'worker1'], to: { role: 'worker' } }],
    });
    expect(JSON.parse(readFileSync(join(run.folder, 'result.json'), 'utf8'))).toMatchObject({
      ok: true,
      cluster: 'test',
    });
  });

  it('has changes as data, without a task’s private fields', async () => {
    const cluster = await clusterOf(fullText(1, 1));
    await runUp(cluster, worldWithRegistry());
    const { folder, stages } = await readRun(runsFolder(cluster.stateDir));
    const created = { action: 'create', path: ['services', 'web'], to: { image: 'nginx', replicas: 3 } };
    const lines = readFileSync(join(folder, 'events.jsonl'), 'utf8').trim().split('\n');
    const events = lines.map((line): Event => JSON.parse(line));
    const planned = events.flatMap((event) => (event.type === 'unit-planned' ? event.changes : []));
    const done = events.flatMap((event) => (event.type === 'unit-finished' ? event.result.changes : []));
    const all = events.flatMap((event) =>
      event.type === 'run-finished' ? event.result.units.flatMap(({ changes }) => changes) : [],
    );
    for (const changes of [planned, done, all]) {
      expect(changes).toContainEqual(created);
      expect(changes.flatMap(Object.keys)).not.toContain('kind');
    }
    const recorded = stages.flatMap(({ units }) => units.flatMap(({ changes }) => changes));
    expect(recorded).toContainEqual({ action: 'create', sentence: 'service web: nginx, 3 replicas' });
    expect(JSON.parse(readFileSync(join(folder, 'result.json'), 'utf8')).units).toContainEqual(
      expect.objectContaining({ changes: ['service web: nginx, 3 replicas'], changeDetails: [created] }),
    );
  });

  it('of an older version, with sentences only, still makes a report', async () => {
    const cluster = await clusterOf(fullText(1, 0));
    await runUp(cluster, worldWithRegistry());
    const runs = runsFolder(cluster.stateDir);
    const { folder } = await readRun(runs);
    const unit = { task: 'provision', title: 'Machines running', target: 'manager1' };
    const changes = [{ action: 'create', summary: 'machine manager1 <of before>' }];
    const result = { ...unit, outcome: 'changed', ms: 1, changes };
    const events = [
      { at: 0, type: 'run-started', pipeline: 'up', cluster: 'test', mode: 'apply', units: [{ ...unit, needs: [] }] },
      { at: 0, type: 'unit-started', unit },
      { at: 1, type: 'unit-planned', unit, changes },
      { at: 2, type: 'unit-finished', unit, result },
      { at: 3, type: 'run-finished', result: { ok: true, interrupted: false, units: [result] } },
    ];
    writeFileSync(join(folder, 'events.jsonl'), events.map((event) => `${JSON.stringify(event)}\n`).join(''));
    const run = await readRun(runs);
    expect(run.stages[0]?.units[0]?.changes).toEqual([{ action: 'create', sentence: changes[0]?.summary }]);
    expect(htmlReport(run)).toMatch(/<h3>Changes<\/h3>\s*<ul[^>]*>\s*<li>machine manager1 &#60;of before&#62; <span/);
    expect(junit(run.stages)).toContain('<system-out>machine manager1 &lt;of before&gt;</system-out>');
  });

  it('contains no secret, whatever printed it', async () => {
    const cluster = await clusterOf(
      fullText(1, 0).replace('portainer: {}', 'portainer: { adminPassword: "${PASSWORD}" }'),
      { PASSWORD },
    );
    const junit = join(mkdtempSync(join(tmpdir(), 'swarmup-junit-')), 'reports', 'junit.xml');
    const reporting = new Reporting({ cluster, command: 'up', onlyFailures: false, junit });
    const generated = 'made-up-by-swarmup';
    reporting.onSecret(new Secret(generated));
    const emit = (body: EventBody) => {
      for (const listen of reporting.listeners) listen({ ...body, at: 0 });
    };
    const leaks = `${PASSWORD} ${generated} SWMTKN-1-abc123-def456 SWMKEY-1-aB+/= x`;
    const unit = { task: 'provision', title: 'Machines', target: 'manager1' };
    const error = new SwarmupError('COMMAND_FAILED', leaks, {
      fix: leaks,
      output: `${leaks}\n-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n`,
    });
    emit({ type: 'run-started', pipeline: 'up', cluster: 'test', mode: 'apply', units: [{ ...unit, needs: [] }] });
    emit({ type: 'command-finished', host: 'manager1', command: `echo ${leaks}`, exitCode: 0, ms: 1, printed: leaks });
    emit({ type: 'engine-asked', host: 'manager1', what: 'x', ms: 1, error: leaks });
    emit({ type: 'unit-detail', unit, detail: leaks });
    emit({ type: 'unit-planned', unit, changes: [updated([leaks], leaks, leaks, { reason: leaks })] });
    emit({ type: 'unit-finished', unit, result: { ...unit, outcome: 'failed', ms: 1, changes: [], error } });
    emit({ type: 'warning', warning: { key: 'x', message: leaks } });
    const folder = await reporting.fail();
    const text = everythingIn(join(cluster.stateDir, 'runs')) + readFileSync(junit, 'utf8');
    expect(folder).toBeDefined();
    expect(text).toContain('=> exit 0, 1 ms');
    for (const secret of [PASSWORD, JSON.stringify(PASSWORD).slice(1, -1), generated, 'SWMTKN-1', 'SWMKEY-1', 'abc'])
      expect(text).not.toContain(secret);
  });

  it('contains a repeated script once', async () => {
    const cluster = await clusterOf(fullText(1, 0));
    const reporting = new Reporting({ cluster, command: 'up', onlyFailures: false });
    const emit = (body: EventBody) => {
      for (const listen of reporting.listeners) listen({ ...body, at: 0 });
    };
    emit({ type: 'run-started', pipeline: 'up', cluster: 'test', mode: 'apply', units: [] });
    for (const word of ['one', 'two'])
      emit({
        type: 'command-finished',
        host: 'm',
        command: `sh -c '\nline $1\n' sh ${word}`,
        exitCode: 0,
        ms: 1,
        printed: `${word}\n`,
      });
    await reporting.finish();
    const { folder } = await readRun(runsFolder(cluster.stateDir));
    expect(readFileSync(join(folder, 'hosts/m.log'), 'utf8')).toBe(
      "1970-01-01T00:00:00.000Z $ sh -c '\nline $1\n' sh one\n    one\n    => exit 0, 1 ms\n" +
        "1970-01-01T00:00:00.000Z $ sh -c ' [the same script as before] ' sh two\n    two\n    => exit 0, 1 ms\n",
    );
  });

  it('of plan or down is kept only when it fails', async () => {
    const cluster = await clusterOf(fullText(1, 0));
    const start: Event = { at: 0, type: 'run-started', pipeline: 'down', cluster: 'test', mode: 'apply', units: [] };
    const quiet = new Reporting({ cluster, command: 'down', onlyFailures: true });
    for (const listen of quiet.listeners) listen(start);
    expect(await quiet.finish()).toBeUndefined();
    expect(existsSync(cluster.stateDir)).toBe(false);
    const failed = new Reporting({ cluster, command: 'down', onlyFailures: true });
    for (const listen of failed.listeners) listen(start);
    expect(await failed.fail()).toContain('runs/');
    expect((await readRun(runsFolder(cluster.stateDir))).meta.command).toBe('down');
  });

  it('does not exist for a run that never started', async () => {
    const cluster = await clusterOf(fullText(1, 0));
    const reporting = new Reporting({ cluster, command: 'up', onlyFailures: false });
    expect(await reporting.finish()).toBeUndefined();
    expect(existsSync(cluster.stateDir)).toBe(false);
  });

  it('can be read when its last line was cut off', async () => {
    const world = worldWithRegistry();
    const cluster = await clusterOf(fullText(1, 0));
    await runUp(cluster, world);
    const runs = runsFolder(cluster.stateDir);
    const { folder } = await readRun(runs);
    appendFileSync(join(folder, 'events.jsonl'), '{"type":"unit-star');
    expect((await readRun(runs)).stages[0]?.ok).toBe(true);
    writeFileSync(join(folder, 'status.json'), '{');
    await expect(readRun(runs)).rejects.toMatchObject({ code: 'RECORD_INVALID' });
  });
});

describe('records', () => {
  const folder = () => join(mkdtempSync(join(tmpdir(), 'swarmup-runs-')), 'runs');

  it('are pruned, the oldest first', async () => {
    const world = worldWithRegistry();
    const cluster = { ...(await clusterOf(fullText(1, 0))), runs: { keep: 3 } };
    for (let i = 0; i < 5; i++) await runUp(cluster, world);
    const ids = await listRuns(runsFolder(cluster.stateDir));
    expect(ids).toHaveLength(3);
    await pruneRuns(runsFolder(cluster.stateDir), 1);
    expect(await listRuns(runsFolder(cluster.stateDir))).toEqual(ids.slice(-1));
  });

  it('of runs started in the same second are separate, in order', async () => {
    const runs = folder();
    const now = new Date('2026-01-02T03:04:05.678Z');
    const { mkdirSync } = await import('node:fs');
    for (let i = 0; i < 12; i++) mkdirSync(newRunFolder(runs, now), { recursive: true });
    const ids = await listRuns(runs);
    expect(ids.slice(0, 2)).toEqual(['2026-01-02T03-04-05Z', '2026-01-02T03-04-05Z-2']);
    expect(ids.at(-1)).toBe('2026-01-02T03-04-05Z-12');
  });

  it('that do not exist are an error that suggests the nearest name', async () => {
    await expect(readRun(folder())).rejects.toMatchObject({
      code: 'UNKNOWN_NAME',
      fix: expect.stringContaining('swarmup up'),
    });
  });
});

describe('the critical path', () => {
  const unit = (task: string, target: string, start: number, end: number, needs: string[] = []) => ({
    task,
    target,
    start,
    end,
    needs,
  });

  function stageOf(units: ReturnType<typeof unit>[]) {
    const timeline = new Timeline();
    const name = ({ task, target }: { task: string; target: string }) => ({ task, title: task, target });
    const planned = units.map((one) => ({ ...name(one), needs: one.needs }));
    timeline.listener({ at: 0, type: 'run-started', pipeline: 'up', cluster: 'c', mode: 'apply', units: planned });
    for (const one of units) {
      timeline.listener({ at: one.start, type: 'unit-started', unit: name(one) });
      const result = { ...name(one), outcome: 'changed' as const, ms: 1, changes: [] };
      timeline.listener({ at: one.end, type: 'unit-finished', unit: name(one), result });
    }
    return timeline.stages[0]!;
  }

  it('leads back from the last unit through the unit that each waited for', () => {
    const stage = stageOf([
      unit('a', '1', 0, 10),
      unit('a', '2', 0, 30),
      unit('b', '1', 10, 15, ['a@1']),
      unit('b', '2', 30, 40, ['a@2']),
      unit('c', 'x', 40, 50, ['b@1', 'b@2']),
    ]);
    expect([...criticalPath(stage)]).toEqual(['c@x', 'b@2', 'a@2']);
  });

  it('leads through the previous unit of a task with a limit', () => {
    const stage = stageOf([
      unit('a', '1', 0, 5),
      unit('join', '1', 5, 20, ['a@1']),
      unit('join', '2', 20, 40, ['a@1']),
    ]);
    expect([...criticalPath(stage)]).toEqual(['join@2', 'join@1', 'a@1']);
  });
});

describe('the redactor', () => {
  it('removes private keys entirely, even truncated ones', () => {
    const key = '-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\nbnNz\n-----END OPENSSH PRIVATE KEY-----';
    expect(new Redactor().clean(`a ${key} b`)).toBe('a *** b');
    expect(new Redactor().clean(`a ${key.slice(0, 45)}`)).toBe('a ***');
  });
});
