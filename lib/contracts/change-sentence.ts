import type { Change, Path } from './change.ts';
import {
  discarded,
  imageText,
  leaving,
  machineText,
  onOff,
  opened,
  runs,
  scale,
  source,
  spread,
  swarmText,
  time,
  UNSET,
  version,
  withMachine,
  withValue,
} from './change-phrases.ts';
import {
  at,
  because,
  colon,
  counted,
  difference,
  field,
  parts,
  printable,
  seen,
  shown,
  thing,
} from './change-words.ts';

/**
 * Words a change that has its own sentence; undefined falls back to the plain one.
 * @param names the segments that match the pattern's stars
 */
type Say = (change: Change, ...names: string[]) => string | undefined;

/** The patterns of one action, or of one step of a `run`. The first match is used. */
type Wordings = readonly (readonly [pattern: string, say: Say])[];

const CREATE: Wordings = [
  ['nodes/*', ({ to }, node) => withValue(at(to, 'role'), (role) => `${node} joins as ${role}`)],
  ['nodes/*/docker', ({ to }) => `Docker${version(to)} from ${source(to)}`],
  ['nodes/*/images/*', ({ to }, node, image) => `${node}: ${imageText(to, image)}`],
  [
    'services/*',
    ({ to }, service) => withValue(at(to, 'image'), (image) => `service ${service}: ${image}, ${scale(to)}`),
  ],
  [
    'networks/*',
    (change, name) => withValue(at(change.to, 'mtu'), (mtu) => `network ${name}, MTU ${mtu}${because(change)}`),
  ],
  ['secrets/*', ({ to }, name) => `secret ${shown(to ?? name)}`],
  ['configs/*', ({ to }, name) => `config ${shown(to ?? name)}`],
  ['stacks/*/*/*/*', (_change, ...names) => ofStack(names, `add ${names.slice(2).join(' ')}`)],
  ['swarm', (change) => swarmText(change)],
  ['securityGroups/*/ingress/*', ({ to }, _group, who) => `open for ${opened(who, to)}`],
  ['provider', () => 'the resources that the machines share'],
  ['portainer/environment', () => "Portainer's environment: this swarm"],
];

const UPDATE: Wordings = [
  ['machines/*', (change, machine) => machineText(change, machine)],
  ['machines/*/ports/*', (_change, machine, port) => `${machine}: open port ${port}`],
  ['nodes/*/labels/*', ({ to }, node, key) => `${node}: label ${key}=${parts(to)}`],
  ['nodes/*/mark', ({ to }, node) => `${node}: marked as a node of ${shown(to)}`],
  ['nodes/*/locked', (_change, node) => `unlock ${node}`],
  ['nodes/*/docker', ({ from, to }) => `Docker${version(from)} →${version(to)} from ${source(to)}`],
  ['nodes/*/docker/version', ({ from, to }, node) => `${node}: Docker ${difference(from, to)}`],
  [
    'nodes/*/docker/daemon/*',
    (change, node, key) =>
      `${node}: daemon.json ${key} ${difference(change.from ?? 'default', change.to ?? 'default')}${because(change)}`,
  ],
  ['nodes/*/docker/proxy', (change, node) => `${node}: Docker's proxy: ${shown(change.to)}${because(change)}`],
  [
    'services/*',
    (change, service) => `service ${service}: return to its state before the last update${because(change)}`,
  ],
  ['services/*/placement', ({ from }, service) => `service ${service}: spread its tasks evenly (now ${spread(from)})`],
  ['services/*/managedKeys', ({ from, to }, service) => `service ${service}: managed keys ${difference(from, to)}`],
  ['services/*/*', (change) => `${field(change.path)} ${difference(change.from, change.to)}${because(change)}`],
  ['services/*/labels/*', (change) => `${field(change.path)} ${difference(change.from, change.to)}${because(change)}`],
  ['stacks/*/*/*', ({ from, to }, ...names) => ofStack(names, `${names[2]}${changed(from, to)}`)],
  ['stacks/*/*/*/*', (_change, ...names) => ofStack(names, names.slice(2).join(' '))],
  ['swarm/autolock', ({ from, to }) => `autolock ${onOff(from)} → ${onOff(to)}`],
  ['swarm/heartbeat', ({ from, to }) => `heartbeat ${time(from, 1e9, 's')} → ${time(to, 1e9, 's')}`],
  [
    'swarm/certificateExpiry',
    ({ from, to }) => `certificates last ${time(from, 36e11, 'h')} → ${time(to, 36e11, 'h')}`,
  ],
  ['swarm/taskHistory', ({ from, to }) => `task history ${from === undefined ? UNSET : shown(from)} → ${shown(to)}`],
  ['swarm/joinTokens', ({ reason }) => `join tokens, as ${reason ?? 'asked for'}`],
  ['keyPairs/*', ({ path, reason }) => `${thing(path)}: ${reason ?? 'replaced'}`],
  ['securityGroups/*/ingress/*', ({ to }, _group, who) => `open for ${opened(who, to)}`],
  ['portainer/adminPassword', () => "the administrator's password"],
];

