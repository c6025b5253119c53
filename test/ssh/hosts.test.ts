import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { generateKeyPair } from '../../lib/remote/keys.ts';
import { fingerprint } from '../../lib/remote/known-hosts.ts';
import { Cli, ROOT } from '../support/cli.ts';
import { startSshd, type TestSshd } from '../support/sshd.ts';

/** Two hosts, one behind two bastions, reached through an OpenSSH configuration. All are real OpenSSH servers on loopback. */
let near: TestSshd;
let outer: TestSshd;
let inner: TestSshd;
let far: TestSshd;
let folder: string;
let cli: Cli;

const CLUSTER = `name: mine
provider: { type: hosts, sshConfig: ssh_config }
nodes:
  - { name: manager1, role: manager, address: near }
  - { name: worker1, role: worker, address: far.lab }
`;

const userKnown = () => join(folder, 'known_hosts');
const accepted = () => join(folder, '.swarmup/mine/ssh/accepted_hosts');
const keyOf = ({ endpoint }: TestSshd) => endpoint.hostKey.split(' ').slice(0, 2).join(' ');
const nameOf = ({ endpoint }: TestSshd) => `[127.0.0.1]:${endpoint.port}`;

function block(alias: string, { endpoint }: TestSshd, more: readonly string[] = []): string {
  return [
    `Host ${alias}`,
    '  HostName 127.0.0.1',
    `  Port ${endpoint.port}`,
    `  User ${endpoint.user}`,
    ...more.map((line) => `  ${line}`),
    '',
  ].join('\n');
}

const key = ({ endpoint }: TestSshd) => `IdentityFile ${endpoint.identityFiles[0]}`;

beforeAll(async () => {
  // Started one after the other, as each takes the next free port.
  near = await startSshd();
  outer = await startSshd();
  inner = await startSshd();
  far = await startSshd();
});
afterAll(() => {
  for (const server of [near, outer, inner, far]) server.stop();
});

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'swarmup-hosts-'));
  cli = new Cli(folder, { SSH_AUTH_SOCK: '' });
  writeFileSync(join(folder, 'swarmup.yaml'), CLUSTER);
  writeFileSync(
    join(folder, 'ssh_config'),
    [
      block('near', near, [key(near)]),
      block('outer', outer, [key(outer)]),
      block('inner', inner, [key(inner), 'ProxyJump outer']),
      block('far.lab', far, [key(far), 'ProxyJump inner']),
      `Host *\n  UserKnownHostsFile ${userKnown()}\n  GlobalKnownHostsFile none\n`,
    ].join('\n'),
  );
  return () => rmSync(folder, { recursive: true, force: true });
});

const hello = () => cli.run(['exec', '--', 'echo', 'hello']);

