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
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { machineTable } from '../../lib/providers/machine-table.ts';
import { sshAccess } from '../../lib/providers/hosts/directory.ts';
import type { Provider } from '../../lib/contracts/provider.ts';
import { verifyHostKeys } from '../../lib/session/verify-host-keys.ts';
import { generateKeyPair } from '../../lib/remote/keys.ts';
import { localCommands } from '../../lib/remote/local.ts';
import { SshRemote } from '../../lib/remote/remote.ts';
import { hasCode } from '../../lib/util/errors.ts';
import { startSshd, type TestSshd } from '../support/sshd.ts';

/**
 * Configurations of OpenSSH, tried by OpenSSH's own client and by swarmup: both must log in with the same key, or neither
 * may. Many are from questions of users of other tools.
 */

const never = new AbortController().signal;
const run = promisify(execFile);

let sshd: TestSshd;
/** With a host certificate. */
let certifiedSshd: TestSshd;
/** With post-quantum key exchange only. */
let futureSshd: TestSshd;
let folder: string;
let agent: ChildProcess;
let fullAgent: ChildProcess;

const path = (name: string) => join(folder, name);
const keygen = (...args: string[]) => execFileSync('ssh-keygen', ['-q', ...args], { stdio: 'ignore' });
const hostKey = () => sshd.endpoint.hostKey.split(' ').slice(0, 2).join(' ');
const port = () => sshd.endpoint.port;
const authorized = () => sshd.endpoint.identityFiles[0] ?? '';

function write(name: string, text: string, mode = 0o600): string {
  writeFileSync(path(name), text, { mode });
  chmodSync(path(name), mode);
  return path(name);
}

async function startMore(): Promise<void> {
  futureSshd = await startSshd('KexAlgorithms sntrup761x25519-sha512@openssh.com');
  keygen('-t', 'ed25519', '-N', '', '-f', path('host'));
  keygen('-s', path('ca'), '-I', 'host', '-h', '-n', '127.0.0.1', path('host.pub'));
  certifiedSshd = await startSshd(
    `HostKey "${path('host')}"`,
    `HostCertificate "${path('host')}-cert.pub"`,
    `AuthorizedKeysFile ${sshd.folder}/authorized_keys`,
  );
  copyFileSync(join(sshd.folder, 'authorized_keys'), join(certifiedSshd.folder, 'authorized_keys'));
}

async function startAgent(name: string, keys: readonly string[]): Promise<ChildProcess> {
  const child = spawn('ssh-agent', ['-D', '-a', path(name)], { stdio: 'ignore' });
  await vi.waitFor(() => expect(existsSync(path(name))).toBe(true));
  const env = { ...process.env, SSH_AUTH_SOCK: path(name) };
  for (const key of keys) execFileSync('ssh-add', ['-q', key], { env, stdio: 'ignore' });
  return child;
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'swarmup openssh-'));
  keygen('-t', 'ed25519', '-N', '', '-f', path('ca'));
  writeFileSync(path('principals'), 'root\n');
  sshd = await startSshd(
    'LogLevel VERBOSE',
    // Without the start files of this user, which may be slow.
    'SetEnv HOME=/nowhere',
    'MaxAuthTries 4',
    `TrustedUserCAKeys "${path('ca')}.pub"`,
    `AuthorizedPrincipalsFile "${path('principals')}"`,
  );
  writeFileSync(path('principals'), `${userInfo().username}\n`);
  for (const name of ['mine', 'copy', 'dir with space']) {
    if (name === 'dir with space') mkdirSync(path(name));
    const target = name === 'dir with space' ? path('dir with space/key') : path(name);
    copyFileSync(authorized(), target);
    chmodSync(target, 0o600);
  }
  copyFileSync(authorized(), path(`key-${userInfo().uid}`));
  writeFileSync(path('mine.pub'), execFileSync('ssh-keygen', ['-y', '-f', path('mine')]));
  const strangers = ['a', 'b', 'c', 'd', 'e', 'f'];
  for (const name of strangers) write(name, generateKeyPair(name).privateKey);
  // Keys of other kinds, which the server accepts too.
  keygen('-t', 'rsa', '-b', '2048', '-m', 'PKCS8', '-N', '', '-f', path('pkcs8'));
  keygen('-t', 'rsa', '-b', '2048', '-m', 'PEM', '-N', '', '-f', path('pem'));
  keygen('-t', 'ecdsa', '-N', '', '-f', path('ecdsa'));
  keygen('-t', 'ed25519', '-N', 'secret', '-f', path('locked'));
  keygen('-t', 'ed25519', '-N', '', '-f', path('certified'));
  keygen('-t', 'ed25519', '-N', '', '-f', path('signed'));
  keygen('-s', path('ca'), '-I', 'me', '-n', userInfo().username, path('certified.pub'));
  keygen('-s', path('ca'), '-I', 'me', '-n', userInfo().username, path('signed.pub'));
  copyFileSync(path('signed-cert.pub'), path('elsewhere.pub'));
  rmSync(path('signed-cert.pub'));
  const more = ['pkcs8', 'pem', 'ecdsa'].map((name) =>
    execFileSync('cat', [path(`${name}.pub`)], { encoding: 'utf8' }),
  );
  writeFileSync(
    join(sshd.folder, 'authorized_keys'),
    `${execFileSync('ssh-keygen', ['-y', '-f', authorized()], { encoding: 'utf8' })}${more.join('')}`,
  );
  write('known', `[127.0.0.1]:${port()} ${hostKey()}\n[localhost]:${port()} ${hostKey()}\n`);
  await startMore();
  agent = await startAgent('agent', [path('mine')]);
  fullAgent = await startAgent('full', [...strangers.map(path), path('mine')]);
});
afterAll(() => {
  agent.kill();
  fullAgent.kill();
  for (const server of [sshd, certifiedSshd, futureSshd]) server.stop();
  rmSync(folder, { recursive: true, force: true });
});

