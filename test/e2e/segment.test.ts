import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Cli, type UpDocument } from '../support/cli.ts';
import { hubProcesses, onNode, qemuProcesses } from '../support/machines.ts';

/** The private segment of machines that are restored, which takes seconds once their state is saved. */
const folder = mkdtempSync(join(tmpdir(), 'swarmup-segment-'));
const cli = new Cli(folder);
const sshConfig = join(folder, 'ssh-config');
const sockets = join(folder, '.swarmup/e2e-segment/sockets');

writeFileSync(
  join(folder, 'swarmup.yaml'),
  'name: e2e-segment\nprovider: { type: qemu, memory: 1GiB, start: restore }\nnodes: { managers: 1, workers: 1 }\n',
);

afterAll(async () => {
  await cli.run(['down', '--yes']);
  rmSync(folder, { recursive: true, force: true });
});

async function up(): Promise<UpDocument> {
  const { document } = await cli.json<UpDocument>('up', '--to', 'provision', '--yes');
  expect(document.ok).toBe(true);
  return document;
}

/** Whether the first machine reaches the second one's SSH server over the segment. */
async function reaches(): Promise<string> {
  const command = "timeout 10 bash -c '</dev/tcp/192.168.77.12/22' 2>/dev/null && echo yes || echo no";
  return onNode(sshConfig, 'manager1', command);
}

describe('the private segment of QEMU machines', () => {
  it('joins them through sockets that only this user can reach, and no multicast group', async () => {
    await up();
    writeFileSync(sshConfig, (await cli.run(['ssh-config'])).stdout);
    expect(await reaches()).toBe('yes');
    expect(hubProcesses('e2e-segment')).toHaveLength(1);
    for (const pid of qemuProcesses('e2e-segment'))
      expect(readFileSync(`/proc/${pid}/cmdline`, 'utf8')).not.toContain('mcast');
  });

  it.runIf(process.getuid?.() === 0)('can be neither joined nor listed by another user of the computer', () => {
    const names = readdirSync(sockets).filter((name) => /\.(net|qmp|id)$/.test(name));
    expect(names.length).toBeGreaterThanOrEqual(7);
    // Only the folder of sockets itself protects them here.
    for (const part of ['.', '.swarmup', '.swarmup/e2e-segment']) chmodSync(join(folder, part), 0o755);
    const nobody = (...argv: string[]) =>
      spawnSync('setpriv', ['--reuid=65534', '--regid=65534', '--clear-groups', ...argv], { encoding: 'utf8' });
    expect(nobody('ls', join(folder, '.swarmup/e2e-segment')).stdout).toContain('sockets');
    expect(nobody('ls', sockets).stderr).toContain('Permission denied');
    const program = `use IO::Socket::UNIX; IO::Socket::UNIX->new(Peer => $ARGV[0]) or die "$!"`;
    for (const name of names)
      expect(nobody('perl', '-e', program, join(sockets, name)).stderr).toContain('Permission denied');
    for (const part of ['.', '.swarmup', '.swarmup/e2e-segment']) chmodSync(join(folder, part), 0o700);
  });

  it("is mended by 'up' when its hub was killed, while the machines run on", async () => {
    const machines = qemuProcesses('e2e-segment');
    for (const pid of hubProcesses('e2e-segment')) process.kill(pid, 'SIGKILL');
    expect(await reaches()).toBe('no');
    const { document } = await cli.json<{ problems: string[] }>('status');
    expect(document.problems.join()).toContain("manager1 is cut off from the other machines; 'swarmup up' connects it");
    const { units } = await up();
    expect(units.flatMap(({ changes }) => changes)).toEqual([
      'connect manager1 to the other machines',
      'connect worker1 to the other machines',
    ]);
    expect(await reaches()).toBe('yes');
    expect(qemuProcesses('e2e-segment')).toEqual(machines);
    expect((await up()).units.flatMap(({ changes }) => changes)).toEqual([]);
  });

  it('joins a machine again after a power cut', async () => {
    expect((await cli.run(['run', 'lose', '--node', 'worker1'])).status).toBe(0);
    expect(hubProcesses('e2e-segment')).toHaveLength(1);
    await up();
    expect(await reaches()).toBe('yes');
  });

  it('is gone with the machines', async () => {
    expect((await cli.run(['down', '--yes'])).status).toBe(0);
    expect(qemuProcesses('e2e-segment')).toEqual([]);
    expect(hubProcesses('e2e-segment')).toEqual([]);
  });
});
