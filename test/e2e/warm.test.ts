import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Cli, program, type UpDocument } from '../support/cli.ts';
import { onNode, qemuProcesses } from '../support/machines.ts';

const folder = mkdtempSync(join(tmpdir(), 'swarmup-warm-'));
const cli = new Cli(folder);
const sshConfig = join(folder, 'ssh-config');
const NODES = ['m1', 'm2', 'm3', 'w1', 'w2'] as const;

writeFileSync(
  join(folder, 'swarmup.yaml'),
  `name: e2e-warm
provider: { type: qemu, start: restore }
nodes:
${NODES.map((name) => `  - { name: ${name}, role: ${name.startsWith('m') ? 'manager' : 'worker'} }`).join('\n')}
`,
);

afterAll(async () => {
  await cli.run(['down', '--yes']);
  rmSync(folder, { recursive: true, force: true });
});

/** The folder of the saved state that a machine started from. */
function stateOf(name: string): string {
  const record = join(folder, '.swarmup/e2e-warm/machines', name, 'machine.json');
  const { state }: { state: string } = JSON.parse(readFileSync(record, 'utf8'));
  return state;
}

/** What makes a machine itself, and how to ask for it. */
const OWN = {
  'machine ID': 'cat /etc/machine-id',
  'boot ID': 'cat /proc/sys/kernel/random/boot_id',
  'machine and boot ID in the journal': 'journalctl -n 1 -o export | grep -aE "^_(MACHINE|BOOT)_ID="',
  'engine ID': "docker info --format '{{.ID}}'",
  'engine ID on disk': 'cat /var/lib/docker/engine-id',
  hostname: 'hostname',
  'host key': 'cat /etc/ssh/ssh_host_*_key.pub',
  'MAC addresses': 'cat /sys/class/net/eth0/address /sys/class/net/eth1/address',
  'private address': 'ip -4 -br address show eth1',
  'random numbers': 'head -c 32 /dev/urandom | od -An -tx1',
} as const;
type Own = keyof typeof OWN;

/** What every machine answers, in the order of NODES: one login each. */
const answers = new Map<Own, string[]>();
const SEPARATOR = '--- next answer';

async function askAll(): Promise<void> {
  const command = Object.values(OWN).join(`; echo; echo '${SEPARATOR}'; `);
  const texts = await Promise.all(NODES.map((name) => onNode(sshConfig, name, command)));
  const parts = texts.map((text) => text.split(SEPARATOR).map((part) => part.trim()));
  for (const [i, what] of Object.keys(OWN).entries())
    answers.set(
      what as Own,
      parts.map((part) => part[i] ?? ''),
    );
}

describe('machines that are restored from a saved state', () => {
  it('start from one state, whatever their number', async () => {
    const up = await cli.json<UpDocument>('up', '--to', 'provision', '--yes');
    expect(up.document.ok).toBe(true);
    expect(up.document.warnings.join()).not.toContain('machine state');
    writeFileSync(sshConfig, (await cli.run(['ssh-config'])).stdout);
    await askAll();
    expect(qemuProcesses('e2e-warm')).toHaveLength(NODES.length);
    expect(new Set(NODES.map(stateOf)).size).toBe(1);
  });

  it.each(Object.keys(OWN) as Own[])('each have their own %s', (what) => {
    const found = answers.get(what) ?? [];
    expect(found).not.toContain('');
    expect(new Set(found).size).toBe(NODES.length);
  });

  it('have the right time', async () => {
    const before = Date.now() / 1000;
    const there = await Promise.all(NODES.map((name) => onNode(sshConfig, name, 'date +%s.%N')));
    for (const time of there.map(Number)) {
      expect(time).toBeGreaterThan(before - 2);
      expect(time).toBeLessThan(Date.now() / 1000 + 2);
    }
  });

  it('come from a file that only this user can read, without any key of the cluster', async () => {
    const keys = [readFileSync(join(folder, '.swarmup/e2e-warm/ssh/id_ed25519.pub'), 'utf8').split(' ')[1] ?? ''];
    for (const key of answers.get('host key') ?? []) keys.push(key.split(' ')[1] ?? '');
    expect(keys).toHaveLength(NODES.length + 1);
    const memory = join(stateOf('m1'), 'memory');
    expect(statSync(memory).mode & 0o077).toBe(0);
    for (const one of keys)
      expect(await program('sh', ['-c', 'grep -cF -- "$1" "$2" || true', 'sh', one, memory])).toBe('0\n');
  });

  it('boot from their disks after a power cut, and where the state does not load, which is discarded with a warning', async () => {
    const [pid = 0] = qemuProcesses('e2e-warm', 'w1');
    process.kill(pid, 'SIGKILL');
    const state = stateOf('w1');
    const memory = join(state, 'memory');
    const kept = join(folder, 'kept');
    const copy = (from: string, to: string) => cpSync(from, to, { recursive: true, preserveTimestamps: true });
    for (const end of ['', '.users']) copy(`${state}${end}`, `${kept}${end}`);
    truncateSync(memory, 1_000_000);
    const other = new Cli(mkdtempSync(join(folder, 'other-')));
    writeFileSync(
      join(other.folder, 'swarmup.yaml'),
      'name: e2e-cold\nprovider: { type: qemu }\nnodes: { managers: 1 }\n',
    );
    try {
      const [again, cold] = await Promise.all(
        [cli, other].map((one) => one.json<UpDocument>('up', '--to', 'provision', '--yes')),
      );
      expect(again?.document.ok).toBe(true);
      expect(cold?.document.ok).toBe(true);
      expect(cold?.document.warnings.join()).toContain('the saved machine state does not load');
      expect(existsSync(memory)).toBe(false);
    } finally {
      await other.run(['down', '--yes']);
      // For the machines of other tests.
      for (const end of ['', '.users']) copy(`${kept}${end}`, `${state}${end}`);
    }
    for (const what of ['engine ID', 'machine ID'] as const)
      expect(await onNode(sshConfig, 'w1', OWN[what])).toBe(answers.get(what)?.[NODES.indexOf('w1')]);
  });
});
