import { readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { sshHost, sshUser } from '../config/grammar.ts';
import { messageOf } from '../util/errors.ts';
import { exists, ifThere } from '../util/files.ts';

/** A machine of docker-machine's store. */
export interface StoredMachine {
  readonly name: string;
  readonly driver: string;
  readonly address: string;
  /** At which the other machines reach it, if it differs. */
  readonly advertise: string | undefined;
  readonly user: string;
  readonly port: number;
  /** Undefined: its key was not found. */
  readonly key: string | undefined;
  /** Whether it was the master of the old standalone Swarm. */
  readonly isMaster: boolean;
  /** What the reader of the file should know about it. */
  readonly remarks: readonly string[];
}

/** An entry of the store that can't be used, and why. */
export interface Skipped {
  readonly name: string;
  readonly reason: string;
}

/** Drivers of machines on the computer itself; port 22 of the machine is open besides a forwarded port. */
const LOCAL = ['virtualbox', 'vmwarefusion', 'vmware', 'hyperv', 'parallels', 'xhyve', 'hyperkit', 'kvm'];

/** The login user of drivers that leave it out. */
const USERS: Readonly<Record<string, string>> = { amazonec2: 'ubuntu', azure: 'docker-user', google: 'docker-user' };

/** Bytes; docker-machine writes a few thousand. */
const LARGEST = 1_000_000;

const text = z.string().catch('');
const number = z.coerce.number().catch(0);
const flag = z.boolean().catch(false);

/**
 * What docker-machine stores about a machine. Sources: docker/machine, libmachine/host and drivers/base.go; files before
 * version 0.5 lack Name, and have the options of the driver only.
 */
const config = z.object({
  DriverName: text,
  Name: text,
  Driver: z
    .object({
      IPAddress: text,
      PrivateIPAddress: text,
      MachineName: text,
      SSHUser: text,
      SSHPort: number,
      SSHKeyPath: text,
      SwarmMaster: flag,
    })
    .catch({
      IPAddress: '',
      PrivateIPAddress: '',
      MachineName: '',
      SSHUser: '',
      SSHPort: 0,
      SSHKeyPath: '',
      SwarmMaster: false,
    }),
  HostOptions: z
    .object({ SwarmOptions: z.object({ IsSwarm: flag, Master: flag }).catch({ IsSwarm: false, Master: false }) })
    .catch({ SwarmOptions: { IsSwarm: false, Master: false } }),
});

type Config = z.output<typeof config>;

/** Reads one folder of the store. Whatever is in it, the answer is a machine or a reason. */
export async function readMachine(folder: string): Promise<StoredMachine | Skipped> {
  const name = basename(folder);
  try {
    const file = join(folder, 'config.json');
    const found = await ifThere(stat(file));
    if (!found) return { name, reason: 'it has no config.json' };
    if (!found.isFile() || found.size > LARGEST)
      return { name, reason: 'its config.json is not a file that docker-machine writes' };
    const content = await readFile(file, 'utf8');
    if (content.trim() === '') return { name, reason: 'its config.json is empty' };
    const value: unknown = JSON.parse(content);
    const parsed = config.safeParse(value);
    if (!parsed.success) return { name, reason: 'its config.json describes no machine' };
    return await machineOf(name, folder, parsed.data);
  } catch (error) {
    return { name, reason: `its config.json can't be read: ${messageOf(error)}` };
  }
}

async function machineOf(name: string, folder: string, stored: Config): Promise<StoredMachine | Skipped> {
  const { DriverName: driver, Driver, HostOptions } = stored;
  const { IPAddress: address, PrivateIPAddress: inside } = Driver;
  if (driver === 'none') return { name, reason: 'its driver is none: docker-machine has no login for it' };
  if (address === '') return { name, reason: 'it has no address (never started?)' };
  if (!sshHost().safeParse(address).success) return { name, reason: 'its address is invalid' };
  const isLocal = LOCAL.includes(driver);
  const user = Driver.SSHUser || (isLocal ? 'docker' : (USERS[driver] ?? 'root'));
  if (!sshUser().safeParse(user).success) return { name, reason: 'its login user has characters that SSH refuses' };
  const port = isLocal || Driver.SSHPort === 0 ? 22 : Driver.SSHPort;
  if (!Number.isInteger(port) || port < 1 || port > 65535) return { name, reason: 'its SSH port is invalid' };
  const key = await keyOf(folder, Driver.SSHKeyPath);
  const { IsSwarm, Master } = HostOptions.SwarmOptions;
  const called = stored.Name || Driver.MachineName;
  return {
    name: called || name,
    driver: driver || 'unknown driver',
    address,
    advertise: z.ipv4().safeParse(inside).success && inside !== address ? inside : undefined,
    user,
    port,
    key,
    isMaster: Master || Driver.SwarmMaster,
    remarks: [
      ...(called === ''
        ? ['was stored by an old docker-machine without its name; the name is that of its folder']
        : []),
      ...(key === undefined ? ["has no private key in the store: your SSH configuration's keys are used"] : []),
      ...(IsSwarm ? ['was in a standalone Swarm (swarm-agent), which swarm mode replaces'] : []),
    ],
  };
}

/** A store may have been copied from another computer: then the key is beside the configuration. */
async function keyOf(folder: string, stored: string): Promise<string | undefined> {
  for (const path of [stored, join(folder, 'id_rsa')])
    if (path.startsWith('/') && !path.includes('\0') && (await exists(path))) return path;
  return undefined;
}
