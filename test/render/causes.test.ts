import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { RunResult, UnitResult } from '../../lib/contracts/events.ts';
import { causesOf } from '../../lib/render/causes.ts';
import { failures } from '../../lib/render/error.ts';
import { githubListener } from '../../lib/render/github.ts';
import { resultJson } from '../../lib/render/json.ts';
import { plainListener } from '../../lib/render/plain.ts';
import { summary } from '../../lib/render/summary.ts';
import type { Ending } from '../../lib/render/ending.ts';
import { SwarmupError } from '../../lib/util/errors.ts';
import { strict } from '../fakes/strict.ts';

const failedUnit = (node: string, error: SwarmupError, task = 'provision'): UnitResult => ({
  task,
  target: node,
  node,
  outcome: 'failed',
  ms: 1,
  changes: [],
  error,
});
const refused = (node: string, address: string) =>
  new SwarmupError('SSH_AUTH_FAILED', `${node}: deploy@${address}:22 refuses ~/.ssh/id_rsa`, {
    fix: `Add the public key ~/.ssh/id_rsa.pub to ~deploy/.ssh/authorized_keys on ${node}, or name another user or key.`,
  });
/** One key that five hosts refuse. */
const five = [1, 2, 3, 4, 5].map((i) => failedUnit(`db${i}`, refused(`db${i}`, `192.0.2.${i}`)));
const left = (target: string, task: string): UnitResult => ({
  task,
  target,
  outcome: 'skipped',
  ms: 0,
  changes: [],
  notDone: true,
  reason: 'needs provision, which failed',
});
const ended = (units: readonly UnitResult[]): RunResult => ({
  ok: false,
  cluster: 'test',
  changed: 0,
  durationMs: 1000,
  units,
  warnings: [],
  interrupted: false,
  partial: false,
});
const groups = (units: readonly UnitResult[]) =>
  causesOf(units).map(({ first, others }) => [first, ...others].map(({ target }) => target).join(' '));

describe('failures of one cause', () => {
  it('are one error with all its nodes', () => {
    expect(stripVTControlCharacters(failures(five))).toBe(
      [
        '✖ provision on db1 and 4 more: db1: deploy@192.0.2.1:22 refuses ~/.ssh/id_rsa',
        '    the same on db2, db3, db4, db5',
        '  fix  Add the public key ~/.ssh/id_rsa.pub to ~deploy/.ssh/authorized_keys on db1, or name another user or key.',
        '  see  swarmup explain SSH_AUTH_FAILED',
        '',
      ].join('\n'),
    );
  });

  it('are one annotation on GitHub', async () => {
    const stream = new PassThrough();
    githubListener(stream)({ at: 0, type: 'run-finished', result: ended(five) });
    stream.end();
    const errors = (await stream.toArray())
      .join('')
      .split('\n')
      .filter((line) => line.startsWith('::error'));
    expect(errors).toEqual([
      '::error title=provision on db1 and 4 more::db1: deploy@192.0.2.1:22 refuses ~/.ssh/id_rsa%0Athe same on db2, db3, db4, db5%0AAdd the public key ~/.ssh/id_rsa.pub to ~deploy/.ssh/authorized_keys on db1, or name another user or key.',
    ]);
  });

  it('stay errors of their units in the JSON document', () => {
    expect(resultJson(ended(five))).toMatchObject({
      units: five.map(({ error }) => ({ error: { message: error?.message } })),
    });
  });

  it('are told together when several tasks meet it', () => {
    const [one, two] = [failedUnit('db1', refused('db1', '192.0.2.1')), refused('db2', '192.0.2.2')];
    expect(stripVTControlCharacters(failures([one, failedUnit('db2', two, 'preflight')]))).toContain(
      'provision on db1 and 1 more: db1: deploy@192.0.2.1:22 refuses ~/.ssh/id_rsa\n    the same: preflight on db2\n',
    );
  });

  const apt = (node: string, output: string) =>
    failedUnit(
      node,
      new SwarmupError('COMMAND_FAILED', `${node}: 'apt-get update' ended with exit code 100`, { fix: 'f', output }),
    );
  it.each([
    ['another output', [apt('a', 'E: Failed to fetch'), apt('b', 'E: No space left on device')], ['a', 'b']],
    ['the same output with other figures', [apt('a', 'held by 12 (apt)'), apt('b', 'held by 9 (apt)')], ['a b']],
    ['the name of the node in the output', [apt('a', 'sudo: a: not found'), apt('b', 'sudo: b: not found')], ['a b']],
    [
      'IPv6 addresses',
      [failedUnit('a', refused('a', '[2001:db8::1]')), failedUnit('b', refused('b', '[2001:db8::2]'))],
      ['a b'],
    ],
    [
      'another fix',
      [failedUnit('a', refused('a', '192.0.2.1')), failedUnit('b', refused('a', '192.0.2.1'))],
      ['a', 'b'],
    ],
    [
      'another exit code',
      [1, 2].map((code) =>
        failedUnit(`n${code}`, new SwarmupError('COMMAND_FAILED', `exit code ${code}`, { fix: '' })),
      ),
      ['n1', 'n2'],
    ],
    [
      'a name that begins like the node’s',
      [
        failedUnit('db', new SwarmupError('NODE_DOWN', 'db and db-2 are down', { fix: '' })),
        failedUnit('x', new SwarmupError('NODE_DOWN', 'x and x-2 are down', { fix: '' })),
      ],
      ['db', 'x'],
    ],
  ])('are told apart, or not, by %s', (_, units, expected) => {
    expect(groups(units)).toEqual(expected);
  });

  it('never include what was interrupted', () => {
    expect(causesOf([failedUnit('a', new SwarmupError('INTERRUPTED', 'stopped', { fix: '' }))])).toEqual([]);
  });
});

describe('what was not done because of a failure', () => {
  const tasks = ['install-docker', 'join-workers', 'configure-nodes', 'pull-images', 'verify-http'];
  const units = [...five, ...tasks.flatMap((task) => five.map(({ target }) => left(target, task)))];

  it('is one line with its number in the summary', async () => {
    const context = strict<Ending['context']>('context', {});
    const text = await summary({ result: ended(units), context, mode: 'apply', pipeline: 'up' });
    expect(stripVTControlCharacters(text)).toBe(
      '\n✖ test failed after 1.0 s; 5 failed, 25 not done\n  not done because of it: 25 steps (install-docker on db1, db2, db3 and 2 more; join-workers on db1, db2, db3 and 2 more; configure-nodes on db1, db2, db3 and 2 more; and 2 more tasks)\n',
    );
  });

  it('is no line for each unit in a log', async () => {
    const stream = new PassThrough();
    const listen = plainListener(stream);
    for (const result of units) {
      const unit = { task: result.task, title: result.task, target: result.target };
      listen({ at: 0, type: 'unit-finished', unit, result });
    }
    stream.end();
    expect((await stream.toArray()).join('').trimEnd().split('\n')).toEqual(
      five.map(({ target }) => `00:00:00 ${target}  provision: failed in 1 ms`),
    );
  });
});
