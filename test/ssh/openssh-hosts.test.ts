import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { generateKeyPair } from '../../lib/remote/keys.ts';
import { openSshRig, type Configuration } from '../support/openssh-rig.ts';

/**
 * Further configurations of OpenSSH, tried by OpenSSH's own client and by swarmup: which block applies, where the server
 * is, and what is harmless. Numbers are those of issues of the projects that are named.
 */

const rig = openSshRig();
const { path, write, keygen, key, known, hostKey, port, publicKey, proxy } = rig;
beforeAll(() => rig.start());
afterAll(() => rig.stop());

const user = () => userInfo().username;
const server = () => ['Host server', 'HostName 127.0.0.1', `Port ${port()}`];
const copyOf = (name: string) => write(name, readFileSync(path('mine'), 'utf8'));
/** A known_hosts file. */
const hosts = (name: string, ...lines: readonly string[]) =>
  `UserKnownHostsFile "${write(name, `${lines.join('\n')}\n`)}"`;
const here = () => `[127.0.0.1]:${port()}`;
const other = () => generateKeyPair('x').publicKey;

const BLOCKS: Readonly<Record<string, Configuration>> = {
  'a negated Host pattern that matches': {
    config: () => ['Host * !server', key('mine'), 'Host server', 'HostName 127.0.0.1', known()],
    connects: false,
  },
  'a negated Host pattern that does not match': {
    config: () => ['Host * !other', key('mine'), 'Host server', 'HostName 127.0.0.1', known()],
    connects: true,
  },
  'the first of several blocks for the same host': {
    config: () => [...server(), known(), key('mine'), 'Host server', 'HostName 203.0.113.1', 'Port 1'],
    connects: true,
  },
  'patterns with ? and several names': {
    config: () => ['Host db? serve? web', 'HostName 127.0.0.1', key('mine'), known()],
    connects: true,
  },
  'Match exec that is true': {
    config: () => ['Match originalhost server exec "test %n = server"', ...server().slice(1), key('mine'), known()],
    connects: true,
  },
  'Match exec that is false': {
    config: () => ['Match exec "false"', key('mine'), ...server(), known()],
    connects: false,
  },
  'Match exec that prints': {
    config: () => [
      'Match exec "echo noise; echo port 1; echo hostname 203.0.113.1"',
      key('mine'),
      ...server(),
      known(),
    ],
    connects: true,
  },
  'Match with a negated criterion': {
    config: () => ['Match !host other', key('mine'), ...server(), known()],
    connects: true,
  },
  // open-remote-ssh #205
  'Hostname in Match blocks only': {
    config: () => [
      'Match originalhost server exec "false"',
      'Hostname 203.0.113.1',
      'Match originalhost server',
      'Hostname 127.0.0.1',
      key('mine'),
      known(),
    ],
    connects: true,
  },
  'Port in a Match block': {
    config: () => ['Host server', 'HostName 127.0.0.1', key('mine'), known(), 'Match host 127.0.0.1', `Port ${port()}`],
    connects: true,
  },
  'User in a Match block': {
    config: () => [...server(), key('mine'), known(), 'Match host 127.0.0.1', 'User nobody-here'],
    connects: false,
  },
  'CanonicalizeHostname with a name that has dots': {
    config: () => [
      'Host localhost',
      'CanonicalizeHostname yes',
      'CanonicalDomains invalid',
      `Port ${port()}`,
      key('mine'),
      known(),
    ],
    host: 'localhost',
    connects: true,
  },
  'CanonicalizeHostname and a block for the canonical name': {
    config: () => [
      'Host server',
      'HostName localhost',
      'CanonicalizeHostname always',
      'Match canonical host localhost',
      key('mine'),
      `Port ${port()}`,
      known(),
    ],
    connects: true,
  },
  'CanonicalizeHostname without the fallback': {
    config: () => [
      ...server().filter((line) => !line.startsWith('HostName')),
      'CanonicalizeHostname yes',
      'CanonicalDomains invalid',
      'CanonicalizeFallbackLocal no',
      key('mine'),
      known(),
    ],
    connects: false,
  },
  'Include with a pattern of several files': {
    config: () => {
      write('10-part.conf', `IdentityFile "${path('mine')}"\n`);
      write('20-part.conf', `${known()}\n`);
      return [`Include "${path('*-part.conf')}"`];
    },
    connects: true,
  },
  'Include of a file that does not exist': {
    config: () => ['Include /nowhere/*.conf', key('mine'), known()],
    connects: true,
  },
  'Include in a block that does not match': {
    config: () => [
      'Host other',
      `Include "${write('for-others', `IdentityFile "${path('mine')}"\n`)}"`,
      ...server(),
      known(),
    ],
    connects: false,
  },
  // alebeck/boring #20: the configuration of Fedora
  'Match final all with policies for cryptography': {
    config: () => {
      const policy = write(
        'policy',
        'Ciphers aes256-gcm@openssh.com,aes256-ctr\nMACs hmac-sha2-256\nRequiredRSASize 2048\n',
      );
      return [
        ...server(),
        key('mine'),
        known(),
        'Match final all',
        `Include "${policy}"`,
        'GSSAPIAuthentication yes',
        'ForwardX11Trusted yes',
      ];
    },
    connects: true,
  },
};

