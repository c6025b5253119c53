import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isoImage } from './iso9660.ts';
import { removeInside } from '../../util/remove.ts';
import { keyOnly } from '../../remote/openssh.ts';
import { generateKeyPair } from '../../remote/keys.ts';
import { userData } from '../cloud-init.ts';
import type { VirtualboxConfig } from './config.ts';
import type { Manage } from './manage.ts';
import { colons, groupOf, KEYS, machineName, macOf, SNAPSHOT } from './names.ts';

/** VirtualBox's default, 10.0.2.0/24, would collide with Swarm's third overlay network. */
const NAT_NETWORK = '192.168.76.0/24';

/** Everything needed to make a machine. */
export interface Making {
  readonly cluster: string;
  readonly node: string;
  readonly config: VirtualboxConfig;
  /** The folder of all clusters: removals are bounded by it. */
  readonly root: string;
  /** The folder of the cluster's machines, in it. */
  readonly folder: string;
  /** The machine to clone. */
  readonly base: string;
  readonly hostOnly: string;
  readonly address: string;
  readonly authorizedKey: string;
}

/** The prefix length of the machines' network. */
const prefixOf = ({ network }: VirtualboxConfig) => network.split('/')[1] ?? '24';

/** Makes a machine, powered off. Its notes come last: without them it counts as incomplete, and is recreated. */
export async function makeMachine(manage: Manage, making: Making, signal: AbortSignal): Promise<void> {
  const { cluster, node, root, folder, base } = making;
  const name = machineName(cluster, node);
  const run = (what: string, ...argv: readonly string[]) => manage.run(`${what} of ${node}`, argv, signal);
  // Remains of an interrupted run, which VirtualBox wouldn't overwrite.
  await removeInside(root, join(folder, groupOf(cluster).slice(1), name));
  await mkdir(folder, { recursive: true });
  await run(
    'create the clone',
    'clonevm',
    base,
    `--snapshot=${SNAPSHOT}`,
    '--options=Link',
    `--name=${name}`,
    `--groups=${groupOf(cluster)}`,
    `--basefolder=${folder}`,
    '--register',
  );
  await run('note the name', 'setextradata', name, KEYS.node, node);
  await configure(manage, making, signal);
  const hostKey = generateKeyPair(node);
  const iso = seedFile(folder, node);
  await mkdir(dirname(iso), { recursive: true, mode: 0o700 });
  const identity = { name: node, address: making.address, authorizedKey: making.authorizedKey, hostKey };
  const files = [
    { name: 'user-data', contents: userData(identity) },
    { name: 'meta-data', contents: `instance-id: ${name}-${hostKey.publicKey.slice(-12)}\nlocal-hostname: ${node}\n` },
    { name: 'network-config', contents: networkConfig(making) },
  ];
  await writeFile(iso, isoImage('cidata', files), { mode: 0o600 });
  await run(
    'attach the seed',
    'storageattach',
    name,
    '--storagectl=SATA',
    '--port=1',
    '--type=dvddrive',
    `--medium=${iso}`,
  );
  await run('note the address', 'setextradata', name, KEYS.address, making.address);
  await run('note the host key', 'setextradata', name, KEYS.hostKey, keyOnly(hostKey.publicKey));
}

/** Sets processors, memory and interfaces to those in the cluster file; only on a powered-off machine. */
export async function configure(
  manage: Manage,
  { cluster, node, config, hostOnly }: Pick<Making, 'cluster' | 'node' | 'config' | 'hostOnly'>,
  signal: AbortSignal,
): Promise<void> {
  const { nicType, mac, hostOnly: adapter, natNetwork, audio } = manage.options;
  const settings = [
    `--cpus=${config.cpus}`,
    `--memory=${config.memory}`,
    '--nic1=nat',
    `${natNetwork}1=${NAT_NETWORK}`,
    `${nicType}1=virtio`,
    `${mac}1=${macOf(cluster, node, 1)}`,
    '--nic2=hostonly',
    `${nicType}2=virtio`,
    `${mac}2=${macOf(cluster, node, 2)}`,
    `${adapter}2=${hostOnly}`,
    '--ioapic=on',
    ...audio,
  ];
  await manage.run(`configure ${node}`, ['modifyvm', machineName(cluster, node), ...settings], signal);
}

/** Beside the machine's own folder, which VirtualBox removes with the machine. */
export function seedFile(folder: string, node: string): string {
  return join(folder, 'seeds', `${node}.iso`);
}

/** NAT for the internet, with an address from VirtualBox's DHCP; the host-only network with a fixed address. */
function networkConfig({ cluster, node, address, config }: Making): string {
  const nic = (number: 1 | 2) => ({ match: { macaddress: colons(macOf(cluster, node, number)) } });
  const ethernets = {
    outside: { ...nic(1), dhcp4: true },
    inside: { ...nic(2), addresses: [`${address}/${prefixOf(config)}`] },
  };
  return `${JSON.stringify({ version: 2, ethernets }, null, 2)}\n`;
}
