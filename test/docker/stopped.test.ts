import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Host } from '../../lib/contracts/host.ts';
import { sentenceOf } from '../../lib/contracts/change-sentence.ts';
import { startDocker } from '../../lib/docker/service.ts';
import { localCommands } from '../../lib/remote/local.ts';
import { strict } from '../fakes/strict.ts';
import { clusterOf, fullText } from '../support/cluster.ts';
import { worldWithRegistry } from '../support/worlds.ts';

const never = new AbortController().signal;

/** What a real shell asks of systemd when Docker is to be started, as the unit is in these states. */
async function asked(enabled: boolean, active: boolean): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'swarmup-systemctl-'));
  const log = join(folder, 'asked');
  const answers = `is-enabled) exit ${enabled ? 0 : 1};; is-active) exit ${active ? 0 : 3};;`;
  writeFileSync(join(folder, 'systemctl'), `#!/bin/sh\necho "$*" >>${log}\ncase $1 in ${answers} esac\n`);
  chmodSync(join(folder, 'systemctl'), 0o755);
  const local = localCommands(() => undefined, process.env);
  const path = `PATH=${folder}:${process.env['PATH'] ?? ''}`;
  await startDocker(strict<Host>('host', { name: 'w', run: (argv) => local.run(['env', path, ...argv]) }), never);
  const lines = readFileSync(log, 'utf8').trim().split('\n');
  rmSync(folder, { recursive: true });
  return lines;
}

describe('Docker that is installed and doesn’t run, as packages of Red Hat leave it', () => {
  it('is started, and nothing is installed', async () => {
    const world = worldWithRegistry();
    const cluster = await clusterOf(fullText(1, 1));
    await world.run('up', cluster);
    const engine = world.swarm.engines.get('worker1');
    if (engine) engine.stopped = true;
    const plan = await world.run('up', cluster, { mode: 'plan' });
    const own = plan.units.find(({ task, target }) => task === 'install-docker' && target === 'worker1');
    expect(own?.changes.map(sentenceOf)).toEqual(['start the Docker Engine']);
  });

  it.each([
    [false, false],
    [true, false],
    [false, true],
  ])('is enabled for the next boot too (now enabled: %s, active: %s)', async (enabled, active) => {
    expect((await asked(enabled, active)).at(-1)).toBe('enable --now docker');
  });

  it('is left alone where it is enabled and active', async () => {
    expect(await asked(true, true)).toEqual(['is-enabled -q docker', 'is-active -q docker']);
  });
});
