import { describe, expect, it } from 'vitest';
import { created, removed, step, updated, waiting, type Change } from '../../lib/contracts/change.ts';
import { detailOf } from '../../lib/contracts/change-json.ts';
import { sentenceOf } from '../../lib/contracts/change-sentence.ts';

const MACHINE = ['machines', 'n1'];
const NODE = ['nodes', 'n1'];
const WEB = ['services', 'web'];
const INGRESS = ['securityGroups', 'swarmup-c', 'ingress'];
const LOST = 'lost with its disk: volume data (of db)';

const TABLE: readonly (readonly [string, Change])[] = [
  // Machines
  ['machine n1', created(MACHINE)],
  ['machine n1: t3.small, debian-13', created(MACHINE, { type: 't3.small', image: 'debian-13' })],
  [`machine n1; ${LOST}`, created(MACHINE, undefined, { reason: LOST })],
  ['machine n1: small → large, a → b', updated(MACHINE, { type: 'small', image: 'a' }, { type: 'large', image: 'b' })],
  ['machine n1: small → large', updated(MACHINE, 'small', 'large')],
  ['recreate machine n1: its files are gone', updated(MACHINE, 'lost', 'running', { reason: 'its files are gone' })],
  ['n1: open port 80', updated([...MACHINE, 'ports', '80'], undefined, 'open')],
  ['machine n1', removed(MACHINE)],
  [
    'machine n1 (stopped), with all data on its disk: it would come back',
    removed(MACHINE, { from: 'stopped', reason: 'it would come back' }),
  ],
  ['second machine of n1 (i-2)', removed([...MACHINE, 'instances', 'i-2'])],
  ['start machine n1', step(MACHINE, 'start')],
  ['power n1 off', step(MACHINE, 'power-off')],
  ['connect n1 to the other machines', step([...MACHINE, 'segment'], 'connect')],
  ["cut n1's power", step(MACHINE, 'cut-power')],
  ['wait for machine n1', waiting(MACHINE, { from: 'starting', to: 'running' })],
  ['wait until n1 answers', waiting([...MACHINE, 'ssh'], { to: 'answering' })],
  // Nodes
  ['n1 joins as worker', created(NODE, { role: 'worker' })],
  ['node n1 (down, it has no machine)', removed(NODE, { from: ['node'], reason: 'down, it has no machine' })],
  ['node n1', removed(NODE, { from: ['node'] })],
  ['node n1 and its machine', removed(NODE, { from: ['node', 'machine'] })],
  [`node n1 and its machine; ${LOST}`, removed(NODE, { from: ['node', 'machine'], reason: LOST })],
  [
    `node n1 and its machine, with all data on its disk; ${LOST}`,
    removed(NODE, { from: ['node', 'machine', 'disk'], reason: LOST }),
  ],
  ['n1 leaves the swarm', removed([...NODE, 'swarm'])],
  ['n1 leaves the swarm; it is the last node', removed([...NODE, 'swarm'], { reason: 'it is the last node' })],
  ['n1 finishes leaving its swarm', removed([...NODE, 'swarm'], { from: 'leaving' })],
  ['n1 leaves the old swarm', removed([...NODE, 'swarm'], { from: 'old' })],
  [
    'dead node n1 (abc), replaced by another machine',
    removed([...NODE, 'ids', 'abc'], { reason: 'replaced by another machine' }),
  ],
  ['wait until n1 is ready (now down)', waiting([...NODE, 'status'], { from: 'down', to: 'ready' })],
  ['n1: availability active → drain', updated([...NODE, 'availability'], 'active', 'drain')],
  ['n1: role worker → manager', updated([...NODE, 'role'], 'worker', 'manager')],
  ['n1: label disk=ssd', updated([...NODE, 'labels', 'disk'], 'hdd', 'ssd')],
  ['n1: label disk=', updated([...NODE, 'labels', 'disk'], undefined, '')],
  ['n1: label disk', removed([...NODE, 'labels', 'disk'], { from: 'ssd', prune: true })],
  ['n1: marked as a node of c', updated([...NODE, 'mark'], undefined, 'c')],
  ['n1: wait for 3 running tasks to stop', waiting([...NODE, 'tasks'], { from: 3, to: 0 })],
  ['n1: wait for 1 running task to stop', waiting([...NODE, 'tasks'], { from: 1, to: 0 })],
  ['unlock n1', updated([...NODE, 'locked'], true, false)],
  // Docker and its images
  ['Docker from the distribution', created([...NODE, 'docker'], { source: 'distro' })],
  ["Docker 27 from Docker's repository", created([...NODE, 'docker'], { version: '27', source: 'official' })],
  [
    'Docker 20.10 → 26.1 from the distribution',
    updated([...NODE, 'docker'], { version: '20.10' }, { version: '26.1', source: 'distro' }),
  ],
  ['n1: Docker 20.10 → 26.1', updated([...NODE, 'docker', 'version'], '20.10', '26.1')],
  [
    'n1: daemon.json log-driver default → local; the node is drained meanwhile',
    updated([...NODE, 'docker', 'daemon', 'log-driver'], undefined, 'local', {
      reason: 'the node is drained meanwhile',
    }),
  ],
  ['n1: daemon.json debug true → default', updated([...NODE, 'docker', 'daemon', 'debug'], true)],
  ["n1: restart Docker, which hasn't read mtu yet", step([...NODE, 'docker', 'daemon', 'mtu'], 'restart')],
  ["n1: let Docker read debug, which it hasn't yet", step([...NODE, 'docker', 'daemon', 'debug'], 'reload')],
  ["n1: Docker's proxy: http://p:1", updated([...NODE, 'docker', 'proxy'], undefined, 'http://p:1')],
  ["n1: Docker's proxy: none", updated([...NODE, 'docker', 'proxy'], 'http://p:1')],
  ['start the Docker Engine', step([...NODE, 'docker'], 'start')],
  ['docker.io, /x (kept)', removed([...NODE, 'docker'], { from: ['docker.io', '/x'], reason: 'kept' })],
  ['n1: pull nginx', created([...NODE, 'images', 'nginx'], 'registry')],
  ['n1: nginx, built here', created([...NODE, 'images', 'nginx'], 'build')],
  ['n1: load web.tar', created([...NODE, 'images', 'web.tar'], 'archive')],
  // Services and stacks
  ['service web', created(WEB)],
  ['service web: nginx, 3 replicas', created(WEB, { image: 'nginx', replicas: 3 })],
  ['service web: nginx, 1 replica', created(WEB, { image: 'nginx', replicas: 1 })],
  ['service web: nginx, on every node', created(WEB, { image: 'nginx', mode: 'global' })],
  ['service web: replicas 3 → 4', updated([...WEB, 'replicas'], 3, 4)],
  ['service web: user none → www-data', updated([...WEB, 'user'], undefined, 'www-data')],
  ['service web: ports 80:80 81:81/udp → none', updated([...WEB, 'ports'], ['80:80', '81:81/udp'], [])],
  ['service web: secrets key-1 → key-2', updated([...WEB, 'secrets'], ['key-1'], ['key-2'])],
  ['service web: env A → A (other values)', updated([...WEB, 'env'], ['A'], ['A'])],
  [
    'service web: limits none → MemoryBytes: 64, Pids: 1',
    updated([...WEB, 'limits'], {}, { MemoryBytes: 64, Pids: 1 }),
  ],
  ['service web: init none → true', updated([...WEB, 'init'], undefined, true)],
  ['service web: label team red → none', updated([...WEB, 'labels', 'team'], 'red')],
  ['service web: managed keys none → user', updated([...WEB, 'managedKeys'], undefined, 'user')],
  ['service web: spread its tasks evenly (now a 2, b 0)', updated([...WEB, 'placement'], { a: 2, b: 0 })],
  ['service web: return to its state before the last update', updated(WEB, 'current', 'previous')],
  ['service web: wait until it runs (1 of 3)', waiting(WEB, { to: 'running', reason: '1 of 3' })],
  ['service web', removed(WEB)],
  ['stack s: agent, portainer', created(['stacks', 's'], ['agent', 'portainer'])],
  ['stack s: agent', updated(['stacks', 's'], undefined, ['agent'])],
  ['stack s: wait until it runs (1 of 3)', waiting(['stacks', 's'], { to: 'running', reason: '1 of 3' })],
  ['stack s', removed(['stacks', 's'])],
  [
    'wait until the others have taken over (web: 1 of 3)',
    waiting(['services'], { to: 'running', reason: 'web: 1 of 3' }),
  ],
  ['network back', created(['networks', 'back'])],
  ['network back', removed(['networks', 'back'], { prune: true })],
  ['network back: wait until the managers have created it', waiting(['networks', 'back'], { to: 'created' })],
  ['secret key-1', created(['secrets', 'key'], 'key-1')],
  ['secret key', created(['secrets', 'key'])],
  ['config motd-1', removed(['configs', 'motd'], { from: 'motd-1' })],
  // The swarm
  ['swarm on m1', created(['swarm'], { manager: 'm1' })],
  [
    'network back, MTU 1400; eth1 of w1 takes no larger packets',
    created(['networks', 'back'], { mtu: 1400 }, { reason: 'eth1 of w1 takes no larger packets' }),
  ],
  [
    'swarm on m1, overlay networks in 10.200.0.0/16; w1 has a route to 10.0.0.0/16',
    created(['swarm'], { manager: 'm1', addressPool: ['10.200.0.0/16'] }, { reason: 'w1 has a route to 10.0.0.0/16' }),
  ],
  [
    'the swarm of 2026-01-02 on m1: 1 service, 2 networks, 0 secrets, 0 configs',
    created(['swarm'], { manager: 'm1', backup: '2026-01-02', services: 1, networks: 2, secrets: 0, configs: 0 }),
  ],
  [
    'a swarm of m1 alone, with the services, networks, secrets and configs that it knows; 2 other managers are dropped',
    created(['swarm'], { manager: 'm1', droppedManagers: 2 }),
  ],
  ['autolock off → on', updated(['swarm', 'autolock'], false, true)],
  ['heartbeat 5 s → 10 s', updated(['swarm', 'heartbeat'], 5e9, 10e9)],
  ['certificates last not set → 720 h', updated(['swarm', 'certificateExpiry'], undefined, 2_592_000e9)],
  ['task history 5 → 3', updated(['swarm', 'taskHistory'], 5, 3)],
  [
    'join tokens, as nodes have joined',
    updated(['swarm', 'joinTokens'], undefined, undefined, { reason: 'nodes have joined' }),
  ],
  ['keep the unlock key in the local folder', step(['swarm', 'unlockKey'], 'keep')],
  // What machines share, and what could not be removed
  ['the resources that the machines share', created(['provider'])],
  ['key pair swarmup-c', created(['keyPairs', 'swarmup-c'])],
  ['key pair swarmup-c: replaced', updated(['keyPairs', 'swarmup-c'], undefined, undefined, { reason: 'replaced' })],
  ['open for each other: 2377/tcp', created([...INGRESS, 'self'], ['2377/tcp'])],
  ['open for 203.0.113.7/32: 22/tcp, 80/tcp', updated([...INGRESS, '203.0.113.7/32'], undefined, ['22/tcp', '80/tcp'])],
  ['close for 203.0.113.7/32: 22/tcp', removed([...INGRESS, '203.0.113.7/32'], { from: ['22/tcp'] })],
  ['security group sg-1', removed(['securityGroups', 'sg-1'])],
  ['Docker context c', removed(['contexts', 'c'])],
  ['/x/.swarmup/c', removed(['stateDir'], { from: '/x/.swarmup/c' })],
  ['back-up c.age', created(['backups', 'c.age'])],
  // Portainer
  ["Portainer's environment: this swarm", created(['portainer', 'environment'])],
  ["the administrator's password", updated(['portainer', 'adminPassword'])],
  [
    "wait until Portainer accepts the administrator's login (502)",
    waiting(['portainer', 'administrator'], { to: 'signed in', reason: '502' }),
  ],
  ['wait until Portainer sees 3 agents (now 1)', waiting(['portainer', 'agents'], { from: 1, to: 3 })],
  // Tasks from the user's task file
  ['n1: vm.swappiness = 10', updated([...NODE, 'vm.swappiness'], undefined, '10')],
  ['n1: vm.swappiness 60 → 10', updated([...NODE, 'vm.swappiness'], '60', '10')],
  ['n1: firewall', updated([...NODE, 'firewall'])],
  ['node n1 cron backup', created([...NODE, 'cron', 'backup'])],
  ['rack r1: open; for the move', created(['rack', 'r1'], 'open', { reason: 'for the move' })],
  ['dns c.example 1.2.3.4 → 1.2.3.5', updated(['dns', 'c.example'], '1.2.3.4', '1.2.3.5')],
  ['look at managers (2 of 3 reachable)', step(['managers'], 'look at', { reason: '2 of 3 reachable' })],
  ['wait for dns c.example (no answer)', waiting(['dns', 'c.example'], { to: 'known', reason: 'no answer' })],
];

