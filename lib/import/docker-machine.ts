import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { SwarmupError } from '../util/errors.ts';
import { ifThere } from '../util/files.ts';
import { fileName, freeName, type WrittenCluster } from './cluster-text.ts';
import { readMachine, type Skipped, type StoredMachine } from './stored-machine.ts';

/**
 * Reads docker-machine's store and describes its machines: every readable one, and in the notes the others with the
 * reason.
 *
 * @param store its folder: ~/.docker/machine, or MACHINE_STORAGE_PATH
 * @throws SwarmupError CONFIG_NOT_FOUND when no machine can be used
 */
export async function fromDockerMachine(store: string, name: string): Promise<WrittenCluster> {
  const folder = join(store, 'machines');
  const entries = (await ifThere(readdir(folder))) ?? [];
  const names = entries.filter((entry) => !entry.startsWith('.')).toSorted();
  if (names.length === 0)
    throw new SwarmupError('CONFIG_NOT_FOUND', `there are no machines of docker-machine in ${store}`, {
      fix: 'Name its folder with --store (docker-machine: MACHINE_STORAGE_PATH, default ~/.docker/machine).',
    });
  const found = await Promise.all(names.map((entry) => readMachine(join(folder, entry))));
  const machines = found.filter((one) => 'address' in one);
  const skipped = found.filter((one) => 'reason' in one);
  if (machines.length === 0) throw noneUsable(store, skipped);
  const named = withNames(machines);
  const managers = managersAmong(machines);
  return {
    name,
    provider: { type: 'hosts' },
    nodes: named.map(({ machine, node }) => ({
      name: node,
      role: managers.has(machine) ? 'manager' : 'worker',
      address: machine.address,
      user: machine.user,
      port: machine.port,
      identityFile: machine.key,
      advertise: machine.advertise,
    })),
    notes: notesOn(store, named, skipped),
  };
}

interface Named {
  readonly machine: StoredMachine;
  /** Its name in the cluster file. */
  readonly node: string;
}

function withNames(machines: readonly StoredMachine[]): readonly Named[] {
  const taken = new Set<string>();
  return machines.map((machine) => {
    const node = freeName(machine.name, taken);
    taken.add(node);
    return { machine, node };
  });
}

function notesOn(store: string, named: readonly Named[], skipped: readonly Skipped[]): string[] {
  const machines = named.map(({ machine }) => machine);
  const drivers = [...new Set(machines.map(({ driver }) => driver))].join(', ');
  const twins = Map.groupBy(named, ({ machine }) => machine.address);
  return [
    `Machines of docker-machine (${drivers}), from ${store}.`,
    'Roles are guessed from the names; if the machines already form a swarm, use `swarmup import swarm --manager ADDRESS` instead.',
    ...named
      .filter(({ machine, node }) => node !== fileName(machine.name))
      .map(({ machine, node }) => `${machine.name} is named ${node} here, as another machine has its name.`),
    ...[...twins.values()]
      .filter((same) => same.length > 1)
      .map(
        (same) => `${same.map(({ node }) => node).join(' and ')} have the same address: remove those that are gone.`,
      ),
    ...named.flatMap(({ machine, node }) => machine.remarks.map((remark) => `${node} ${remark}.`)),
    ...skipped.map(({ name, reason }) => `Skipped: ${name}, as ${reason}.`),
  ];
}

function noneUsable(store: string, skipped: readonly Skipped[]): SwarmupError {
  return new SwarmupError('CONFIG_NOT_FOUND', `no machine in ${store} can be used`, {
    fix: 'Start one with docker-machine, so that it stores the address, or write the cluster file by hand.',
    output: skipped.map(({ name, reason }) => `${name}: ${reason}`).join('\n'),
  });
}

/**
 * Masters of a standalone Swarm, and machines whose names say manager, such as manager1 in docs/guide.md; else the first
 * machine.
 */
function managersAmong(machines: readonly StoredMachine[]): ReadonlySet<StoredMachine> {
  const likely = machines.filter(({ name, isMaster }) => isMaster || /manager|master|leader/i.test(name));
  return new Set(likely.length > 0 ? likely : machines.slice(0, 1));
}
