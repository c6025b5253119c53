import { execFileSync } from 'node:child_process';
import { mkdtempSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemClock, type Clock } from '../../lib/async/clock.ts';
import { lineSplitter, localCommands } from '../../lib/remote/local.ts';
import { knownHosts, sshArguments, sshConfigText } from '../../lib/remote/openssh.ts';
import { quote } from '../../lib/util/shell-quote.ts';
import { waitUntil } from '../../lib/async/wait-until.ts';

const never = new AbortController().signal;
const local = localCommands(() => undefined, process.env);

describe('quoting', () => {
  it('survives a real shell, whatever characters an argument has', () => {
    const words = [
      '',
      ' ',
      "'",
      '"',
      '$PATH',
      '`id`',
      '\\',
      '\n',
      '*',
      '~',
      '!',
      '#',
      ';',
      '&&',
      '|',
      '>x',
      '-e',
      'ünï',
      "a'b'c",
      '$(id)',
      '{a,b}',
      '%s',
    ];
    const printed = execFileSync('sh', ['-c', quote(['printf', '%s\\0', ...words])], { encoding: 'utf8' });
    expect(printed.split('\0').slice(0, -1)).toEqual(words);
  });
});

describe('local commands', () => {
  it('take arguments unchanged and return both streams', async () => {
    expect(await local.run(['sh', '-c', 'printf "%s" "$1"; echo oops >&2', 'sh', "it's $HOME"])).toEqual({
      exitCode: 0,
      stdout: "it's $HOME",
      stderr: 'oops\n',
    });
    expect((await local.run(['cat'], { input: 'text' })).stdout).toBe('text');
  });

  it('need no bash, as on Alpine', () => {
    const folder = mkdtempSync(join(tmpdir(), 'swarmup-no-bash-'));
    const cat = execFileSync('sh', ['-c', 'command -v cat'], { encoding: 'utf8' }).trim();
    symlinkSync(cat, join(folder, 'cat'));
    const module = new URL('../../lib/remote/local.ts', import.meta.url).href;
    const script = `
      const { localCommands } = await import(${JSON.stringify(module)});
      const local = localCommands(() => undefined, process.env);
      const { stdout } = await local.run(['cat', '--', '-'], { input: "it's $HOME" });
      const missing = await local.run(['bash'], { okExit: 'any' });
      process.stdout.write(JSON.stringify([stdout, missing.exitCode]));`;
    const env = { HOME: folder, PATH: folder };
    const said = execFileSync(process.execPath, ['--input-type=module', '-e', script], { env, encoding: 'utf8' });
    expect(JSON.parse(said)).toEqual(["it's $HOME", 127]);
  });

  it('fail with the command, its exit code and its last lines', async () => {
    await expect(local.run(['sh', '-c', 'echo one; echo two >&2; exit 4'])).rejects.toMatchObject({
      code: 'LOCAL_COMMAND_FAILED',
      output: 'one\ntwo',
      message: expect.stringContaining('exit code 4'),
    });
  });

  it('end when the signal is aborted', async () => {
    const controller = new AbortController();
    const running = local.run(['sleep', '600'], { signal: controller.signal });
    setTimeout(() => controller.abort(), 100);
    await expect(running).rejects.toThrow();
  });

  it('are found on the PATH', async () => {
    expect(await local.which('sh')).toMatch(/\/sh$/);
    expect(await local.which('no-such-program-here')).toBeUndefined();
  });
});

describe('lines from a stream', () => {
  it('are complete, wherever its chunks end', () => {
    const lines: string[] = [];
    const feed = lineSplitter((line) => lines.push(line));
    for (const chunk of ['on', 'e\ntw', 'o\r\nthr', 'ee\rfour', '\n\n']) feed(chunk);
    expect(lines).toEqual(['one', 'two', 'three', 'four']);
  });
});

describe('waiting for a condition', () => {
  const clock = (): Clock => {
    let now = 0;
    return { now: () => now, sleep: async (ms) => void (now += ms) };
  };
  const wait = { until: 'the door opens', deadlineMs: 1000, intervalMs: 100, signal: never, fix: 'knock' };

  it('ends with the value that the probe returned', async () => {
    let looks = 0;
    expect(
      await waitUntil({
        ...wait,
        clock: clock(),
        probe: async () => (++looks === 3 ? { done: 'open' } : { seen: 'closed' }),
      }),
    ).toBe('open');
    expect(looks).toBe(3);
  });

  it('gives up after the deadline and quotes the last state seen', async () => {
    const failure = waitUntil({ ...wait, clock: clock(), probe: async () => ({ seen: 'closed' }) });
    await expect(failure).rejects.toMatchObject({
      code: 'TIMED_OUT',
      message: 'gave up after 1 s waiting until the door opens; last seen: closed',
      fix: 'knock',
    });
  });

  it.each([
    ['as long as asked for after a quick look', 10, undefined, 100],
    ['as long as asked for where looking costs nothing', 500, undefined, 100],
    ['longer after a slow look, where looking costs what is waited for', 200, 0.2, 800],
    ['no longer than three seconds', 5_000, 0.2, 3_000],
  ])('pauses %s', async (_how, lookMs, share, expected) => {
    let now = 0;
    const pauses: number[] = [];
    const slow: Clock = { now: () => now, sleep: async (ms) => void (pauses.push(ms), (now += ms)) };
    const probe = async () => ((now += lookMs), pauses.length === 2 ? { done: undefined } : { seen: 'closed' });
    await waitUntil({ ...wait, deadlineMs: 60_000, ...(share === undefined ? {} : { share }), clock: slow, probe });
    expect(pauses).toEqual([expected, expected]);
  });

  it('ends at once when aborted, also during a real pause', async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 20);
    await expect(
      waitUntil({
        ...wait,
        intervalMs: 60_000,
        signal: controller.signal,
        clock: systemClock,
        probe: async () => ({ seen: 'closed' }),
      }),
    ).rejects.toThrow();
  });
});

describe('OpenSSH', () => {
  const machine = {
    name: 'worker1',
    state: 'running' as const,
    address: '10.0.0.2',
    ssh: {
      host: '127.0.0.1',
      port: 2222,
      user: 'root',
      identityFiles: ['/keys/id'],
      hostKey: 'ssh-ed25519 AAAA comment',
    },
  };

  it('gets the pinned key and no other', () => {
    expect(knownHosts([machine])).toBe('[127.0.0.1]:2222 ssh-ed25519 AAAA\n');
    expect(sshArguments(machine, '/known')).toEqual(
      expect.arrayContaining(['StrictHostKeyChecking=yes', 'UserKnownHostsFile="/known"', 'root@127.0.0.1']),
    );
    expect(sshConfigText([machine], '/known')).toMatch(/^Host worker1\n {2}HostName 127\.0\.0\.1\n {2}Port 2222\n/);
  });
});
