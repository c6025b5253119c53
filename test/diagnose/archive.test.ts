import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { requireFree, writeArchive } from '../../lib/diagnose/archive.ts';
import { unpacked } from './rig.ts';

const folder = () => mkdtempSync(join(tmpdir(), 'swarmup-archive-'));
const file = (name: string, text: string) => ({ name, text, bytes: text.length, from: 'a test', masked: 0 });
const FILES = [file('contents.txt', 'ä\n'), file('nodes/m1/engine.log', 'x'.repeat(100_000)), file('empty.txt', '')];

describe('the archive of a diagnosis', () => {
  it("is read by the system's tar, and only by its owner", async () => {
    const archive = join(folder(), 'a.tar.gz');
    await writeArchive(archive, 'shop-diagnosis', FILES, new Date('2026-01-01T10:00:00Z'));
    expect(unpacked(archive)).toEqual(new Map(FILES.map(({ name, text }) => [name, text])));
    expect(statSync(archive).mode & 0o777).toBe(0o600);
    const list = execFileSync('tar', ['--utc', '-tvzf', archive], { encoding: 'utf8' });
    expect(list).toMatch(/^-rw------- .* 2026-01-01 10:00 shop-diagnosis\/contents\.txt$/m);
    expect(readdirSync(join(archive, '..'))).toEqual(['a.tar.gz']);
  });

  it('never replaces a file, also one that appears meanwhile', async () => {
    const archive = join(folder(), 'a.tar.gz');
    await requireFree(archive);
    writeFileSync(archive, 'mine');
    await expect(requireFree(archive)).rejects.toThrow(/a\.tar\.gz exists, and a diagnosis never overwrites/);
    await expect(writeArchive(archive, 'd', FILES, new Date())).rejects.toMatchObject({ code: 'USAGE' });
    expect(readFileSync(archive, 'utf8')).toBe('mine');
    expect(existsSync(`${archive}.part`)).toBe(false);
  });

  it("leaves another run's unfinished file alone", async () => {
    const archive = join(folder(), 'a.tar.gz');
    writeFileSync(`${archive}.part`, 'of another run');
    await expect(writeArchive(archive, 'd', FILES, new Date())).rejects.toThrow(/a\.tar\.gz\.part exists/);
    expect(readFileSync(`${archive}.part`, 'utf8')).toBe('of another run');
    expect(existsSync(archive)).toBe(false);
  });

  it('says when its folder is missing, or is full', async () => {
    const missing = join(folder(), 'none', 'a.tar.gz');
    await expect(requireFree(missing)).rejects.toThrow(/the folder .*none does not exist/);
    await expect(writeArchive(missing, 'd', FILES, new Date())).rejects.toThrow(/can't be written: ENOENT/);
    // Every write to it fails as on a full disk. Source: full(4).
    await expect(writeArchive('/dev/full/a', 'd', FILES, new Date())).rejects.toMatchObject({ code: 'USAGE' });
  });

  it('replaces nothing through a link', async () => {
    const place = folder();
    const target = join(place, 'target');
    writeFileSync(target, 'mine');
    chmodSync(target, 0o644);
    execFileSync('ln', ['-s', target, join(place, 'a.tar.gz')]);
    await expect(writeArchive(join(place, 'a.tar.gz'), 'd', FILES, new Date())).rejects.toThrow(/exists/);
    expect(readFileSync(target, 'utf8')).toBe('mine');
  });
});
