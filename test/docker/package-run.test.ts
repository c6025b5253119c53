import { describe, expect, it } from 'vitest';
import type { Host } from '../../lib/contracts/host.ts';
import { apt } from '../../lib/docker/apt.ts';
import { runPackages } from '../../lib/docker/package-run.ts';
import { SwarmupError } from '../../lib/util/errors.ts';
import { fakeClock } from '../fakes/clock.ts';
import { strict } from '../fakes/strict.ts';

const HELD = '812 /var/lib/apt/lists/lock apt-daily.service apt-get';
const LOCKED =
  'E: Could not get lock /var/lib/apt/lists/lock. It is held by process 812 (apt-get)\nE: Unable to lock directory /var/lib/apt/lists/';
const INTERRUPTED = "E: dpkg was interrupted, you must manually run 'dpkg --configure -a' to correct the problem. ";

interface Script {
  /** The answers about locks, one after the other; then nobody holds one. */
  readonly locks?: readonly string[];
  /** How often the answer is given; default: once. */
  readonly forever?: boolean;
  /** What the command prints when it fails, one after the other; then it succeeds. */
  readonly failures?: readonly string[];
}

/** Runs `apt-get update` on a host that follows a script. @returns what it printed, ran and reported */
async function update({ locks = [], forever = false, failures = [] }: Script) {
  const answers = [...locks];
  const failing = [...failures];
  const ran: string[] = [];
  const reported: string[] = [];
  const host = strict<Host>('host', {
    name: 'worker1',
    run: async (argv, { onLine, okExit } = {}) => {
      const command = argv.join(' ');
      if (command.includes('/proc/locks')) {
        const answer = (forever ? answers[0] : answers.shift()) ?? '';
        return { exitCode: 0, stdout: `\nswarmup-facts-${'0'.repeat(36)}\n${answer}`, stderr: '' };
      }
      ran.push(argv.at(-1) === '-a' ? 'dpkg --configure -a' : argv.slice(-2).join(' '));
      if (okExit === 'any') return { exitCode: 1, stdout: '', stderr: '' };
      const failure = failing.shift();
      if (failure === undefined) {
        onLine?.('Reading package lists...');
        return { exitCode: 0, stdout: '', stderr: '' };
      }
      throw new SwarmupError('COMMAND_FAILED', 'worker1: it ended with exit code 100', { fix: '', output: failure });
    },
  });
  const command = { manager: apt, argv: ['apt-get', 'update'], fix: 'look' };
  const work = {
    clock: fakeClock(),
    report: (detail: string) => reported.push(detail),
    signal: new AbortController().signal,
  };
  return { printed: runPackages(host, command, work), ran, reported };
}

describe('a command of the package manager', () => {
  it('waits for who holds a lock, and says who that is', async () => {
    const { printed, ran, reported } = await update({ locks: ['cloud-init', HELD, HELD] });
    expect(await printed).toBe('Reading package lists...');
    const holds = 'waiting: apt-get (process 812, apt-daily.service) holds /var/lib/apt/lists/lock';
    expect(reported).toEqual(['waiting: cloud-init is still setting the machine up', holds, holds]);
    expect(ran).toEqual(['apt-get update']);
  });

  it('waits again when somebody takes the lock at the last moment', async () => {
    const { printed, ran, reported } = await update({ locks: ['', HELD], failures: [LOCKED] });
    await printed;
    expect(ran).toEqual(['apt-get update', 'apt-get update']);
    expect(reported).toEqual([
      'waiting: another program uses it',
      'waiting: apt-get (process 812, apt-daily.service) holds /var/lib/apt/lists/lock',
    ]);
  });

  it('gives up after 10 minutes, naming the holder and how to end it', async () => {
    const { printed, ran } = await update({ locks: [HELD], forever: true });
    await expect(printed).rejects.toMatchObject({
      code: 'TIMED_OUT',
      message:
        'gave up after 600 s waiting until the package manager of worker1 is free; last seen: apt-get (process 812, apt-daily.service) holds /var/lib/apt/lists/lock',
      fix: 'Run again when it has ended: swarmup ssh worker1 -- ps -fp 812. If it hangs, stop it: swarmup ssh worker1 -- sudo systemctl stop apt-daily.service',
    });
    expect(ran).toEqual([]);
    const setUp = await update({ locks: ['cloud-init'], forever: true });
    await expect(setUp.printed).rejects.toMatchObject({ fix: expect.stringContaining('cloud-init status --long') });
    const nobody = await update({ locks: ['812 /run/zypp.pid - zypper'], forever: true });
    await expect(nobody.printed).rejects.toMatchObject({ fix: expect.stringMatching(/sudo kill 812$/) });
  });

  it('completes an installation that was interrupted, once', async () => {
    const { printed, ran, reported } = await update({ failures: [INTERRUPTED] });
    await printed;
    expect(ran).toEqual(['apt-get update', 'dpkg --configure -a', 'apt-get update']);
    expect(reported).toEqual(['completing an interrupted installation']);
    const broken = await update({ failures: [INTERRUPTED, INTERRUPTED] });
    await expect(broken.printed).rejects.toMatchObject({
      code: 'INSTALL_FAILED',
      message: 'worker1: an earlier installation was interrupted, and dpkg cannot complete it',
      fix: expect.stringMatching(/swarmup ssh worker1 -- sudo dpkg --configure -a$/),
      output: INTERRUPTED,
    });
  });

  it('explains a failure that is understood, and passes on any other', async () => {
    const full = await update({ failures: ["E: You don't have enough free space in /var/cache/apt/archives/."] });
    await expect(full.printed).rejects.toMatchObject({
      code: 'INSTALL_FAILED',
      message: 'worker1: the disk is full at /var/cache/apt/archives',
    });
    const unknown = await update({ failures: ['E: Something new.'] });
    await expect(unknown.printed).rejects.toMatchObject({ code: 'COMMAND_FAILED', output: 'E: Something new.' });
  });
});