const SYNTAX: Readonly<Record<string, Configuration>> = {
  'equals signs, tabs, comments and line ends of Windows': {
    config: () => [
      '# comment\r',
      'Host=server\r',
      '\tHostName\t=\t127.0.0.1\r',
      `\tIdentityFile = "${path('mine')}"\r`,
      `${known()} # comment\r`,
    ],
    connects: true,
  },
  'an unknown keyword': { config: () => [key('mine'), known(), 'UseKeychain yes'], connects: false },
  'an unknown keyword after IgnoreUnknown': {
    config: () => ['IgnoreUnknown UseKeychain,Add*', key('mine'), known(), 'UseKeychain yes', 'AddNothing 1'],
    connects: true,
  },
  AddKeysToAgent: { config: () => ['AddKeysToAgent yes', key('mine'), known()], connects: true },
  'AddKeysToAgent with a time, and an agent': {
    config: () => ['AddKeysToAgent 5m', key('mine'), `IdentityAgent "${path('agent')}"`, known()],
    connects: true,
  },
  SetEnv: {
    config: () => ['SetEnv A=1 B="two words"', 'SendEnv LANG LC_* -LC_X', key('mine'), known()],
    connects: true,
  },
  'a LocalCommand': {
    config: () => ['PermitLocalCommand yes', 'LocalCommand echo noise', key('mine'), known()],
    connects: true,
  },
  'LogLevel QUIET, Compression and a limit of rekeying': {
    config: () => ['LogLevel QUIET', 'Compression yes', 'RekeyLimit 1G 1h', key('mine'), known()],
    connects: true,
  },
  'LogLevel DEBUG3': { config: () => ['LogLevel DEBUG3', key('mine'), known()], connects: true },
  'VisualHostKey, and forwards that fail': {
    config: () => ['VisualHostKey yes', 'LocalForward 1 127.0.0.1:1', 'DynamicForward 2', key('mine'), known()],
    connects: true,
  },
  'GSSAPI and Kerberos': {
    config: () => [
      'GSSAPIAuthentication yes',
      'GSSAPIDelegateCredentials yes',
      'PreferredAuthentications gssapi-with-mic,publickey',
      key('mine'),
      known(),
    ],
    connects: true,
  },
  'a ControlPath with tokens': {
    config: () => ['ControlMaster auto', 'ControlPath /tmp/%r@%h:%p', 'ControlPersist no', key('mine'), known()],
    connects: true,
  },
  // docker-archive/toolbox #118
  'ControlMaster with ControlPersist': {
    config: () => ['ControlMaster auto', `ControlPath "${path('%C')}"`, 'ControlPersist 1', key('mine'), known()],
    connects: true,
  },
  'a duration of ConnectTimeout with a unit': {
    config: () => ['ConnectTimeout 1m', key('mine'), known()],
    connects: true,
  },
};

