import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { Inventory } from '../../lib/providers/qemu/inventory.ts';
import { Layout } from '../../lib/providers/qemu/layout.ts';
import { localCommands } from '../../lib/remote/local.ts';

const NOBODY = 65_534;

// Another user must be able to execute what is in it.
const folder = mkdtempSync('/tmp/swarmup-processes-');
chmodSync(folder, 0o755);
const stateDir = join(folder, '.swarmup', 'demo');
const layout = new Layout({ name: 'demo', stateDir });
const inventory = new Inventory(
  layout,
  localCommands(() => undefined, {}),
);

const started: ChildProcess[] = [];
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => started.splice(0).forEach((child) => child.kill('SIGKILL')));

/** Starts a program with the arguments of a machine. */
async function pretend(node: string, { program = 'qemu-system-x86_64', uid }: { program?: string; uid?: number } = {}) {
  const file = join(folder, program);
  if (!existsSync(file)) copyFileSync(realpathSync('/bin/sh'), file);
  chmodSync(file, 0o755);
  const argv = ['-c', 'echo ready; read -r _', 'machine', '-name', layout.mark(node), '-daemonize'];
  const child = spawn(file, argv, { stdio: ['pipe', 'pipe', 'ignore'], ...(uid === undefined ? {} : { uid }) });
  started.push(child);
  await once(child.stdout, 'data');
  return child;
}

const found = async () => [...(await inventory.running()).keys()];

describe('a QEMU machine', () => {
  it('is a process of this user that runs QEMU under a valid name', async () => {
    const { pid } = await pretend('worker1');
    expect([...(await inventory.running())]).toEqual([['worker1', pid]]);
  });

  it.each(['../../../../precious', '..', '', 'a/b', 'Worker', '-rf'])(
    'is not a process with the name %j, which is no valid node name',
    async (node) => {
      await pretend(node);
      expect(await found()).toEqual([]);
    },
  );

  it('is not a process that runs another program with the same arguments', async () => {
    await pretend('worker1', { program: 'editor' });
    const renamed = spawn('sh', ['-c', 'echo ready; read -r _', 'x', '-name', layout.mark('worker2')], {
      stdio: ['pipe', 'pipe', 'ignore'],
      argv0: 'qemu-system-x86_64',
    });
    started.push(renamed);
    await once(renamed.stdout, 'data');
    expect(await found()).toEqual([]);
  });

  it.runIf(process.getuid?.() === 0)('is not a process of another user of this computer', async () => {
    await pretend('worker1', { uid: NOBODY });
    expect(await found()).toEqual([]);
  });

  it('is not one whose record is in a folder with an invalid node name', async () => {
    mkdirSync(join(layout.machines, 'Not a node'), { recursive: true });
    writeFileSync(join(layout.machines, 'Not a node', 'machine.json'), '{}');
    expect(await inventory.list()).toEqual([]);
  });
});
