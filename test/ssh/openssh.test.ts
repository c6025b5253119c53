import { execFileSync } from 'node:child_process';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { generateKeyPair } from '../../lib/remote/keys.ts';
import { openSshRig, type Configuration } from '../support/openssh-rig.ts';

/**
 * Configurations of OpenSSH, tried by OpenSSH's own client and by swarmup: both must log in with the same key, or neither
 * may. Many are from questions of users of other tools; openssh-hosts.test.ts has more.
 */

const rig = openSshRig();
const { path, write, keygen, key, known, hostKey, port, publicKey, proxy } = rig;
beforeAll(() => rig.start());
afterAll(() => rig.stop());

const CASES: Readonly<Record<string, Configuration>> = {
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
    env: () => ({ MY_FOLDER: path('') }),
    connects: true,
  },
  'a certificate beside the key': { config: () => [key('certified'), known()], connects: true },
  CertificateFile: {
    config: () => [key('signed'), `CertificateFile "${path('elsewhere.pub')}"`, known()],
    connects: true,
  },
  'a key whose certificate isn’t named': { config: () => [key('signed'), known()], connects: false },
  '%i in IdentityFile': { config: () => [`IdentityFile "${path('key-%i')}"`, known()], connects: true },
  'a variable in IdentityFile': {
    config: () => ['IdentityFile "${MY_FOLDER}/mine"', known()],
    env: () => ({ MY_FOLDER: path('') }),
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
      `Port ${rig.certified.endpoint.port}`,
      key('mine'),
      `UserKnownHostsFile "${write('ca-known', `@cert-authority [127.0.0.*]:* ${publicKey('ca')}\n`)}"`,
    ],
    connects: true,
  },
  'a host certificate of another @cert-authority': {
    config: () => [
      `Port ${rig.certified.endpoint.port}`,
      key('mine'),
      `UserKnownHostsFile "${write('ca-other', `@cert-authority [127.0.0.*]:* ${publicKey('ecdsa')}\n`)}"`,
    ],
    connects: false,
  },
  'a server that is post-quantum only': {
    config: () => [
      `Port ${rig.future.endpoint.port}`,
      `IdentityFile ${rig.future.endpoint.identityFiles[0]}`,
      `UserKnownHostsFile "${write('future', `[127.0.0.1]:${rig.future.endpoint.port} ${rig.future.endpoint.hostKey}\n`)}"`,
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
      `proxycommand ssh -F ${join(rig.sshd.folder, 'config')} -W %h:%p gate`,
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

describe('a connection is made or refused as by OpenSSH, with', () => {
  for (const [name, row] of Object.entries(CASES)) it(name, () => rig.compare(row));
});