describe('the sentence of a change', () => {
  it.each(TABLE)('is %j', (sentence, change) => {
    expect(sentenceOf(change)).toBe(sentence);
  });

  it.each(TABLE)('is still %j after a round trip through JSON', (sentence, change) => {
    expect(sentenceOf(JSON.parse(JSON.stringify(detailOf(change))))).toBe(sentence);
  });

  it('treats a name as a name, even if it is a keyword', () => {
    expect(sentenceOf(removed(['services', 'secrets']))).toBe('service secrets');
    expect(sentenceOf(removed(['constructor', 'toString']))).toBe('constructor toString');
    expect(sentenceOf(step(['x'], 'toString'))).toBe('toString x');
    expect(sentenceOf(created(['services', 'web'], ['image']))).toBe('service web: image');
  });

  it('contains no control characters, whatever the value', () => {
    const change = updated([...WEB, 'command'], ['sh'], ['-c', 'a\nb \u001b[2J\u009b']);
    expect(sentenceOf(change)).toBe(String.raw`service web: command sh → -c a\nb \u001b[2J\u009b`);
  });

  it('is short where a value is long', () => {
    const sentence = sentenceOf(updated([...WEB, 'sysctls'], {}, { long: 'x'.repeat(500) }));
    expect(sentence).toMatch(/^service web: sysctls none → long: x+…$/);
    expect(sentence.length).toBeLessThan(120);
  });
});

describe('the data of a change', () => {
  it('omits undefined values and the private fields of a task', () => {
    const own = { ...updated([...WEB, 'user'], undefined, 'www-data', { reason: undefined }), id: 'x' };
    expect(detailOf(own)).toEqual({ action: 'update', path: ['services', 'web', 'user'], to: 'www-data' });
  });

  it('has the step of a run, and the state that is waited for', () => {
    expect(detailOf(waiting([...NODE, 'tasks'], { from: 3, to: 0 }))).toEqual({
      action: 'run',
      step: 'wait',
      path: ['nodes', 'n1', 'tasks'],
      from: 3,
      to: 0,
    });
  });
});
