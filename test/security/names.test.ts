import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, normalize } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../lib/async/clock.ts';
import type { Ec2Api } from '../../lib/providers/aws/api.ts';
import { Inventory } from '../../lib/providers/aws/inventory.ts';
import { iamPolicy } from '../../lib/providers/aws/policy.ts';
import type { Host } from '../../lib/contracts/host.ts';
import { gather } from '../../lib/remote/gather-facts.ts';
import { Layout } from '../../lib/providers/qemu/layout.ts';
import { engineInfo } from '../../lib/facts/engine-info.ts';
import { listeners } from '../../lib/facts/listeners.ts';
import { Recorder } from '../../lib/record/recorder.ts';
import { Redactor } from '../../lib/record/redact.ts';
import { Sink } from '../../lib/record/sink.ts';
import { knownHosts } from '../../lib/remote/openssh.ts';
import { joinInside } from '../../lib/util/inside.ts';
import { StateFolder } from '../../lib/util/state-folder.ts';
import { strict } from '../fakes/strict.ts';
import { clusterOf } from '../support/cluster.ts';
import { anyText, textOf, tried } from '../support/properties.ts';

const EVIL = ['../../precious', '..', '.', '', '/', 'a/../../b', '../ours-too', 'a\0b', '../../../etc/cron.d/x'];
const root = () => mkdtempSync(join(tmpdir(), 'swarmup-names-'));
const UNSAFE = expect.objectContaining({ code: 'PATH_UNSAFE' });

describe('a name from outside', () => {
  it.each(EVIL)('%j leads out of no folder', (name) => {
    for (const make of [
      () => joinInside('/ours', name),
      () => new StateFolder('/ours').file(name),
      () => new Layout({ name: 'c', stateDir: '/ours' }).dir(name),
    ])
      expect(make).toThrow(UNSAFE);
  });

  it('is inside its folder, whatever its characters are, or refused', () => {
    const name = fc.oneof(textOf(['.', '..', '/', '\0', 'a', '\\', ' ', '\n', '~', '-', 'ours'], 12), anyText(12));
    /** The path, or undefined for a name that is refused. */
    const made = (make: () => string) => {
      try {
        return make();
      } catch (error) {
        expect(error).toEqual(UNSAFE);
        return undefined;
      }
    };
    const folders = [
      ['/ours/', (...names: readonly string[]) => joinInside('/ours', ...names)],
      ['/ours/', (...names: readonly string[]) => new StateFolder('/ours').file(...names)],
      [
        '/ours/machines/',
        (...names: readonly string[]) => new Layout({ name: 'c', stateDir: '/ours' }).dir(names.join('/')),
      ],
    ] as const;
    fc.assert(
      fc.property(
        fc.array(name, { minLength: 1, maxLength: 2 }),
        fc.constantFrom(...folders),
        (names, [folder, make]) => {
          const path = made(() => make(...names));
          const isPlain = names.every((one) => /^[^/\0]+$/.test(one) && one !== '.' && one !== '..');
          if (isPlain) expect(path).toBe(`${folder}${names.join('/')}`);
          if (path === undefined) return;
          expect(path).not.toContain('\0');
          expect(path).toBe(normalize(path));
          expect(path.startsWith(folder) && path !== folder).toBe(true);
        },
      ),
      tried(500),
    );
  });

  it('in the tag of an instance is no machine, unless it is a name of nodes', async () => {
    const cluster = await clusterOf('name: c\nprovider: { type: qemu }\n');
    const tagged = (node: string, i: number) => ({
      InstanceId: `i-${i}`,
      State: { Name: 'running' as const },
      Tags: [{ Key: 'swarmup:node', Value: node }],
    });
    const api = strict<Ec2Api>('api', {
      DescribeInstances: async () => ({
        $metadata: {},
        Reservations: [{ Instances: [...EVIL, 'worker1'].map(tagged) }],
      }),
    });
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the parts of the section that a listing reads
    const config = { image: 'debian-13' } as unknown as ConstructorParameters<typeof Inventory>[2];
    const inventory = new Inventory(api, { cluster, clock: systemClock }, config, '/key');
    const found = await inventory.list(new AbortController().signal);
    expect(found.map(({ name }) => name)).toEqual(['worker1']);
  });

  it('of a host key, as in a tag, makes no other line in known_hosts', () => {
    const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIK';
    const knownBy = (hostKey: string) => {
      const ssh = { host: '10.0.0.1', port: 22, user: 'root', identityFiles: [], hostKey };
      return knownHosts([{ name: 'a', state: 'running', address: '10.0.0.1', ssh }]);
    };
    for (const right of [key, `${key} comment\n`, `${key} of a@b c`]) expect(knownBy(right)).toBe(`10.0.0.1 ${key}\n`);
    for (const evil of [
      `${key}\n*\t${key.replace(' ', '\t')}`,
      `${key}\n* ${key}`,
      `*\t${key}`,
      `${key}\r*`,
      '@cert-authority * x',
      '',
    ])
      expect(knownBy(evil)).toMatch(/^(?:10\.0\.0\.1 \S+ \S+\n)?$/);
  });

  it('of a host or a bastion is a file of the record', () => {
    const folder = join(root(), 'runs', 'run');
    const meta = { command: '', cluster: 'c', file: '', provider: '', startedAt: '', versions: {} };
    const recorder = new Recorder({ folder, meta, redactor: new Redactor(), onlyFailures: false });
    recorder.listener({ at: 0, type: 'run-started', pipeline: 'up', cluster: 'c', mode: 'apply', units: [] });
    for (const host of ['../../../up@h:22', '..', '/etc/x', 'a/b', 'ok@h.test:22'])
      recorder.listener({ at: 0, type: 'engine-asked', host, what: 'x', ms: 0 });
    recorder.close();
    expect(readdirSync(join(folder, 'hosts')).toSorted()).toEqual(
      ['_.log', '__.._.._up@h:22.log', '_etc_x.log', 'a_b.log', 'ok@h.test:22.log'].toSorted(),
    );
    expect(readdirSync(join(folder, '..', '..'))).toEqual(['runs']);
  });

  it('of a record that is a link to another folder gets nothing written there', () => {
    const folder = root();
    const precious = join(folder, 'precious');
    mkdirSync(precious);
    symlinkSync(precious, join(folder, 'runs'));
    const sink = new Sink(join(folder, 'runs', 'run'));
    sink.append('a', 'text');
    expect(() => sink.release()).toThrow(UNSAFE);
    expect(existsSync(join(precious, 'run', 'a'))).toBe(false);
  });
});

