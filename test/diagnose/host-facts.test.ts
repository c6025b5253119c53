import { execFile } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { askHost } from '../../lib/diagnose/host-facts.ts';
import type { Host } from '../../lib/contracts/host.ts';
import { strict } from '../fakes/strict.ts';

const execute = promisify(execFile);

/** Runs a command in a real shell of this computer, which finds these programs first. */
function shell(programs: Readonly<Record<string, string>>, name = 'sh'): Host {
  const folder = mkdtempSync(join(tmpdir(), 'swarmup-programs-'));
  for (const [program, script] of Object.entries(programs)) {
    writeFileSync(join(folder, program), `#!/bin/sh\n${script}\n`);
    chmodSync(join(folder, program), 0o755);
  }
  return strict<Host>('host', {
    name: 'm1',
    run: async ([, ...args]) => {
      const env = { PATH: `${folder}:${process.env['PATH']}` };
      const { stdout, stderr } = await execute(name, args, { env, maxBuffer: 50_000_000 });
      return { exitCode: 0, stdout, stderr };
    },
  });
}

const window = { fromS: 3600, toS: 60, around: 'a failure' };
const signal = new AbortController().signal;
const asked = join(mkdtempSync(join(tmpdir(), 'swarmup-asked-')), 'asked');

describe('the questions of a diagnosis to hosts', () => {
  it.each(['dash', 'bash'])('are answered in a real shell (%s)', async (name) => {
    writeFileSync(asked, '');
    const host = shell(
      {
        date: 'echo 1000000',
        journalctl: `echo "$*" >> ${asked}; echo 'failed to start daemon'`,
        docker: `case $1 in --version) echo 'Docker version 28.2.2, build x' ;; info) echo '{"ServerVersion":"28.2.2"}' ;; esac`,
        systemctl: `case $1 in show) printf 'LoadState=loaded\\nActiveState=failed\\nUnitFileState=enabled\\n' ;; --version) echo systemd 257 ;; esac`,
      },
      name,
    );
    const answers = await askHost(host, window, signal);
    expect(answers).toMatchObject({
      info: { ServerVersion: '28.2.2' },
      dockerService: { installed: true, active: false, enabled: true },
      log: 'failed to start daemon',
      latestLog: 'failed to start daemon',
    });
    expect(answers.versions).toContain('Docker version 28.2.2');
    expect(answers.resources).toMatch(/MemTotal:.*kB[^]*Filesystem/);
    const log = '-u docker -u containerd -t dockerd -t containerd -t systemd -q --no-pager -o short-iso';
    expect(readFileSync(asked, 'utf8').split('\n').slice(0, 2)).toEqual([
      `${log} --since @996400 --until @999940`,
      `${log} -n 300`,
    ]);
  });

  it('have bounded answers, whatever the log has', async () => {
    const host = shell({ journalctl: 'yes "a line that is not short" | head -n 200000', docker: 'exit 1' });
    const { log, info } = await askHost(host, window, signal);
    expect(log.split('\n').length).toBeLessThanOrEqual(3000);
    expect(log.length).toBeLessThanOrEqual(256 * 1024);
    expect(info).toEqual({});
  });

  it.skipIf(!existsSync('/usr/bin/journalctl'))('use options that a real journalctl knows', async () => {
    writeFileSync(asked, '');
    await askHost(shell({ journalctl: `echo "$*" >> ${asked}` }), window, signal);
    for (const line of readFileSync(asked, 'utf8').trim().split('\n')) {
      const { stderr } = await execute('journalctl', line.split(' ')).catch((error: { stderr: string }) => error);
      // Without a journal, it says so only after it has read its options.
      expect(stderr).not.toMatch(/option|argument|parse|timestamp/i);
    }
  });
});
