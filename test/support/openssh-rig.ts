import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, vi } from 'vitest';
import { generateKeyPair } from '../../lib/remote/keys.ts';
import { loginBySwarmup } from './openssh-login.ts';
import { startSshd, type TestSshd } from './sshd.ts';

/** A configuration of OpenSSH's client, and what OpenSSH does with it. */
export interface Configuration {
  /** Lines of the Host block, or the whole file if it begins with `Host`, `Match` or a comment. */
  readonly config: () => readonly string[];
  readonly host?: string;
  readonly env?: () => Readonly<Record<string, string>>;
  /** What OpenSSH does with it, so that a case that tests nothing is noticed. */
  readonly connects: boolean;
}

export type OpenSshRig = ReturnType<typeof openSshRig>;

const run = promisify(execFile);
const STRANGERS = ['a', 'b', 'c', 'd', 'e', 'f'];
const keygen = (...args: string[]) => execFileSync('ssh-keygen', ['-q', ...args], { stdio: 'ignore' });

/** Servers, keys and agents, on which OpenSSH's client and swarmup are tried with the same configuration. */
export function openSshRig() {
  const folder = mkdtempSync(join(tmpdir(), 'swarmup openssh-'));
  const path = (name: string) => join(folder, name);
  const write = (name: string, text: string, mode = 0o600) => writeTo(path(name), text, mode);
  const servers: TestSshd[] = [];
  const agents: ChildProcess[] = [];
  const server = (i: number) => {
    const one = servers[i];
    if (!one) throw new Error('the servers have not been started');
    return one;
  };
  const rig = {
    /** A path in the folder of keys, which contains a space. */
    path,
    write,
    keygen,
    key: (name: string) => `IdentityFile "${path(name)}"`,
    known: () => `UserKnownHostsFile "${path('known')}"`,
    hostKey: () => server(0).endpoint.hostKey.split(' ').slice(0, 2).join(' '),
    port: () => server(0).endpoint.port,
    publicKey: (name: string) => readFileSync(path(`${name}.pub`), 'utf8').trim(),
    /** A program that connects its standard input and output to a server. */
    proxy: () => write('proxy.cjs', PROXY),
    get sshd() {
      return server(0);
    },
    /** With post-quantum key exchange only. */
    get future() {
      return server(1);
    },
    /** With a host certificate. */
    get certified() {
      return server(2);
    },
    start: async () => {
      servers.push(await startMain(path));
      makeKeys(path, write, server(0));
      servers.push(await startSshd('KexAlgorithms sntrup761x25519-sha512@openssh.com'));
      servers.push(await startCertified(path, server(0)));
      agents.push(await startAgent(path('agent'), [path('mine')]));
      agents.push(await startAgent(path('full'), [...STRANGERS, 'mine'].map(path)));
    },
    stop: () => {
      for (const agent of agents) agent.kill();
      for (const one of servers) one.stop();
      rmSync(folder, { recursive: true, force: true });
    },
    /** Logs in by both, and expects the same outcome, with the same key. */
    compare: (row: Configuration) => compare(row, server(0), path('swarmup.yaml')),
  };
  return rig;
}

const PROXY = `const socket = require('node:net').connect(Number(process.argv[3]), process.argv[2]);
process.stdin.pipe(socket).pipe(process.stdout);
socket.on('close', () => process.exit());
`;

type Path = (name: string) => string;

function writeTo(path: string, text: string, mode: number): string {
  writeFileSync(path, text, { mode });
  chmodSync(path, mode);
  return path;
}

async function startMain(path: Path): Promise<TestSshd> {
  keygen('-t', 'ed25519', '-N', '', '-f', path('ca'));
  writeFileSync(path('principals'), 'root\n');
  const sshd = await startSshd(
    'LogLevel VERBOSE',
    'ListenAddress ::1',
    // Without the start files of this user, which may be slow.
    'SetEnv HOME=/nowhere',
    'MaxAuthTries 4',
    `TrustedUserCAKeys "${path('ca')}.pub"`,
    `AuthorizedPrincipalsFile "${path('principals')}"`,
  );
  writeFileSync(path('principals'), `${userInfo().username}\n`);
  return sshd;
}