const IDENTITIES: Readonly<Record<string, Configuration>> = {
  '%L and %l in IdentityFile': {
    config: () => {
      copyOf(`of-${hostname().split('.')[0]}-${hostname()}`);
      return [key('of-%L-%l'), known()];
    },
    connects: true,
  },
  '%h, %n, %p, %r, %u and %k in IdentityFile': {
    config: () => {
      copyOf(`127.0.0.1,server,${port()},${user()},${user()},server`);
      return [key('%h,%n,%p,%r,%u,%k'), known()];
    },
    connects: true,
  },
  'an escaped percent sign in IdentityFile': {
    config: () => {
      copyOf('100%');
      return [key('100%%'), known()];
    },
    connects: true,
  },
  'a variable in braces, and a $ without braces': {
    config: () => {
      copyOf('$HOME-key');
      return [`IdentityFile "\${MY_FOLDER}/$HOME-key"`, known()];
    },
    env: () => ({ MY_FOLDER: path('') }),
    connects: true,
  },
  '~ in IdentityFile, where $HOME is another folder': {
    config: () => ['IdentityFile ~/.ssh/no-such-key', `IdentityFile "${path('mine')}"`, known()],
    env: () => ({ HOME: path('') }),
    connects: true,
  },
  'IdentityFile none': { config: () => ['IdentityFile none', known()], connects: false },
  'the agent, and IdentityFile none': {
    config: () => ['IdentityFile none', `IdentityAgent "${path('agent')}"`, known()],
    connects: true,
  },
  'several files, the last of which is right': {
    config: () => [key('a'), key('b'), key('mine'), known()],
    connects: true,
  },
  'more files than the server allows attempts': {
    config: () => [key('a'), key('b'), key('c'), key('d'), key('mine'), known()],
    connects: false,
  },
  'a file twice, which counts once': {
    config: () => [key('a'), key('a'), key('a'), key('a'), key('mine'), known()],
    connects: true,
  },
  'an agent that does not answer': {
    config: () => [`IdentityAgent "${path('no-agent')}"`, key('mine'), known()],
    connects: true,
  },
  'IdentityAgent SSH_AUTH_SOCK': {
    config: () => ['IdentityAgent SSH_AUTH_SOCK', key('a'), known()],
    env: () => ({ SSH_AUTH_SOCK: path('agent') }),
    connects: true,
  },
  'IdentityAgent with a token': {
    config: () => {
      execFileSync('ln', ['-sf', path('agent'), path(`agent-${userInfo().uid}`)]);
      return [`IdentityAgent "${path('agent-%i')}"`, key('a'), known()];
    },
    connects: true,
  },
  'a key with a passphrase that is in the agent': {
    config: () => {
      writeOpen('opened', 'locked');
      const env = { ...process.env, SSH_AUTH_SOCK: path('agent') };
      execFileSync('ssh-add', ['-q', path('opened')], { env, stdio: 'ignore' });
      return [`IdentityAgent "${path('agent')}"`, key('locked'), 'IdentitiesOnly yes', known()];
    },
    connects: true,
  },
  'a certificate whose key is in the agent': {
    config: () => [
      `IdentityAgent "${agentWith('signed')}"`,
      `CertificateFile "${path('elsewhere.pub')}"`,
      'IdentityFile none',
      known(),
    ],
    connects: true,
  },
  'an encrypted key in PKCS#8': {
    config: () => {
      keygen('-t', 'rsa', '-b', '2048', '-m', 'PKCS8', '-N', 'secret', '-f', fresh('pkcs8-locked'));
      return [key('pkcs8-locked'), key('mine'), known()];
    },
    connects: true,
  },
  'a file that is no key': {
    config: () => [`IdentityFile "${write('no-key', 'nothing\n')}"`, key('mine'), known()],
    connects: true,
  },
  'a folder instead of a key': { config: () => [key('dir with space'), key('mine'), known()], connects: true },
  'a path below a file, and one without end': {
    config: () => [
      `IdentityFile "${path('mine')}/key"`,
      `IdentityFile "/${'long/'.repeat(500)}"`,
      key('mine'),
      known(),
    ],
    connects: true,
  },
  'RequiredRSASize above the size of the key': {
    config: () => ['RequiredRSASize 4096', key('pkcs8'), known()],
    connects: false,
  },
  // inetknght at vscode-sshfs #107
  'IdentitiesOnly and no agent for all hosts': {
    config: () => [
      'Host *',
      'IdentitiesOnly yes',
      'IdentityAgent none',
      'AddKeysToAgent no',
      ...server(),
      key('mine'),
      known(),
    ],
    env: () => ({ SSH_AUTH_SOCK: path('agent') }),
    connects: true,
  },
};

