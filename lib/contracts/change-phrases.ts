import type { Change, Value } from './change.ts';
import { at, because, colon, counted, difference, has, parts, seen, shown } from './change-words.ts';

/** The parts of sentences that are about one kind of thing only. All are pure. */

export const UNSET = 'not set';

export function onOff(value: Value | undefined): string {
  return value === undefined ? UNSET : value === true ? 'on' : 'off';
}

/** @param nanoseconds per unit */
export function time(value: Value | undefined, nanoseconds: number, unit: string): string {
  return value === undefined ? UNSET : `${Number(value) / nanoseconds} ${unit}`;
}

export function version(docker: Value | undefined): string {
  const found = at(docker, 'version');
  return found === undefined ? '' : ` ${shown(found)}`;
}

export function source(docker: Value | undefined): string {
  return at(docker, 'source') === 'official' ? "Docker's repository" : 'the distribution';
}

export function imageText(how: Value | undefined, image: string): string {
  if (how === 'build') return `${image}, built here`;
  return how === 'archive' ? `load ${image}` : `pull ${image}`;
}

export function scale(service: Value | undefined): string {
  const mode = at(service, 'mode');
  if (mode === 'global') return 'on every node';
  return mode === undefined ? counted(at(service, 'replicas'), 'replica') : `as a ${shown(mode)}`;
}

/** The awaited state of a service. */
export function runs(state: Value | undefined): string {
  return state === 'complete' ? 'completes' : 'runs';
}

/** "worker1 2, worker2 1" */
export function spread(tasks: Value | undefined): string {
  return Object.entries(typeof tasks === 'object' ? tasks : {})
    .map(([node, count]) => `${node} ${shown(count)}`)
    .join(', ');
}

/** A swarm that is initialised, restored, or rebuilt from one manager. */
export function swarmText(change: Change): string {
  const { to: swarm } = change;
  const [manager, backup, dropped] = ['manager', 'backup', 'droppedManagers'].map((key) => at(swarm, key));
  if (backup !== undefined) {
    const kept = ['service', 'network', 'secret', 'config'].map((kind) => counted(at(swarm, `${kind}s`), kind));
    return `the swarm of ${shown(backup)} on ${shown(manager)}: ${kept.join(', ')}`;
  }
  if (dropped === undefined) {
    const pool = at(swarm, 'addressPool');
    const networks = pool === undefined ? '' : `, overlay networks in ${parts(pool)}`;
    return `swarm on ${shown(manager)}${networks}${because(change)}`;
  }
  const others = `${counted(dropped, 'other manager')} ${dropped === 1 ? 'is' : 'are'} dropped`;
  return `a swarm of ${shown(manager)} alone, with the services, networks, secrets and configs that it knows; ${others}`;
}

/** "203.0.113.7/32: 22/tcp (SSH), 80/tcp (published port)" */
export function opened(who: string, rules: Value | undefined): string {
  return `${who === 'self' ? 'each other' : who}${colon(rules)}`;
}

export function machineText({ from, to, reason }: Change, machine: string): string {
  if (from === 'lost') return `recreate machine ${machine}: ${reason ?? 'it is lost'}`;
  if (typeof to !== 'object') return `machine ${machine}: ${difference(from, to)}`;
  return `machine ${machine}: ${Object.keys(to)
    .map((key) => difference(at(from, key), at(to, key)))
    .join(', ')}`;
}

/** @param state of the machine; with a reason, the data on its disk is mentioned */
export function discarded(state: Value | undefined, reason: string | undefined): string {
  const now = state === undefined ? '' : ` (${shown(state)})`;
  return reason === undefined ? now : `${now}, with all data on its disk: ${reason}`;
}

/** A node that is removed alone, with its machine, or with the data on the machine's disk. */
export function withMachine(change: Change): string {
  if (!has(change.from, 'machine')) return seen(change);
  return ` and its machine${has(change.from, 'disk') ? ', with all data on its disk' : ''}${because(change)}`;
}

export function leaving(swarm: Value | undefined): string {
  if (swarm === 'leaving') return 'finishes leaving its swarm';
  return swarm === 'old' ? 'leaves the old swarm' : 'leaves the swarm';
}

/** A sentence for which a value is needed. */
export function withValue(value: Value | undefined, say: (value: string) => string): string | undefined {
  return value === undefined ? undefined : say(shown(value));
}
