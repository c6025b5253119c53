import { existsSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { thisRun, type Owner } from '../../lib/lock/owner.ts';
import { RemoteLock } from '../../lib/lock/remote.ts';
import type { Host } from '../../lib/contracts/host.ts';
import { SshHost } from '../../lib/remote/ssh.ts';
import { startSshd, type TestSshd } from '../support/sshd.ts';

/** The lock's script on a real machine: this computer, through a real sshd, with a connection for each run. */
let sshd: TestSshd;
let hosts: SshHost[];
const never = new AbortController().signal;
const owner = (): Owner => thisRun('up', new Date('2026-01-01T00:00:00Z'));
const folder = () => join(sshd.folder, 'locks');
const file = () => join(folder(), 'demo.lock');
const lock = (i = 0) => new RemoteLock(hosts[i]!, 'demo', folder());
const silentFor = (seconds: number) => {
  const then = new Date(Date.now() - seconds * 1000);
  utimesSync(file(), then, then);
};

beforeAll(async () => {
  sshd = await startSshd();
  const connect = () => SshHost.connect('manager1', sshd.endpoint, { emit: () => undefined, signal: never });
  hosts = await Promise.all(Array.from({ length: 4 }, connect));
});
beforeEach(() => rmSync(folder(), { recursive: true, force: true }));
afterAll(() => {
  for (const host of hosts) host.close();
  sshd.stop();
});

describe('the lock on a host whose shell prints a line before every command', () => {
  let chatty: TestSshd;
  let talking: SshHost[];
  beforeAll(async () => {
    // Bash reads it for commands from sshd, too. Source: bash(1), "executes commands from ~/.bashrc".
    writeFileSync(join(sshd.folder, '.bashrc'), 'echo taken\n');
    chatty = await startSshd(`SetEnv HOME=${sshd.folder}`);
    const connect = () => SshHost.connect('manager1', chatty.endpoint, { emit: () => undefined, signal: never });
    talking = await Promise.all([connect(), connect()]);
  });
  afterAll(() => {
    for (const host of talking) host.close();
    chatty.stop();
  });

  it('is acquired by one owner, and the other run learns its name', async () => {
    const [first, second] = talking.map((host) => new RemoteLock(host, 'demo', folder()));
    const own = owner();
    expect(await first!.take(own, [], never)).toEqual({ taken: true });
    expect(await second!.take(owner(), [], never)).toMatchObject({ held: { owner: own } });
    expect(await first!.beat(own, never)).toBe(true);
    await first!.release(own, never);
    expect(await second!.holder(never)).toBeUndefined();
  });
});

describe('an unexpected answer about the lock', () => {
  it.each(['', 'free\n', 'Welcome!\n', 'Welcome!\ntaken\n', 'maybe\n', '\ntaken\n', 'taken twice\n', 'Taken\n'])(
    'is an error, and acquires no lock: %j',
    async (answer) => {
      const deaf: Host = {
        name: 'manager1',
        run: async () => ({ exitCode: 0, stdout: answer, stderr: '' }),
        dialEngine: () => Promise.reject(new Error('not asked')),
        dialPort: () => Promise.reject(new Error('not asked')),
        close: () => undefined,
      };
      await expect(new RemoteLock(deaf, 'demo').take(owner(), [], never)).rejects.toMatchObject({
        code: 'ANSWER_UNREADABLE',
      });
    },
  );
});

describe('the script of the lock', () => {
  it('admits one of many concurrent runs, and tells the others the owner', async () => {
    for (let round = 0; round < 5; round++) {
      const runs = hosts.map((_, i) => ({ own: owner(), lock: lock(i) }));
      const attempts = await Promise.all(runs.map((run) => run.lock.take(run.own, [], never)));
      const winners = runs.filter((_, i) => 'taken' in attempts[i]!);
      expect(winners).toHaveLength(1);
      for (const attempt of attempts) if ('held' in attempt) expect(attempt.held.owner).toEqual(winners[0]?.own);
      await winners[0]?.lock.release(winners[0].own, never);
      expect(existsSync(file())).toBe(false);
    }
  });

  it('keeps the lock readable by its owner only, and accepts every character in a name', async () => {
    const own = { ...owner(), command: `up -f "it's" $HOME \`id\` %s \\n`, host: 'häuser' };
    expect(await lock().take(own, [], never)).toEqual({ taken: true });
    expect((await lock(1).holder(never))?.owner).toEqual(own);
    expect(readFileSync(file(), 'utf8').split('\n')).toHaveLength(3);
  });

  it('takes over a lock without a heartbeat after its time, and not before', async () => {
    const first = owner();
    await lock().take(first, [], never);
    silentFor(50);
    expect(await lock(1).take(owner(), [], never)).toMatchObject({
      held: { owner: first, ageMs: expect.any(Number) },
    });
    silentFor(70);
    expect(await lock(1).take(owner(), [], never)).toEqual({ taken: true, from: first });
  });

  it('keeps a lock alive by its heartbeat, and notices its loss', async () => {
    const first = owner();
    await lock().take(first, [], never);
    silentFor(70);
    expect(await lock().beat(first, never)).toBe(true);
    expect(await lock(1).take(owner(), [], never)).toHaveProperty('held');
    silentFor(70);
    await lock(1).take(owner(), [], never);
    expect(await lock().beat(first, never)).toBe(false);
    await lock().release(first, never);
    expect(existsSync(file())).toBe(true);
  });

  it('keeps the lock for its owner after the machine restarted, unless another run was first', async () => {
    const first = owner();
    await lock().take(first, [], never);
    rmSync(folder(), { recursive: true });
    expect(await lock().beat(first, never)).toBe(true);
    expect((await lock().holder(never))?.owner).toEqual(first);
  });

  it('takes over the lock of a run that is known to be dead at once', async () => {
    const dead = owner();
    await lock().take(dead, [], never);
    expect(await lock(1).take(owner(), ['some', 'other'], never)).toHaveProperty('held');
    expect(await lock(1).take(owner(), ['some', dead.token, 'other'], never)).toEqual({ taken: true, from: dead });
  });

  it('leaves no owner when it was cut off, and the lock can be removed by hand', async () => {
    await lock().take(owner(), [], never);
    writeFileSync(file(), '');
    expect(await lock().take(owner(), [], never)).toEqual({ taken: true, from: undefined });
    await lock().remove(never);
    expect(await lock().holder(never)).toBeUndefined();
  });
});