function publicKey(name: string): string {
  return readFileSync(path(`${name}.pub`), 'utf8').trim();
}

interface Case {
  /** Lines of the Host block, or the whole file if it begins with `Host` or `Match`. */
  readonly config: () => readonly string[];
  readonly host?: string;
  readonly env?: () => Readonly<Record<string, string>>;
  /** What OpenSSH does with it, so that a case that tests nothing is noticed. */
  readonly connects: boolean;
}

const key = (name: string) => `IdentityFile "${path(name)}"`;
const known = () => `UserKnownHostsFile "${path('known')}"`;

const CASES: Readonly<Record<string, Case>> = {
  'a key file': { config: () => [key('mine'), known()], connects: true },
  'a key that the server refuses': { config: () => [key('a'), known()], connects: false },
  'a key in PKCS#8': { config: () => [key('pkcs8'), known()], connects: true },
  'a key in PKCS#1': { config: () => [key('pem'), known()], connects: true },
  'an ECDSA key': { config: () => [key('ecdsa'), known()], connects: true },
  'a key with a passphrase': { config: () => [key('locked'), known()], connects: false },
  'a key that others may read': {
    config: () => [
      `IdentityFile "${write('open', execFileSync('cat', [path('mine')], { encoding: 'utf8' }), 0o644)}"`,
      known(),
    ],
    connects: false,
  },
  'an agent with too many keys': { config: () => [`IdentityAgent "${path('full')}"`, known()], connects: false },
  'an agent with too many keys, and the key to use': {
    config: () => [`IdentityAgent "${path('full')}"`, key('mine'), known()],
    connects: true,
  },
  'an agent with too many keys, and IdentitiesOnly': {
    config: () => [`IdentityAgent "${path('full')}"`, key('mine'), 'IdentitiesOnly yes', known()],
    connects: true,
  },
  'an agent whose key is named by its public key': {
    config: () => [
      `IdentityAgent "${path('full')}"`,
      `IdentityFile "${path('mine.pub')}"`,
      'IdentitiesOnly yes',
      known(),
    ],
    connects: true,
  },
  'IdentitiesOnly without the agent’s key': {
    config: () => [`IdentityAgent "${path('agent')}"`, key('a'), 'IdentitiesOnly yes', known()],
    connects: false,
  },
  'the agent of SSH_AUTH_SOCK': {
    config: () => [key('a'), known()],
    env: () => ({ SSH_AUTH_SOCK: path('agent') }),
    connects: true,
  },
  'IdentityAgent none': {
    config: () => ['IdentityAgent none', key('a'), known()],
    env: () => ({ SSH_AUTH_SOCK: path('agent') }),
    connects: false,
  },
  'an agent named by a variable': {
    config: () => ['IdentityAgent $MY_AGENT', key('a'), known()],
    env: () => ({ MY_AGENT: path('agent') }),
    connects: true,
  },
  'an agent’s path with a variable': {
    config: () => ['IdentityAgent "${MY_FOLDER}/agent"', key('a'), known()],
    env: () => ({ MY_FOLDER: folder }),
    connects: true,
  },
  'a certificate beside the key': { config: () => [key('certified'), known()], connects: true },
  CertificateFile: {
    config: () => [key('signed'), `CertificateFile "${path('elsewhere.pub')}"`, known()],
    connects: true,
  },
  'a key whose certificate isn’t named': { config: () => [key('signed'), known()], connects: false },
  '%i in IdentityFile': { config: () => [`IdentityFile "${folder}/key-%i"`, known()], connects: true },
  'a variable in IdentityFile': {
    config: () => ['IdentityFile "${MY_FOLDER}/mine"', known()],
    env: () => ({ MY_FOLDER: folder }),
    connects: true,
  },
  'a variable without a value in IdentityFile': {
    config: () => ['IdentityFile "${NO_SUCH_VARIABLE}/mine"', known()],
    connects: false,
  },
  'an unknown token in IdentityFile': {
    config: () => ['IdentityFile /nowhere/%z', key('mine'), known()],
    connects: false,
  },
  'a path with spaces in IdentityFile': { config: () => [key('dir with space/key'), known()], connects: true },
  'a list of UserKnownHostsFile': {
    config: () => [key('mine'), `UserKnownHostsFile /nowhere "${path('known')}"`],
    connects: true,
  },
  GlobalKnownHostsFile: {
    config: () => [key('mine'), 'UserKnownHostsFile none', `GlobalKnownHostsFile "${path('known')}"`],
    connects: true,
  },
  'an unknown host key': { config: () => [key('mine'), 'UserKnownHostsFile none'], connects: false },
  'an unknown host key, and accept-new': {
    config: () => [
      key('mine'),
      `UserKnownHostsFile "${path(`new-${Math.random()}`)}"`,
      'StrictHostKeyChecking accept-new',
    ],
    connects: true,
  },
  'an unknown host key, and StrictHostKeyChecking yes': {
    config: () => [key('mine'), 'UserKnownHostsFile none', 'StrictHostKeyChecking yes'],
    connects: false,
  },
  'a changed host key': {
    config: () => [
      key('mine'),
      `UserKnownHostsFile "${write('changed', `[127.0.0.1]:${port()} ${generateKeyPair('x').publicKey}\n`)}"`,
    ],
    connects: false,
  },
  'one of several known host keys': {
    config: () => [
      key('mine'),
      `UserKnownHostsFile "${write('several', `[127.0.0.1]:${port()} ${generateKeyPair('x').publicKey}\n[127.0.0.1]:${port()} ${hostKey()}\n[127.0.0.1]:${port()} ${execFileSync('cat', [path('ecdsa.pub')], { encoding: 'utf8' })}`)}"`,
    ],
    connects: true,
  },
  'a known host key without the port': {
    config: () => [key('mine'), `UserKnownHostsFile "${write('portless', `127.0.0.1 ${hostKey()}\n`)}"`],
    connects: true,
  },
  'another host key without the port': {
    config: () => [
      key('mine'),
      `UserKnownHostsFile "${write('other-port', `127.0.0.1 ${generateKeyPair('x').publicKey}\n`)}"`,
    ],
    connects: false,
  },
  'a hashed known host': {
    config: () => {
      write('hashed', `[127.0.0.1]:${port()} ${hostKey()}\n`);
      keygen('-H', '-f', path('hashed'));
      return [key('mine'), `UserKnownHostsFile "${path('hashed')}"`];
    },
    connects: true,
  },
  'a revoked host key': {
    config: () => [
      key('mine'),
      `UserKnownHostsFile "${write('revoked', `@revoked * ${hostKey()}\n[127.0.0.1]:${port()} ${hostKey()}\n`)}"`,
    ],
    connects: false,
  },
  RevokedHostKeys: {
    config: () => [key('mine'), known(), `RevokedHostKeys "${write('revoked-keys', `${hostKey()}\n`)}"`],
    connects: false,
  },
  'RevokedHostKeys with other keys': {
    config: () => [
      key('mine'),
      known(),
      `RevokedHostKeys "${write('other-keys', `${generateKeyPair('x').publicKey}\n`)}"`,
    ],
    connects: true,
  },
  KnownHostsCommand: {
    config: () => [
      key('mine'),
      'UserKnownHostsFile none',
      `KnownHostsCommand ${write('command', `#!/bin/sh\necho "[127.0.0.1]:${port()} ${hostKey()}"\n`, 0o755).replaceAll(' ', '\\ ')}`,
    ],
    connects: true,
  },
  HostKeyAlias: {
    config: () => [
      key('mine'),
      'HostKeyAlias office',
      `UserKnownHostsFile "${write('alias', `office ${hostKey()}\n`)}"`,
    ],
    connects: true,
  },
  '%k in UserKnownHostsFile': {
    config: () => [
      key('mine'),
      'HostKeyAlias office',
      `UserKnownHostsFile "${write('of-office', `office ${hostKey()}\n`).replace('office', '%k')}"`,
    ],
    connects: true,
  },
  NoHostAuthenticationForLocalhost: {
    config: () => [key('mine'), 'UserKnownHostsFile none', 'NoHostAuthenticationForLocalhost yes'],
    connects: true,
  },
  'a host certificate, and @cert-authority': {
    config: () => [
      `Port ${certifiedSshd.endpoint.port}`,
      key('mine'),
      `UserKnownHostsFile "${write('ca-known', `@cert-authority [127.0.0.*]:* ${publicKey('ca')}\n`)}"`,
    ],
    connects: true,
  },
  'a host certificate of another @cert-authority': {
    config: () => [
      `Port ${certifiedSshd.endpoint.port}`,
      key('mine'),
      `UserKnownHostsFile "${write('ca-other', `@cert-authority [127.0.0.*]:* ${publicKey('ecdsa')}\n`)}"`,
    ],
    connects: false,
  },
  'a server that is post-quantum only': {
    config: () => [
      `Port ${futureSshd.endpoint.port}`,
      `IdentityFile ${futureSshd.endpoint.identityFiles[0]}`,
      `UserKnownHostsFile "${write('future', `[127.0.0.1]:${futureSshd.endpoint.port} ${futureSshd.endpoint.hostKey}\n`)}"`,
    ],
    connects: true,
  },
  ProxyCommand: {
    config: () => [key('mine'), known(), `ProxyCommand "${process.execPath}" "${proxy()}" %h %p`],
    connects: true,
  },
  'ProxyCommand that fails': { config: () => [key('mine'), known(), 'ProxyCommand exit 1'], connects: false },
  'ProxyCommand none': { config: () => [key('mine'), known(), 'ProxyCommand none'], connects: true },
  ProxyJump: {
    config: () => [
      'Host server',
      'HostName 127.0.0.1',
      `Port ${port()}`,
      'ProxyJump %r@gate',
      key('mine'),
      known(),
      'Host gate',
      'HostName localhost',
      `Port ${port()}`,
      key('ecdsa'),
      known(),
    ],
    connects: true,
  },
  'ProxyJump over two bastions': {
    config: () => [
      'Host server',
      'HostName 127.0.0.1',
      `Port ${port()}`,
      'ProxyJump gate,gate2',
      key('mine'),
      known(),
      'Host gate gate2',
      'HostName localhost',
      `Port ${port()}`,
      key('ecdsa'),
      known(),
    ],
    connects: true,
  },
  'ProxyJump with a certificate for the bastion': {
    config: () => [
      'Host server',
      'HostName 127.0.0.1',
      `Port ${port()}`,
      'ProxyJump gate',
      key('mine'),
      known(),
      'Host gate',
      'HostName localhost',
      `Port ${port()}`,
      key('certified'),
      known(),
    ],
    connects: true,
  },
  'Match exec, and tokens in HostName': {
    config: () => [
      'Match host 127.0.0.* exec "test %p = 22"',
      key('mine'),
      'Match all',
      'HostName %h.1',
      `Port ${port()}`,
      known(),
    ],
    host: '127.0.0',
    connects: false,
  },
  'Match final': {
    config: () => [
      'Host server',
      'HostName 127.0.0.1',
      `Port ${port()}`,
      'Match final host 127.0.0.1',
      key('mine'),
      known(),
    ],
    connects: true,
  },
  'Match user and localuser': {
    config: () => [
      'Host server',
      'HostName 127.0.0.1',
      `Port ${port()}`,
      known(),
      `Match user ${userInfo().username} localuser ${userInfo().username}`,
      key('mine'),
    ],
    connects: true,
  },
  Include: {
    config: () => [`Include "${write('included', `IdentityFile "${path('mine')}"\n`)}"`, known()],
    connects: true,
  },
  'AddressFamily inet6 for an IPv4 address': {
    config: () => [key('mine'), known(), 'AddressFamily inet6'],
    connects: false,
  },
  BindAddress: { config: () => [key('mine'), known(), 'BindAddress 127.0.0.1'], connects: true },
  'PubkeyAuthentication no': { config: () => [key('mine'), known(), 'PubkeyAuthentication no'], connects: false },
  'PreferredAuthentications without public keys': {
    config: () => [key('mine'), known(), 'PreferredAuthentications password'],
    connects: false,
  },
  'PubkeyAcceptedAlgorithms without the key’s': {
    config: () => [key('mine'), known(), 'PubkeyAcceptedAlgorithms rsa-sha2-512'],
    connects: false,
  },
  'KexAlgorithms with post-quantum ones only': {
    config: () => [key('mine'), known(), 'KexAlgorithms sntrup761x25519-sha512@openssh.com'],
    connects: true,
  },
  'a user that the server doesn’t have': { config: () => [key('mine'), known(), 'User nobody-here'], connects: false },
  'RequestTTY, RemoteForward and ControlMaster': {
    config: () => [key('mine'), known(), 'RequestTTY force', 'ControlMaster auto', `ControlPath "${path('control')}"`],
    connects: true,
  },
  // Configurations from issues of k3sup (#400), Ansible (#253), ssh-over-ssm (#14) and VS Code's Remote SSH (#951, #9336).
  'a wildcard behind a bastion with old algorithms': {
    config: () => [
      'Host *.sslip.io',
      'HostName 127.0.0.1',
      'ProxyJump Rebond',
      key('mine'),
      known(),
      'Host Rebond',
      'Hostname localhost',
      'HostKeyAlgorithms ssh-ed25519,ssh-rsa',
      key('ecdsa'),
      'PubkeyAcceptedKeyTypes +ssh-rsa',
      known(),
    ],
    host: 'web.sslip.io',
    connects: true,
  },
  'keywords in lower case, and a proxy through another connection': {
    config: () => [
      'host vps',
      'hostname 127.0.0.1',
      `proxycommand ssh -F ${join(sshd.folder, 'config')} -W %h:%p gate`,
      `identityfile "${path('mine')}"`,
      known(),
      'host gate',
      'hostname localhost',
      key('ecdsa'),
      known(),
    ],
    host: 'vps',
    connects: true,
  },
  'a proxy in a shell, and IdentityAgent none': {
    config: () => [
      key('mine'),
      'IdentityAgent none',
      known(),
      `ProxyCommand sh -c "'${process.execPath}' '${proxy()}' %h %p"`,
    ],
    env: () => ({ SSH_AUTH_SOCK: path('full') }),
    connects: true,
  },
  'StrictHostKeyChecking no and PasswordAuthentication no': {
    config: () => [
      'PasswordAuthentication no',
      'StrictHostKeyChecking no',
      'ForwardAgent yes',
      'UserKnownHostsFile /dev/null',
      key('mine'),
    ],
    connects: true,
  },
  'a colon in the name': {
    config: () => ['Host office:1', 'HostName 127.0.0.1', key('mine'), known()],
    host: 'office:1',
    connects: true,
  },
};