/** Keys of several kinds: those that the server accepts, and strangers' ones. */
function makeKeys(path: Path, write: (name: string, text: string) => string, { endpoint, folder }: TestSshd): void {
  const authorized = endpoint.identityFiles[0] ?? '';
  mkdirSync(path('dir with space'));
  for (const name of ['mine', 'copy', 'dir with space/key', `key-${userInfo().uid}`]) {
    copyFileSync(authorized, path(name));
    chmodSync(path(name), 0o600);
  }
  writeFileSync(path('mine.pub'), execFileSync('ssh-keygen', ['-y', '-f', path('mine')]));
  for (const name of STRANGERS) write(name, generateKeyPair(name).privateKey);
  keygen('-t', 'rsa', '-b', '2048', '-m', 'PKCS8', '-N', '', '-f', path('pkcs8'));
  keygen('-t', 'rsa', '-b', '2048', '-m', 'PEM', '-N', '', '-f', path('pem'));
  keygen('-t', 'ecdsa', '-N', '', '-f', path('ecdsa'));
  keygen('-t', 'ed25519', '-N', 'secret', '-f', path('locked'));
  keygen('-t', 'ed25519', '-N', '', '-f', path('certified'));
  keygen('-t', 'ed25519', '-N', '', '-f', path('signed'));
  for (const name of ['certified', 'signed'])
    keygen('-s', path('ca'), '-I', 'me', '-n', userInfo().username, path(`${name}.pub`));
  copyFileSync(path('signed-cert.pub'), path('elsewhere.pub'));
  rmSync(path('signed-cert.pub'));
  const accepted = ['mine', 'pkcs8', 'pem', 'ecdsa', 'locked'].map((name) => readFileSync(path(`${name}.pub`), 'utf8'));
  writeFileSync(join(folder, 'authorized_keys'), accepted.join(''));
  const { port, hostKey } = endpoint;
  const names = ['127.0.0.1', 'localhost', '::1'].map((host) => `[${host}]:${port}`);
  write('known', names.map((name) => `${name} ${hostKey}\n`).join(''));
}

async function startCertified(path: Path, { folder }: TestSshd): Promise<TestSshd> {
  keygen('-t', 'ed25519', '-N', '', '-f', path('host'));
  keygen('-s', path('ca'), '-I', 'host', '-h', '-n', '127.0.0.1', path('host.pub'));
  const sshd = await startSshd(
    `HostKey "${path('host')}"`,
    `HostCertificate "${path('host')}-cert.pub"`,
    `AuthorizedKeysFile ${folder}/authorized_keys`,
  );
  copyFileSync(join(folder, 'authorized_keys'), join(sshd.folder, 'authorized_keys'));
  return sshd;
}

async function startAgent(socket: string, keys: readonly string[]): Promise<ChildProcess> {
  const child = spawn('ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' });
  await vi.waitFor(() => expect(existsSync(socket)).toBe(true));
  const env = { ...process.env, SSH_AUTH_SOCK: socket };
  for (const key of keys) execFileSync('ssh-add', ['-q', key], { env, stdio: 'ignore' });
  return child;
}

function configFile({ config }: Configuration, { folder, endpoint }: TestSshd): string {
  const lines = config();
  const isWhole = /^(host|match) |^#/i.test(lines[0] ?? '');
  const first = ['Host server', 'HostName 127.0.0.1'];
  const rest = ['Host *', `Port ${endpoint.port}`, 'GlobalKnownHostsFile none'];
  // In a folder without spaces in its path, as OpenSSH's own ProxyJump doesn't quote the path of its configuration.
  const file = join(folder, 'config');
  writeFileSync(file, `${[...(isWhole ? [] : first), ...lines, ...rest].join('\n')}\n`);
  return file;
}

/** The logins that the server accepted since a position in its log: the user, and the key. */
function acceptedSince(sshd: TestSshd, position: number): string[] {
  const found = sshd
    .log()
    .slice(position)
    .matchAll(/Accepted (\w+) for (\S+) .* ssh2(?:: (.*))?/g);
  return [...new Set([...found].map(([, ...words]) => words.join(' ')))];
}

function byOpenSsh(file: string, host: string, env: Readonly<Record<string, string>>): Promise<boolean> {
  const args = ['-F', file, '-o', 'BatchMode=yes', '--', host, 'true'];
  return run('ssh', args, { env: { ...process.env, ...env }, timeout: 30_000 }).then(
    () => true,
    () => false,
  );
}

async function compare(row: Configuration, sshd: TestSshd, clusterFile: string): Promise<void> {
  const env = { SSH_AUTH_SOCK: '', ...row.env?.() };
  // Where the row has variables for OpenSSH itself, `ssh -G` needs them too.
  const before = Object.keys(env).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, env);
  try {
    const file = configFile(row, sshd);
    const host = row.host ?? 'server';
    const start = sshd.log().length;
    const connected = await byOpenSsh(file, host, env);
    const accepted = acceptedSince(sshd, start);
    expect(connected, 'what OpenSSH does').toBe(row.connects);
    const second = sshd.log().length;
    const refusal = await loginBySwarmup({ file: configFile(row, sshd), host, env, clusterFile });
    expect(refusal === undefined, refusal).toBe(connected);
    if (connected) await expect.poll(() => acceptedSince(sshd, second)).toEqual(accepted);
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
}