describe('a user of a host', () => {
  const sh = (command: string) =>
    execFileSync('sh', ['-c', command], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });

  it.each([
    ['a rootless engine', 'rootlesskit --net=slirp4netns dockerd'],
    ['an engine', 'rootlesskit dockerd\n{"ServerVersion":"99","Swarm":{"LocalNodeState":"active","NodeID":"x"}}'],
    ['Podman', 'rootlesskit dockerd\npodman\n'],
  ])('pretends to be %s by arguments, in vain', async (_, argument) => {
    const child = spawn('sh', ['-c', 'echo ready; read -r _', argument], { stdio: ['pipe', 'pipe', 'ignore'] });
    await once(child.stdout, 'data');
    const answer = sh(`PATH=${join(root(), 'none')}:$PATH; docker() { false; }; ${engineInfo.command}`).trim();
    child.kill('SIGKILL');
    expect(answer).toBe('');
    expect(engineInfo.parse(answer)).toBeUndefined();
  });

  it.runIf(process.getuid?.() === 0)('pretends to be a rootless engine by the name of a program, in vain', async () => {
    // Another user must be able to execute what is in it.
    const folder = mkdtempSync('/tmp/swarmup-names-');
    execFileSync('chmod', ['755', folder]);
    const program = join(folder, 'rootlesskit');
    copyFileSync(realpathSync('/bin/sh'), program);
    execFileSync('chown', ['65534', program]);
    const child = spawn(program, ['-c', 'echo ready; read -r _'], { uid: 65_534, stdio: ['pipe', 'pipe', 'ignore'] });
    await once(child.stdout, 'data');
    const foreign = sh(`docker() { false; }; ${engineInfo.command}`).trim();
    execFileSync('chown', ['0', program]);
    const installed = sh(`docker() { false; }; ${engineInfo.command}`).trim();
    child.kill('SIGKILL');
    expect([foreign, installed]).toEqual(['', 'rootless']);
    expect(engineInfo.parse('rootless')?.kind).toBe('rootless');
  });

  it('cannot end an answer by a line in a name, as the lines between answers are in no argument that it could read', async () => {
    const seen: string[] = [];
    const host = strict<Host>('host', {
      name: 'shared',
      run: async (argv) => {
        seen.push(argv.join('\0'));
        const output = execFileSync(argv[0] ?? '', argv.slice(1), { encoding: 'utf8' });
        return { exitCode: 0, stdout: output, stderr: '' };
      },
    });
    const read = (text: string) => text;
    /** The names of all programs, among them one with a line that separates answers of this or an earlier question. */
    const lines: string[] = [];
    for (let i = 0; i < 2; i++) {
      const facts = {
        foreign: { command: 'printf "%s\\n" "$1"', argument: lines.join('\n'), parse: read },
        own: { command: 'echo own', parse: read },
      };
      expect(await gather(host, facts, new AbortController().signal)).toEqual({
        foreign: lines.join('\n'),
        own: 'own',
      });
      lines.push(...(seen.join('\n').match(/swarmup-[\w-]+/g) ?? []), 'forged');
    }
    expect(lines).toContain('swarmup-facts');
    expect(seen.join('\n')).not.toMatch(/[0-9a-f]{8}-[0-9a-f]{4}-/);
  });

  it('cannot pass as the engine on a port, nor add sockets by the name of a process', () => {
    const output = [
      'tcp LISTEN 0 4096 *:2377 *:* users:(("dockerd",pid=9,fd=3)) uid:1000 ino:1 sk:1 <->',
      'tcp LISTEN 0 4096 *:80 *:* users:(("a',
      'tcp a b c *:22",pid=9,fd=3)) uid:1000 ino:1 sk:1 <->',
      'tcp LISTEN 0 4096 0.0.0.0:7946 0.0.0.0:* users:(("dockerd",pid=1,fd=3)) ino:2 sk:2 <->',
      'udp UNCONN 0 0 127.0.0.1%lo:53 0.0.0.0:* uid:7 ino:2 sk:2 <->',
    ].join('\n');
    expect(listeners.parse(output).map(({ port, program }) => [port, program])).toEqual([
      [2377, 'dockerd of user 1000'],
      [80, ''],
      [7946, 'dockerd'],
      [53, 'a program of user 7'],
    ]);
  });
});