/** A program that connects its standard input and output to a server. */
function proxy(): string {
  return write(
    'proxy.cjs',
    `const socket = require('node:net').connect(Number(process.argv[3]), process.argv[2]);
process.stdin.pipe(socket).pipe(process.stdout);
socket.on('close', () => process.exit());
`,
  );
}

function configFile({ config }: Case): string {
  const lines = config();
  const isWhole = /^(host|match) /i.test(lines[0] ?? '');
  const first = ['Host server', 'HostName 127.0.0.1'];
  const rest = ['Host *', `Port ${port()}`, 'GlobalKnownHostsFile none'];
  // In a folder without spaces in its path, as OpenSSH's own ProxyJump doesn't quote the path of its configuration.
  const file = join(sshd.folder, 'config');
  writeFileSync(file, `${[...(isWhole ? [] : first), ...lines, ...rest].join('\n')}\n`);
  return file;
}

/** The logins that the server accepted since a position in its log: the user, and the key. */
function acceptedSince(position: number): string[] {
  return [
    ...sshd
      .log()
      .slice(position)
      .matchAll(/Accepted (\w+) for (\S+) .* ssh2(?:: (.*))?/g),
  ].map(([, ...words]) => words.join(' '));
}

async function byOpenSsh(file: string, host: string, env: Readonly<Record<string, string>>): Promise<boolean> {
  const args = ['-F', file, '-o', 'BatchMode=yes', host, 'true'];
  return run('ssh', args, { env: { ...process.env, ...env }, timeout: 30_000 }).then(
    () => true,
    () => false,
  );
}

