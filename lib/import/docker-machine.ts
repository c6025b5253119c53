import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { messageOf, SwarmupError } from '../util/errors.ts';
import { ifThere } from '../util/files.ts';
import { fileName, type WrittenCluster } from './cluster-text.ts';

/** What docker-machine stores about a machine. Source: docker/machine, libmachine/host and drivers/base.go. */
const config = z.object({
  DriverName: z.string(),
  Name: z.string(),
  Driver: z.object({
    IPAddress: z.string().default(''),
    PrivateIPAddress: z.string().optional(),
    SSHUser: z.string().default(''),
    SSHPort: z.number().default(0),
    SSHKeyPath: z.string().default(''),
  }),
});

/** A machine of docker-machine's store. */
interface StoredMachine {
  readonly name: string;
  readonly driver: string;
  readonly address: string;
  readonly advertise: string | undefined;
  readonly user: string;
  readonly port: number;
  readonly key: string;
}

/**
 * Reads docker-machine's store and describes its machines.
 *
 * @param store its folder: ~/.docker/machine, or MACHINE_STORAGE_PATH
 * @throws SwarmupError CONFIG_NOT_FOUND, RECORD_INVALID
 */
export async function fromDockerMachine(store: string, name: string): Promise<WrittenCluster> {
  const folder = join(store, 'machines');
  const names = await ifThere(readdir(folder));
  if (!names?.length)
    throw new SwarmupError('CONFIG_NOT_FOUND', `there are no machines of docker-machine in ${store}`, {
      fix: 'Name its folder with --store (docker-machine: MACHINE_STORAGE_PATH, default ~/.docker/machine).',
    });
  const found = await Promise.all(names.toSorted().map((machine) => read(join(folder, machine))));
  const machines = found.filter((machine) => machine !== undefined);
  const without = machines.filter(({ address }) => address === '').map((machine) => machine.name);
  const usable = machines.filter(({ address }) => address !== '');
  if (usable.length === 0)
    throw new SwarmupError('CONFIG_NOT_FOUND', `no machine in ${store} has an address`, {
      fix: 'Start one with docker-machine, so that it stores the address, or write the cluster file by hand.',
    });
  const managers = managersAmong(usable);
  return {
    name,
    provider: { type: 'hosts' },
    nodes: usable.map((machine) => ({
      name: fileName(machine.name),
      role: managers.has(machine) ? 'manager' : 'worker',
      address: machine.address,
      user: machine.user,
      port: machine.port,
      identityFile: machine.key,
      advertise: machine.advertise,
    })),
    notes: [
      `Machines of docker-machine (${[...new Set(usable.map(({ driver }) => driver))].join(', ')}), from ${store}.`,
      'Roles are guessed from the names; if the machines already form a swarm, use `swarmup import swarm` instead.',
      ...(without.length > 0 ? [`Skipped, as they have no address (never started?): ${without.join(', ')}.`] : []),
    ],
  };
}

async function read(folder: string): Promise<StoredMachine | undefined> {
  const file = join(folder, 'config.json');
  const text = await ifThere(readFile(file, 'utf8'));
  if (text === undefined) return undefined;
  try {
    const { Name, DriverName, Driver } = config.parse(JSON.parse(text));
    // docker-machine reaches VirtualBox machines through a forwarded port; port 22 of the machine is open as well.
    const local = ['virtualbox', 'vmwarefusion', 'hyperv', 'parallels'].includes(DriverName);
    return {
      name: Name,
      driver: DriverName,
      address: Driver.IPAddress,
      advertise: Driver.PrivateIPAddress || undefined,
      user: Driver.SSHUser || (local ? 'docker' : 'root'),
      port: local || Driver.SSHPort === 0 ? 22 : Driver.SSHPort,
      key: Driver.SSHKeyPath || join(folder, 'id_rsa'),
    };
  } catch (cause) {
    throw new SwarmupError('RECORD_INVALID', `${file} can't be read: ${messageOf(cause)}`, {
      fix: 'Repair it, or move its folder elsewhere to skip the machine.',
      cause,
    });
  }
}

/** Machines whose names say manager, such as manager1 in docs/guide.md; else the first machine. */
function managersAmong(machines: readonly StoredMachine[]): ReadonlySet<StoredMachine> {
  const named = machines.filter(({ name }) => /manager|master|leader/i.test(name));
  return new Set(named.length > 0 ? named : machines.slice(0, 1));
}
