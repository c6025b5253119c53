import { spawnSync } from 'node:child_process';
import { lstatSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ROOT } from '../support/cli.ts';

it('what a run writes can be read and changed by its user alone, whatever the umask', () => {
  const folder = mkdtempSync(join(tmpdir(), 'swarmup-files-'));
  const nodes = '[{ name: a, role: manager, address: 127.0.0.1, port: 1, user: u }]';
  writeFileSync(join(folder, 'swarmup.yaml'), `name: c\nprovider: { type: hosts }\nnodes: ${nodes}\n`);
  const script = 'umask 0; exec "$0" "$@"';
  const argv = [join(ROOT, 'swarmup'), 'verify', '--junit', 'report.xml'];
  const { status } = spawnSync('sh', ['-c', script, ...argv], { cwd: folder, encoding: 'utf8' });
  expect(status).toBe(1);
  const made = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name !== 'swarmup.yaml');
  expect(made.filter((name) => name.endsWith('events.jsonl'))).toHaveLength(1);
  for (const name of made) {
    const mode = lstatSync(join(folder, name)).mode & 0o777;
    // The report is for others too, as in CI.
    expect(mode & (name === 'report.xml' ? 0o022 : 0o077), `${name} ${mode.toString(8)}`).toBe(0);
  }
});