const REMOVE: Wordings = [
  ['machines/*', ({ from, reason }, machine) => `machine ${machine}${discarded(from, reason)}`],
  ['machines/*/instances/*', (_change, machine, id) => `second machine of ${machine} (${id})`],
  ['nodes/*', (change, node) => `node ${node}${withMachine(change)}`],
  ['nodes/*/swarm', (change, node) => `${node} ${leaving(change.from)}${because(change)}`],
  ['nodes/*/docker', (change) => `${parts(change.from)}${seen(change)}`],
  ['nodes/*/ids/*', ({ reason }, node, id) => `dead node ${node} (${id}), ${reason ?? 'gone for good'}`],
  ['nodes/*/labels/*', (_change, node, key) => `${node}: label ${key}`],
  ['secrets/*', ({ from }, name) => `secret ${shown(from ?? name)}`],
  ['configs/*', ({ from }, name) => `config ${shown(from ?? name)}`],
  ['stacks/*/*/*/*', (_change, ...names) => ofStack(names, `remove ${names.slice(2).join(' ')}`)],
  ['securityGroups/*/ingress/*', ({ from }, _group, who) => `close for ${opened(who, from)}`],
  ['stateDir', ({ from }) => shown(from)],
];

const STEPS: Readonly<Record<string, Wordings>> = {
  restart: [
    ['nodes/*/docker/daemon/*', (_change, node, key) => `${node}: restart Docker, which hasn't read ${key} yet`],
  ],
  reload: [['nodes/*/docker/daemon/*', (_change, node, key) => `${node}: let Docker read ${key}, which it hasn't yet`]],
  start: [['nodes/*/docker', () => 'start the Docker Engine']],
  hold: [['nodes/*/docker/packages', ({ to }, node) => `${node}: hold ${parts(to)}, which only swarmup upgrades`]],
  'power-off': [['machines/*', (_change, machine) => `power ${machine} off`]],
  'cut-power': [['machines/*', (_change, machine) => `cut ${machine}'s power`]],
  connect: [['machines/*/segment', (_change, machine) => `connect ${machine} to the other machines`]],
  keep: [['swarm/unlockKey', () => 'keep the unlock key in the local folder']],
  rerun: [['services/*', (_change, service) => `run ${service} again`]],
  wait: [
    ['machines/*', (_change, machine) => `wait for machine ${machine}`],
    ['machines/*/ssh', (_change, machine) => `wait until ${machine} answers`],
    ['nodes/*/status', ({ from }, node) => `wait until ${node} is ready (now ${shown(from)})`],
    ['nodes/*/tasks', ({ from }, node) => `${node}: wait for ${counted(from, 'running task')} to stop`],
    ['networks/*', (_change, network) => `network ${network}: wait until the managers have created it`],
    ['services/*', (change) => `${thing(change.path)}: wait until it ${runs(change.to)}${seen(change)}`],
    ['stacks/*', (change) => `${thing(change.path)}: wait until it runs${seen(change)}`],
    ['services', (change) => `wait until the others have taken over${seen(change)}`],
    ['portainer/administrator', (change) => `wait until Portainer accepts the administrator's login${seen(change)}`],
    ['portainer/agents', ({ from, to }) => `wait until Portainer sees ${counted(to, 'agent')} (now ${shown(from)})`],
  ],
};

function ofStack([stack, service]: readonly string[], what: string): string {
  return `stack ${stack}, service ${service}: ${what}`;
}

/** The values before and after; nothing when they may be secret. */
function changed(from: Change['from'], to: Change['to']): string {
  return from === undefined && to === undefined ? '' : ` ${difference(from, to)}`;
}

/** A change as a person reads it: "service web: replicas 3 → 4". Changes are put into words only here. Pure. */
export function sentenceOf(change: Change): string {
  for (const [pattern, say] of wordingsFor(change)) {
    const names = namesIn(change.path, pattern);
    const sentence = names && say(change, ...names);
    if (sentence !== undefined) return printable(sentence);
  }
  return printable(plainly(change));
}

function wordingsFor({ action, step }: Change): Wordings {
  if (action === 'run') return (Object.hasOwn(STEPS, step) ? STEPS[step] : undefined) ?? [];
  return { create: CREATE, update: UPDATE, remove: REMOVE }[action];
}

/** The segments that match a pattern's stars; undefined for a path that doesn't match. */
function namesIn(path: Path, pattern: string): string[] | undefined {
  const wanted = pattern.split('/');
  if (wanted.length !== path.length || !wanted.every((one, i) => one === '*' || one === path[i])) return undefined;
  return path.filter((_, i) => wanted[i] === '*');
}

/** The sentence of every other change, including those of the user's own tasks. */
function plainly(change: Change): string {
  const { action, path, from, to } = change;
  if (action === 'run' && change.step === 'wait') return `wait for ${thing(path)}${seen(change)}`;
  if (action === 'run') return `${change.step} ${thing(path)}${seen(change)}`;
  if (action !== 'update' || path.length < 3) {
    const values = action === 'update' && from !== undefined ? ` ${difference(from, to)}` : colon(to);
    return `${thing(path)}${values}${because(change)}`;
  }
  const value = from === undefined ? (to === undefined ? '' : ` = ${shown(to)}`) : ` ${difference(from, to)}`;
  return `${field(path)}${value}${because(change)}`;
}
