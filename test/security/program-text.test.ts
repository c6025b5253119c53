import { existsSync, mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { dnf } from '../../lib/docker/dnf.ts';
import { gather } from '../../lib/remote/gather-facts.ts';
import { registries } from '../../lib/facts/registries.ts';
import { registriesOf } from '../../lib/preflight/registries.ts';
import type { Host } from '../../lib/contracts/host.ts';
import { localCommands } from '../../lib/remote/local.ts';
import { strict } from '../fakes/strict.ts';
import { clusterOf } from '../support/cluster.ts';

const never = new AbortController().signal;
const local = localCommands(() => undefined, process.env);

/** The folder where commands run: an injected command would create a file here. */
const folder = mkdtempSync(join(tmpdir(), 'swarmup-text-'));
const here = strict<Host>('host', { name: 'here', run: (argv) => local.run(argv, { cwd: folder }) });

const EVIL = ['$(id>X)', '`id>X`', '";id>X;"', "';id>X;'", '\n id>X', '&& id>X', '| id>X', '/../../$(id>X)', '$IFS'];

const file = (more: string) => `name: x\nprovider: { type: qemu }\n${more}\n`;
const image = (text: string) => file(`services: { web: { image: ${JSON.stringify(text)} } }`);
const docker = (key: string, text: string) => file(`docker: { ${key}: ${JSON.stringify(text)} }`);
const host = (key: string, text: string) =>
  `name: x\nprovider: { type: hosts }\nnodes: [{ name: a, role: manager, address: h, ${key}: ${JSON.stringify(text)} }]\n`;

describe('a value in the cluster file', () => {
  it.each(EVIL)('%j as a registry is data for the hosts, never program text', async (text) => {
    const { found } = await gather(here, { found: registries([`https://${text}.io`, 'https://127.0.0.1:1']) }, never);
    expect(readdirSync(folder)).toEqual([]);
    expect(found.filter(({ reachable }) => reachable)).toEqual([]);
    expect(found).toContainEqual({ server: 'https://127.0.0.1:1', reachable: false });
  });

  it.each([
    ...EVIL.map((text) => image(`${text}.io/y`)),
    ...EVIL.map((text) => image(`nginx:${text}`)),
    ...EVIL.map((text) => docker('version', `26${text}`)),
    ...EVIL.map((text) => docker('repository', `https://d.test/${text}"`)),
    ...EVIL.map((text) => docker('proxy', `http://p.test:3128/${text}`)),
    ...EVIL.slice(0, 7).map((text) => host('user', text)),
    ...EVIL.slice(0, 7).map((text) => host('bastion', text)),
    host('bastion', '-oProxyCommand=id'),
    docker('proxy', 'http://p.test/%h'),
    docker('proxy', 'http://p.test:3128/\nExecStartPre=/bin/id'),
    docker('repository', 'https://d.test/\nSigned-By: /x'),
    image('../../containers'),
    image('nginx?a=b'),
    image('UPPER'),
    image(`nginx@sha256:${'0'.repeat(63)}`),
    image('f'.repeat(64).replaceAll('f', 'a')),
    docker('version', '-o'),
    file('services: { web: { image: nginx } }').replace('qemu }', 'qemu, mirror: "http://m.test/ $(id)" }'),
    'name: x\nprovider: { type: hosts }\nnodes: [{ name: a, role: manager, address: -Fevil }]\n',
  ])('is refused when the file is read, if its grammar is violated: %j', async (text) => {
    await expect(clusterOf(text)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(/swarmup\.yaml:\d+:\d+[\s\S]*expected/),
    });
    expect(existsSync(join(folder, 'X'))).toBe(false);
  });

  it.each([
    image('nginx'),
    image('NGINX.example.org:5000/team/app_x/y--z.w:2-alpine'),
    image(`[2001:db8::1]:5000/app@sha256:${'0'.repeat(64)}`),
    image(`localhost/a__b:1@sha256:${'f'.repeat(64)}`),
    docker('version', '5:27.3.1-1~debian.12~bookworm'),
    docker('version', '26.1.*'),
    docker('proxy', 'http://[2001:db8::1]:3128/'),
    docker('repository', 'https://d.test:8443/linux/?a=b&c=%20'),
    host('user', 'DOMAIN\\\\ann'),
    host('bastion', 'ann@one.test:2222,two,ssh://bob@three'),
  ])('is accepted when it is valid: %j', async (text) => {
    const more = text.includes('repository') ? text.replace('docker: {', 'docker: { source: official,') : text;
    expect((await clusterOf(more)).name).toBe('x');
  });

  it('that names a registry with an IPv6 address is passed on unchanged', async () => {
    const cluster = await clusterOf(image('[::1]:5000/app'));
    expect(registriesOf(cluster)).toEqual(['https://[::1]:5000']);
    const { found } = await gather(here, { found: registries(['https://[::1]:1']) }, never);
    expect(found).toEqual([{ server: 'https://[::1]:1', reachable: false }]);
  });
});

describe('names reported by a host', () => {
  it.each(EVIL)('%j as packages or keys are plain arguments to dnf', async (text) => {
    const [, , script = ''] = dnf.remove([text, `gpg-pubkey-${text}`]);
    expect(script).not.toContain(text.trim());
    expect(dnf.remove([text, `gpg-pubkey-${text}`]).slice(4)).toEqual(['1', `gpg-pubkey-${text}`, text]);
  });

  it('are counted by the script as they were passed', async () => {
    const [, , script = '', , ...args] = dnf.remove(['docker', 'gpg-pubkey-1-2', 'gpg-pubkey-3-4', 'containerd']);
    const spoken = 'rpm() { echo "rpm $*"; }; dnf() { echo "dnf $*"; }\n';
    const { stdout } = await local.run(['sh', '-c', `${spoken}${script}`, 'sh', ...args]);
    expect(stdout.split('\n')).toEqual([
      'rpm -e --allmatches gpg-pubkey-1-2',
      'rpm -e --allmatches gpg-pubkey-3-4',
      'dnf -q -y remove --noautoremove docker containerd',
      '',
    ]);
  });
});

describe('answers of a host', () => {
  const facts = {
    one: { command: 'echo 1', parse: Number },
    told: { command: 'printf %s "$1"', argument: 'a b', parse: (text: string) => text },
  };
  const behind = (before: string, after = '') =>
    strict<Host>('host', {
      name: 'chatty',
      run: async (argv) => {
        const output = await local.run(argv);
        return { ...output, stdout: `${before}${output.stdout}${after}` };
      },
    });

  it('are found after the output of a shell start file', async () => {
    expect(await gather(behind('Welcome!\n-----swarmup-----\n'), facts, never)).toEqual({ one: 1, told: 'a b' });
  });

  it('that are fewer than the questions are an error', async () => {
    const silent = strict<Host>('host', { name: 'a', run: async () => ({ exitCode: 0, stdout: 'hi\n', stderr: '' }) });
    await expect(gather(silent, facts, never)).rejects.toMatchObject({ code: 'ANSWER_UNREADABLE' });
  });
});