/** A path without a file, for a program that would ask before it overwrites one. */
function fresh(name: string): string {
  execFileSync('rm', ['-f', path(name), `${path(name)}.pub`]);
  return path(name);
}

/** A copy of a key without its passphrase. */
function writeOpen(name: string, locked: string): void {
  write(name, readFileSync(path(locked), 'utf8'));
  execFileSync('ssh-keygen', ['-q', '-p', '-P', 'secret', '-N', '', '-f', path(name)], { stdio: 'ignore' });
}

/** The agent with one more key. */
function agentWith(name: string): string {
  const env = { ...process.env, SSH_AUTH_SOCK: path('agent') };
  execFileSync('ssh-add', ['-q', path(name)], { env, stdio: 'ignore' });
  return path('agent');
}

const HOST_KEYS: Readonly<Record<string, Configuration>> = {
  'StrictHostKeyChecking off and an unknown key': {
    config: () => [key('mine'), 'StrictHostKeyChecking off', `UserKnownHostsFile "${fresh('off')}"`],
    connects: true,
  },
  'StrictHostKeyChecking ask and an unknown key': {
    config: () => [key('mine'), 'StrictHostKeyChecking ask', `UserKnownHostsFile "${fresh('ask')}"`],
    connects: false,
  },
  'accept-new and a changed key': {
    config: () => [key('mine'), 'StrictHostKeyChecking accept-new', hosts('changed', `${here()} ${other()}`)],
    connects: false,
  },
  'accept-new and another key for the same address at port 22': {
    config: () => [key('mine'), 'StrictHostKeyChecking accept-new', hosts('port22', `127.0.0.1 ${other()}`)],
    connects: true,
  },
  'HashKnownHosts and accept-new': {
    config: () => [
      key('mine'),
      'HashKnownHosts yes',
      'StrictHostKeyChecking accept-new',
      `UserKnownHostsFile "${fresh('new')}"`,
    ],
    connects: true,
  },
  'a hashed line in which only the case of the name differs': {
    config: () => {
      write('case', `LOCALHOST ${hostKey()}\n`);
      keygen('-H', '-f', path('case'));
      return ['HostName LocalHost', 'HostKeyAlias LocalHost', key('mine'), `UserKnownHostsFile "${path('case')}"`];
    },
    connects: true,
  },
  // kamal #1814: a hashed file has one line for each kind of key, each with its own salt
  'hashed lines of several kinds of keys': {
    config: () => {
      write('kinds', `${here()} ${publicKey('pem')}\n${here()} ${publicKey('ecdsa')}\n${here()} ${hostKey()}\n`);
      keygen('-H', '-f', path('kinds'));
      return [key('mine'), 'StrictHostKeyChecking yes', `UserKnownHostsFile "${path('kinds')}"`];
    },
    connects: true,
  },
  'patterns in known_hosts, one of them negated': {
    config: () => [key('mine'), hosts('negated', `[127.0.*]:*,!${here()} ${hostKey()}`)],
    connects: false,
  },
  'several names, a comment, and line ends of Windows in known_hosts': {
    config: () => [key('mine'), hosts('windows', '# comment\r', '\r', `  a,${here()},b   ${hostKey()} comment here\r`)],
    connects: true,
  },
  'a key in a line that is a comment': {
    config: () => [key('mine'), hosts('comment', `#${here()} ${hostKey()}`)],
    connects: false,
  },
  'a line with an unknown marker': {
    config: () => [key('mine'), hosts('marker', `@unknown ${here()} ${hostKey()}`)],
    connects: false,
  },
  'a line with a key of another kind than it says': {
    config: () => [key('mine'), hosts('kind', `${here()} ssh-rsa ${hostKey().split(' ')[1]}`)],
    connects: false,
  },
  'a revoked key at port 22': {
    config: () => [key('mine'), hosts('revoked22', `@revoked 127.0.0.1 ${hostKey()}`, `${here()} ${hostKey()}`)],
    connects: true,
  },
  'a folder as the first known_hosts file, and a path below a file as the second': {
    config: () => [
      key('mine'),
      `UserKnownHostsFile "${path('dir with space')}" "${path('mine')}/x" "${path('known')}"`,
    ],
    connects: true,
  },
  'a revoked key in the global file': {
    config: () => [
      key('mine'),
      known(),
      `GlobalKnownHostsFile "${write('global', `@revoked ${here()} ${hostKey()}\n`)}"`,
    ],
    connects: false,
  },
  'the right key in the second file, another in the first': {
    config: () => [key('mine'), `UserKnownHostsFile "${write('first', `${here()} ${other()}\n`)}" "${path('known')}"`],
    connects: true,
  },
  'HostKeyAlgorithms that the server does not have': {
    config: () => [key('mine'), known(), 'HostKeyAlgorithms rsa-sha2-512'],
    connects: false,
  },
  'HostKeyAlias with a port in known_hosts': {
    config: () => [key('mine'), 'HostKeyAlias office', hosts('alias-port', `[office]:${port()} ${hostKey()}`)],
    connects: false,
  },
  'CheckHostIP and another key of the address': {
    config: () => [
      'Host localhost',
      'AddressFamily inet',
      'CheckHostIP yes',
      key('mine'),
      hosts('by-ip', `[localhost]:${port()} ${hostKey()}`, `${here()} ${other()}`),
    ],
    host: 'localhost',
    connects: true,
  },
};