/** @returns the error's message if swarmup refuses */
async function bySwarmup(
  file: string,
  host: string,
  env: Readonly<Record<string, string>>,
): Promise<string | undefined> {
  const state = mkdtempSync(join(tmpdir(), 'swarmup-state-'));
  const emit = () => undefined;
  const own = { ...process.env, ...env };
  const options = {
    cluster: { file: path('swarmup.yaml'), stateDir: join(state, 'mine') },
    local: localCommands(emit, own),
    env: own,
  } as unknown as Parameters<typeof sshAccess>[0];
  try {
    const access = () => sshAccess(options, { sshConfig: file });
    const hosts = [{ name: 'node1', host: { address: host } }];
    const provider = { unknownHosts: () => access().unknownHosts(hosts) } as unknown as Provider;
    await verifyHostKeys(provider, { acceptNew: false, prompts: undefined, emit, signal: never });
    const ssh = await access().endpointOf('node1', { address: host });
    const remote = new SshRemote(machineTable([{ name: 'node1', state: 'running', address: '10.0.0.1', ssh }]), emit);
    try {
      const connection = await remote.host('node1', never);
      expect((await connection.run(['printf', '%s', "it's"], { asRoot: false })).stdout).toBe("it's");
    } finally {
      await remote.close();
    }
    return undefined;
  } catch (error) {
    if (
      hasCode(
        error,
        'SSH_AUTH_FAILED',
        'SSH_HOST_KEY_CHANGED',
        'SSH_HOST_KEY_UNKNOWN',
        'SSH_UNREACHABLE',
        'SSH_NO_COMMON_ALGORITHM',
        'LOCAL_COMMAND_FAILED',
      )
    )
      return error.message;
    throw error;
  } finally {
    rmSync(state, { recursive: true, force: true });
  }
}

describe('a connection is made or refused as by OpenSSH, with', () => {
  for (const [name, row] of Object.entries(CASES))
    it(name, async () => {
      const env = { SSH_AUTH_SOCK: '', ...row.env?.() };
      // Where the row has variables for OpenSSH itself, `ssh -G` needs them too.
      Object.assign(process.env, env);
      try {
        const file = configFile(row);
        const host = row.host ?? 'server';
        const start = sshd.log().length;
        const connected = await byOpenSsh(file, host, env);
        const accepted = acceptedSince(start);
        expect(connected).toBe(row.connects);
        const second = sshd.log().length;
        const refusal = await bySwarmup(configFile(row), host, env);
        expect(refusal === undefined, refusal).toBe(connected);
        if (connected) await expect.poll(() => [...new Set(acceptedSince(second))]).toEqual([...new Set(accepted)]);
      } finally {
        for (const name of Object.keys(env)) delete process.env[name];
      }
    });
});