describe('existing hosts', () => {
  it("are reached as OpenSSH's configuration says, through bastions, once their keys are accepted", async () => {
    const first = await cli.run(['exec', '--accept-new', '--', 'echo', 'hello']);
    expect(first.stdout.split('\n').toSorted()).toEqual(['', 'manager1  hello', 'worker1   hello']);
    expect(first.status).toBe(0);
    expect(readFileSync(accepted(), 'utf8').split('\n').toSorted()).toEqual(
      ['', ...[near, outer, inner, far].map((server) => `${nameOf(server)} ${keyOf(server)}`)].toSorted(),
    );
    expect(statSync(accepted()).mode & 0o777).toBe(0o600);
    expect((await hello()).status).toBe(0);
  });

  it('are trusted when their keys are in known_hosts', async () => {
    writeFileSync(userKnown(), [near, outer, inner, far].map((one) => `${nameOf(one)} ${keyOf(one)}\n`).join(''));
    execFileSync('ssh-keygen', ['-H', '-f', userKnown()], { stdio: 'ignore' });
    expect((await hello()).status).toBe(0);
    expect(existsSync(accepted())).toBe(false);
  });

  it('are refused while their keys are not accepted, with their fingerprints', async () => {
    const refused = await hello();
    expect(refused.status).toBe(1);
    const shown = fingerprint(keyOf(near).split(' ')[1] ?? '');
    expect(refused.stdout).toContain(
      `the host key of 127.0.0.1:${near.endpoint.port} has not been accepted yet: ${shown}`,
    );
    expect(existsSync(accepted())).toBe(false);
  });

  it('are refused when their keys have changed, even with --accept-new, with the line to remove', async () => {
    const lines = ['# mine', `${nameOf(near)} ${generateKeyPair('old').publicKey}`];
    writeFileSync(userKnown(), `${lines.join('\n')}\n`);
    const { stdout } = await cli.run(['status', '--accept-new', '--json']);
    expect(stdout).toContain('another host key');
    const up = await cli.json<{ error?: { code: string; fix: string } }>('up', '--accept-new', '--only', 'provision');
    const said = JSON.stringify(up.document);
    expect(said).toContain('SSH_HOST_KEY_CHANGED');
    expect(said).toContain(`sed -i 2d ${userKnown()}`);
    execFileSync('sed', ['-i', '2d', userKnown()]);
    expect((await cli.run(['exec', '--accept-new', '--', 'true'])).status).toBe(0);
  });

  it('are never accepted with a revoked key', async () => {
    writeFileSync(userKnown(), `@revoked * ${keyOf(near)}\n`);
    const refused = await cli.run(['exec', '--accept-new', '--', 'true']);
    expect(refused.status).toBe(1);
    expect(refused.stderr).toMatch(/shows a host key that was revoked[^]*Line 1 of /);
  });

  it('have their keys shown and confirmed on a terminal', async () => {
    const answer = async (word: string) => {
      const command = `${join(ROOT, 'swarmup')} exec -- echo hello`;
      const child = spawn('script', ['-qec', command, '/dev/null'], {
        cwd: folder,
        env: { ...process.env, ...cli.env },
      });
      let seen = '';
      let asked = 0;
      child.stdout.on('data', (chunk: Buffer) => {
        seen += chunk.toString();
        const questions = seen.match(/\[y\/N\]/g)?.length ?? 0;
        for (; asked < questions; asked++) child.stdin.write(`${word}\n`);
      });
      await once(child, 'close');
      return { seen, asked, status: child.exitCode };
    };
    const no = await answer('n');
    expect(no.seen).toContain('were not accepted, so nothing was done');
    expect(no).toMatchObject({ asked: 1, status: 1 });
    const yes = await answer('y');
    // First the hosts that can be reached directly, then those behind each bastion.
    expect(yes).toMatchObject({ asked: 3, status: 0 });
    for (const one of [near, outer, inner, far])
      expect(yes.seen).toContain(fingerprint(keyOf(one).split(' ')[1] ?? ''));
  });

  it('accept a login through an agent that alone holds the key', async () => {
    const socket = join(folder, 'agent');
    const agent: ChildProcess = spawn('ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' });
    try {
      await expect.poll(() => existsSync(socket)).toBe(true);
      const env = { ...process.env, SSH_AUTH_SOCK: socket };
      execFileSync('ssh-add', [near.endpoint.identityFiles[0] ?? ''], { env, stdio: 'ignore' });
      writeFileSync(
        join(folder, 'ssh_config'),
        block('near', near, ['IdentityFile /nowhere', `UserKnownHostsFile none`]),
      );
      const withAgent = new Cli(folder, { SSH_AUTH_SOCK: socket });
      const one = ['exec', '--accept-new', '--node', 'manager1', '--', 'echo', 'hello'];
      writeFileSync(
        join(folder, 'swarmup.yaml'),
        CLUSTER.split('\n')
          .filter((line) => !line.includes('worker1'))
          .join('\n'),
      );
      expect((await withAgent.run(one)).stdout).toBe('manager1  hello\n');
      const without = await cli.run(one);
      expect(without.stdout).toContain('needs a key, and none is available');
    } finally {
      agent.kill();
    }
  });

  it('with circular bastions are errors with a fix', async () => {
    const config = join(folder, 'ssh_config');
    writeFileSync(config, 'Host near\n  ProxyJump far.lab\nHost far.lab\n  ProxyJump near\n');
    expect((await hello()).stderr).toMatch(/leads back to near|leads back to far/);
  });

  it('behind a ProxyCommand have their keys accepted, and are reached by OpenSSH’s own client', async () => {
    const program = join(folder, 'proxy.cjs');
    writeFileSync(
      program,
      `const socket = require('node:net').connect(Number(process.argv[3]), process.argv[2]);
process.stdin.pipe(socket).pipe(process.stdout);
socket.on('close', () => process.exit());
`,
    );
    const more = [key(near), `UserKnownHostsFile ${userKnown()}`, `ProxyCommand ${process.execPath} ${program} %h %p`];
    writeFileSync(join(folder, 'ssh_config'), block('near', near, more));
    const only = ['--node', 'manager1', '--', 'echo', 'hello'];
    writeFileSync(join(folder, 'swarmup.yaml'), CLUSTER.replace(/\n.*worker1.*/, ''));
    expect((await cli.run(['exec', ...only])).stdout).toContain('Host key verification failed');
    expect((await cli.run(['exec', '--accept-new', ...only])).stdout).toBe('manager1  hello\n');
    expect(readFileSync(accepted(), 'utf8')).toBe(`${nameOf(near)} ${keyOf(near)}\n`);
    expect((await cli.run(['exec', ...only])).stdout).toBe('manager1  hello\n');
    expect((await cli.run(['ssh', 'manager1', '--', 'echo', 'too'])).stdout).toBe('too\n');
  });

  it('are listed for OpenSSH with the same bastions and keys', async () => {
    expect((await cli.run(['exec', '--accept-new', '--', 'true'])).status).toBe(0);
    writeFileSync(join(folder, 'out'), (await cli.run(['ssh-config'])).stdout);
    const ran = execFileSync('ssh', ['-F', join(folder, 'out'), '-o', 'BatchMode=yes', 'worker1', 'echo', 'there'], {
      encoding: 'utf8',
    });
    expect(ran).toBe('there\n');
    expect((await cli.run(['ssh', 'worker1', '--', 'echo', 'too'])).stdout).toBe('too\n');
  });
});
