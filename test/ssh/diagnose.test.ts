import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Diagnosis } from '../../lib/contracts/diagnosis.ts';
import { unpacked } from '../diagnose/rig.ts';
import { Cli } from '../support/cli.ts';
import { freePort, startSshd, type TestSshd } from '../support/sshd.ts';

/** One host that answers, a real OpenSSH server on loopback without Docker, and one that refuses connections. */
let server: TestSshd;
let closed: number;

beforeAll(async () => {
  server = await startSshd();
  closed = await freePort();
});
afterAll(() => server.stop());

it('diagnoses a cluster of which one host answers over SSH', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'swarmup-diagnose-'));
  const { user, port, identityFiles } = server.endpoint;
  const node = (name: string, role: string, at: number, advertise: string) =>
    `  - { name: ${name}, role: ${role}, address: 127.0.0.1, port: ${at}, advertise: ${advertise}, user: ${user}, identityFile: ${identityFiles[0]} }`;
  const nodes = [node('m1', 'manager', port, '192.0.2.1'), node('w1', 'worker', closed, '192.0.2.2')];
  writeFileSync(join(folder, 'swarmup.yaml'), `name: mine\nprovider: { type: hosts }\nnodes:\n${nodes.join('\n')}\n`);
  const cli = new Cli(folder, { SSH_AUTH_SOCK: '' });
  const { document, status, stderr } = await cli.json<Diagnosis & { archive: string }>(
    'diagnose',
    '--yes',
    '--accept-new',
  );
  expect(status, stderr).toBe(0);
  const files = unpacked(document.archive);
  expect(files.get('nodes/m1/versions.txt')).toMatch(/^Linux \S+ \S+$/m);
  expect(files.get('nodes/m1/resources.txt')).toMatch(/^MemTotal:/m);
  expect(files.get('nodes/m1/facts.json')).toContain('"prettyName"');
  expect(files.get('missing.txt')).toMatch(/the machine w1 .*: w1: .*refused/i);
  expect(files.get('missing.txt')).toContain('the swarm (nodes, services, tasks, networks)');
  expect(files.get('preflight.json')).toContain('"node": "w1"');
});