describe('the name of a process', () => {
  it('adds no socket and passes for no program of root, whatever its characters are', () => {
    const pieces = [
      '"',
      ')',
      '(',
      ',',
      'pid=1',
      'fd=3',
      ' ',
      '\n',
      'tcp',
      ' LISTEN 0 ',
      '*:22',
      'uid:0',
      'dockerd',
      '\t',
    ];
    // A name has at most 15 bytes. Source: prctl(2), PR_SET_NAME.
    const name = textOf(pieces, 8).map((text) => text.slice(0, 15));
    fc.assert(
      fc.property(fc.array(name, { minLength: 1, maxLength: 3 }), (names) => {
        const users = names.map((one, i) => `("${one}",pid=${i},fd=3)`).join(',');
        const line = `tcp LISTEN 0 4096 *:80 *:* users:(${users}) uid:1000 ino:1 sk:1 cgroup:/user.slice <->`;
        const found = listeners.parse(line).map(({ port, program }) => [port, program]);
        // A line break cuts off whose program it is.
        const program = names.some((one) => one.includes('\n')) ? '' : expect.stringMatching(/ of user 1000$/);
        expect(found).toEqual([[80, program]]);
      }),
      tried(400),
    );
  });
});

describe('the policy for EC2', () => {
  interface Statement {
    readonly Sid: string;
    readonly Action: readonly string[];
    readonly Resource: string | readonly string[];
    readonly Condition?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the policy as this file reads it
  const { Statement: statements } = iamPolicy() as { readonly Statement: readonly Statement[] };
  const OWN = "${aws:PrincipalTag/swarmup:cluster, '*'}";
  /** The keys by which a statement is kept to a cluster. */
  const keptBy = ({ Condition = {} }: Statement) =>
    Object.entries(Condition).flatMap(([operator, keys]) =>
      Object.entries(keys).flatMap(([key, value]) => (value === OWN ? [`${operator} ${key}`] : [])),
    );

  it('keeps a role with the tag of a cluster to that cluster', () => {
    expect(Object.fromEntries(statements.map((one) => [one.Sid, keptBy(one)]))).toEqual({
      Look: [],
      LookAtQuotas: [],
      MakeWhatCarriesTheTag: ['StringLike aws:RequestTag/swarmup:cluster'],
      MakeMachinesFromAnyImageInAnySubnet: [],
      MakeMachinesWithWhatCarriesTheTag: ['StringLike aws:ResourceTag/swarmup:cluster'],
      MakeGroupsInAnyVpc: [],
      TagWhatIsMade: [],
      ChangeWhatCarriesTheTag: ['StringLike aws:ResourceTag/swarmup:cluster'],
      TagWhatCarriesTheTag: [
        'StringLike aws:ResourceTag/swarmup:cluster',
        'StringLikeIfExists aws:RequestTag/swarmup:cluster',
      ],
    });
  });

  it('lets no role use the group or the key pair of another cluster, or give it a machine', () => {
    const without = statements.filter((one) => keptBy(one).length === 0);
    for (const { Sid, Action, Resource } of without.filter((one) => one.Sid !== 'TagWhatIsMade')) {
      const isRead = Action.every((action) => /:(Describe|Get)/.test(action));
      expect(isRead || !/security-group|key-pair|instance/.test(String(Resource)), Sid).toBe(true);
    }
    // What is made gets its tags by the request that makes it, which another statement keeps to the cluster.
    const { Condition } = statements.find(({ Sid }) => Sid === 'TagWhatIsMade') ?? {};
    expect(Condition?.['StringEquals']?.['ec2:CreateAction']).toEqual(
      statements.find(({ Sid }) => Sid === 'MakeWhatCarriesTheTag')?.Action.map((action) => action.slice(4)),
    );
  });
});