const PLACES: Readonly<Record<string, Configuration>> = {
  'an IPv6 address as the host': {
    config: () => ['Host ::1', `Port ${port()}`, key('mine'), known()],
    host: '::1',
    connects: true,
  },
  'an IPv6 address as HostName, AddressFamily inet6, and %h in a path': {
    config: () => {
      copyOf('at-::1');
      return ['Host six', 'HostName ::1', 'AddressFamily inet6', key('at-%h'), known()];
    },
    host: 'six',
    connects: true,
  },
  'an IPv6 address in its long form': {
    config: () => ['Host six', 'HostName 0:0:0:0:0:0:0:1', key('mine'), known()],
    host: 'six',
    connects: true,
  },
  'a bastion that is an IPv6 address': {
    config: () => [
      ...server(),
      `ProxyJump ${user()}@[::1]:${port()}`,
      key('mine'),
      known(),
      'Host ::1',
      key('ecdsa'),
      known(),
    ],
    connects: true,
  },
  'a bastion as an ssh URI': {
    config: () => [
      ...server(),
      `ProxyJump ssh://${user()}@gate:${port()}`,
      key('mine'),
      known(),
      'Host gate',
      'HostName localhost',
      key('ecdsa'),
      known(),
    ],
    connects: true,
  },
  'ProxyJump none before a ProxyJump': {
    config: () => [...server(), 'ProxyJump none', key('mine'), known(), 'Host *', 'ProxyJump nowhere.invalid'],
    connects: true,
  },
  'ProxyCommand none before a ProxyJump': {
    config: () => [...server(), 'ProxyCommand none', key('mine'), known(), 'Host *', 'ProxyJump nowhere.invalid'],
    connects: true,
  },
  'ProxyJump before a ProxyCommand': {
    config: () => [
      ...server(),
      'ProxyJump gate',
      'ProxyCommand exit 1',
      key('mine'),
      known(),
      'Host gate',
      'HostName localhost',
      key('ecdsa'),
      known(),
    ],
    connects: true,
  },
  'ProxyCommand before a ProxyJump': {
    config: () => [
      ...server(),
      `ProxyCommand "${process.execPath}" "${proxy()}" %h %p`,
      'ProxyJump nowhere.invalid',
      key('mine'),
      known(),
    ],
    connects: true,
  },
  'a bastion that refuses the key': {
    config: () => [
      ...server(),
      'ProxyJump gate',
      key('mine'),
      known(),
      'Host gate',
      'HostName localhost',
      key('a'),
      known(),
    ],
    connects: false,
  },
  'a bastion whose host key is unknown': {
    config: () => [
      ...server(),
      'ProxyJump gate',
      key('mine'),
      known(),
      'Host gate',
      'HostName localhost',
      key('ecdsa'),
      `UserKnownHostsFile "${fresh('empty')}"`,
    ],
    connects: false,
  },
  'a bastion behind a ProxyCommand': {
    config: () => [
      ...server(),
      'ProxyJump gate',
      key('mine'),
      known(),
      'Host gate',
      'HostName localhost',
      `ProxyCommand "${process.execPath}" "${proxy()}" 127.0.0.1 %p`,
      key('ecdsa'),
      known(),
    ],
    connects: true,
  },
  'a bastion that is reached through itself, by a pattern': {
    config: () => ['Host *', `ProxyJump ${user()}@localhost:${port()}`, key('mine'), known(), ...server()],
    connects: false,
  },
  ProxyUseFdpass: {
    config: () => ['ProxyCommand exit 1', 'ProxyUseFdpass yes', key('mine'), known()],
    connects: false,
  },
  'a percent sign in ProxyCommand': {
    config: () => [
      `ProxyCommand sh -c 'printf "%%s" >/dev/null; exec "${process.execPath}" "${proxy()}" %h %p'`,
      key('mine'),
      known(),
    ],
    connects: true,
  },
  'HostName with a token that only paths have': {
    config: () => ['Host local', `HostName %nhost`, key('mine'), known()],
    host: 'local',
    connects: false,
  },
  // hashicorp/vagrant, docker/compose #8265
  'the configuration that Vagrant prints': {
    config: () => [
      'Host vdi-00',
      '  HostName 127.0.0.1',
      `  User ${user()}`,
      `  Port ${port()}`,
      '  UserKnownHostsFile /dev/null',
      '  StrictHostKeyChecking no',
      '  PasswordAuthentication no',
      `  IdentityFile "${path('mine')}"`,
      '  IdentitiesOnly yes',
      '  LogLevel FATAL',
    ],
    host: 'vdi-00',
    connects: true,
  },
  // net-ssh #587
  'a key for all hosts, relative to the folder, and a bastion with a user and a port': {
    config: () => [
      ...server(),
      `ProxyJump ${user()}@localhost:${port()}`,
      known(),
      'Host *',
      `User ${user()}`,
      key('mine'),
      known(),
    ],
    connects: true,
  },
  'a user with an at sign': { config: () => ['User a@b', key('mine'), known()], connects: false },
  'a port without a server': {
    config: () => ['Host server', 'HostName 127.0.0.1', 'Port 1', key('mine'), known()],
    connects: false,
  },
};

describe.each([
  ['blocks', BLOCKS],
  ['syntax and harmless settings', SYNTAX],
  ['keys and agents', IDENTITIES],
  ['host keys', HOST_KEYS],
  ['addresses and ways', PLACES],
])('%s: a connection is made or refused as by OpenSSH, with', (_, cases) => {
  for (const [name, row] of Object.entries(cases)) it(name, () => rig.compare(row));
});
