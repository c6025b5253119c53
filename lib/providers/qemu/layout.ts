import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import { isName } from '../../config/names.ts';
import { joinInside } from '../../util/inside.ts';
import type { Cluster } from '../../config/model.ts';
import { identityFileOf } from '../cluster-key.ts';
import { socketFolderOf, socketFolders } from './sockets.ts';

/** The guests' own networks; they exist only inside QEMU, so every cluster uses the same addresses. */
export const UPLINK = {
  guest: '192.168.76.15',
  prefix: 24,
  gateway: '192.168.76.2',
  dns: '192.168.76.3',
  network: '192.168.76.0/24',
} as const;
export const SEGMENT = { first: 11, prefix: 24, base: '192.168.77.' } as const;
export const SSH_PORT = 22;

/** Names and paths of a cluster's machines, all derived from its name and its state folder. */
export class Layout {
  readonly cluster: string;
  /** The folder of all clusters: removals are bounded by it. */
  readonly root: string;
  readonly stateDir: string;
  readonly machines: string;
  readonly snapshots: string;
  readonly identityFile: string;
  readonly knownHosts: string;
  /** Distinguishes clusters with the same name in different folders. */
  readonly realm: string;
  /** Where its sockets may be. */
  readonly socketFolders: readonly string[];

  /** @param env for the user's runtime folder; without it, that isn't used */
  constructor(cluster: Pick<Cluster, 'name' | 'stateDir'>, env: Readonly<Record<string, string | undefined>> = {}) {
    this.cluster = cluster.name;
    this.root = dirname(cluster.stateDir);
    this.stateDir = cluster.stateDir;
    this.machines = join(cluster.stateDir, 'machines');
    this.snapshots = join(cluster.stateDir, 'snapshots');
    this.identityFile = identityFileOf(cluster);
    this.knownHosts = join(cluster.stateDir, 'ssh', 'known_hosts');
    this.realm = createHash('sha256').update(cluster.stateDir).digest('hex').slice(0, 10);
    this.socketFolders = socketFolders(cluster.stateDir, this.realm, env);
  }

  /** The mark in a QEMU process's arguments, which identifies the machine. */
  mark(node = ''): string {
    return `guest=swarmup/${this.realm}/${this.cluster}/${node}`;
  }

  /** The mark of the hub that joins the machines; no machine's mark begins like it. */
  hubMark(): string {
    return `guest=swarmup-hub/${this.realm}/${this.cluster}`;
  }

  isHub(argv: readonly string[]): boolean {
    return argv[argv.indexOf('-name') + 1] === this.hubMark();
  }

  /** The node whose machine QEMU runs with these arguments; undefined for foreign machines. */
  nodeOf(argv: readonly string[]): string | undefined {
    const name = argv[argv.indexOf('-name') + 1] ?? '';
    if (!name.startsWith(this.mark())) return undefined;
    const [node = ''] = name.slice(this.mark().length).split(',');
    return isName(node) ? node : undefined;
  }

  dir(node: string): string {
    return joinInside(this.machines, node);
  }

  record(node: string): string {
    return join(this.dir(node), 'machine.json');
  }

  disk(node: string): string {
    return join(this.dir(node), 'disk.qcow2');
  }

  seed(node: string): string {
    return join(this.dir(node), 'seed');
  }

  console(node: string): string {
    return join(this.dir(node), 'console.log');
  }

  /** QEMU's command line and what it printed. */
  log(node: string): string {
    return join(this.dir(node), 'qemu.log');
  }

  pidFile(node: string): string {
    return join(this.dir(node), 'qemu.pid');
  }

  /** The folder of sockets, as it is now. A machine that runs may have its sockets elsewhere: see Inventory. */
  get runtimeDir(): string {
    return socketFolderOf(this.socketFolders);
  }

  qmpSocket(node: string): string {
    return this.#socket(node, 'qmp');
  }

  /** Where a restored machine listens for its identity. */
  identitySocket(node: string): string {
    return this.#socket(node, 'id');
  }

  /** Where a machine's private segment listens for the hub. */
  segmentSocket(node: string): string {
    return this.#socket(node, 'net');
  }

  get hubSocket(): string {
    return join(this.runtimeDir, 'hub.qmp');
  }

  /** Where the state of a machine comes through while it is saved. */
  transferSocket(node: string): string {
    return this.#socket(node, 'state');
  }

  /** The sockets on which QEMU listens for a machine. */
  socketsOf(node: string): readonly string[] {
    return [this.qmpSocket(node), this.identitySocket(node), this.segmentSocket(node)];
  }

  #socket(node: string, kind: string): string {
    const name = createHash('sha256').update(`${this.cluster}/${node}`).digest('hex').slice(0, 12);
    return join(this.runtimeDir, `${name}.${kind}`);
  }

  /** The multicast group of this cluster's private segment, only on loopback, where there is no hub. */
  multicast(): string {
    const [a = 0, b = 0, c = 0, d = 0, e = 0] = createHash('sha256').update(`${this.realm}/${this.cluster}`).digest();
    return `230.${a}.${b}.${1 + (c % 250)}:${20000 + ((d * 256 + e) % 20000)}`;
  }

  /** A MAC address of the locally administered QEMU range, one for each NIC. */
  mac(node: string, nic: 'uplink' | 'segment'): string {
    const [a = 0, b = 0, c = 0] = createHash('sha256').update(`${this.realm}/${this.cluster}/${node}/${nic}`).digest();
    return `52:54:00:${[a, b, c].map((byte) => byte.toString(16).padStart(2, '0')).join(':')}`;
  }

  /** A unique machine-id for each machine. Source: machine-id(5), 32 hexadecimal digits. */
  machineId(node: string): string {
    return createHash('sha256').update(`${this.realm}/${this.cluster}/${node}/machine-id`).digest('hex').slice(0, 32);
  }

  /** Where the search for a free loopback port begins, so that a cluster tends to get the same ports again. */
  preferredPort(node: string, port: string): number {
    const [a = 0, b = 0] = createHash('sha256').update(`${this.realm}/${this.cluster}/${node}/${port}`).digest();
    return 20000 + ((a * 256 + b) % 10000);
  }
}
