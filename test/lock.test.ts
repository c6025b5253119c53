import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { takeLock } from '../lib/lock.ts';

const now = new Date('2026-01-01T00:00:00Z');
const stateDir = () => join(mkdtempSync(join(tmpdir(), 'swarmup-lock-')), '.swarmup', 'c');
const owner = (rest: object) =>
  JSON.stringify({ pid: process.pid, host: hostname(), command: 'up', since: now.toISOString(), ...rest });

describe('the lock of a cluster', () => {
  it('keeps a second run out, names the first, and leaves nothing when it is released', async () => {
    const dir = stateDir();
    const lock = await takeLock(dir, 'up', now);
    expect(JSON.parse(readFileSync(`${dir}.lock`, 'utf8'))).toMatchObject({ pid: process.pid, command: 'up' });
    await expect(takeLock(dir, 'down', now)).rejects.toMatchObject({
      code: 'LOCKED',
      message: `another run holds this cluster: 'swarmup up', process ${process.pid}, since 2026-01-01T00:00:00.000Z`,
      fix: expect.stringContaining(`${dir}.lock`),
    });
    await lock.release();
    expect(existsSync(join(dir, '..'))).toBe(false);
    await (await takeLock(dir, 'down', now)).release();
  });

  it.each([
    ['left by a dead process', owner({ pid: 4_194_305 })],
    ['cut off by a kill', '{"pid": 12'],
  ])('%s is taken over', async (_name, text) => {
    const dir = stateDir();
    const first = await takeLock(dir, 'up', now);
    writeFileSync(`${dir}.lock`, text);
    await (await takeLock(dir, 'up', now)).release();
    await first.release();
  });

  it('of another machine is respected', async () => {
    const dir = stateDir();
    await takeLock(dir, 'up', now);
    writeFileSync(`${dir}.lock`, owner({ pid: 4_194_305, host: 'elsewhere' }));
    await expect(takeLock(dir, 'up', now)).rejects.toThrow('process 4194305 on elsewhere');
  });
});
