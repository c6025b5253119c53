import type { Secret } from '../util/secret.ts';
import type { ServiceFile } from './service-schema.ts';

/** A validated cluster: defaults applied, names settled, paths absolute. All that tasks ever see of the file. */
export interface Cluster {
  readonly name: string;
  /** Absolute path of the cluster file. */
  readonly file: string;
  /** Absolute path of the folder that keeps keys, disks and records: `.swarmup/<name>`. */
  readonly stateDir: string;
  readonly provider: ProviderSection;
  readonly nodes: readonly NodeSpec[];
  readonly docker: DockerSection;
  readonly swarm: SwarmSection;
  readonly images: ImagesSection;
  /** Overlay networks of the services. */
  readonly networks: readonly NetworkSpec[];
  /** Secrets and configs of the services. */
  readonly objects: readonly ObjectSpec[];
  readonly services: readonly ServiceSpec[];
  readonly stacks: readonly StackSpec[];
  readonly portainer?: PortainerSpec;
  /** Absolute path of the user's own tasks and pipelines. */
  readonly taskfile?: string;
  readonly runs: RunsSection;
}

export interface RunsSection {
  /** How many records of runs are kept. */
  readonly keep: number;
}

export type Role = 'manager' | 'worker';
export type Availability = 'active' | 'pause' | 'drain';

export interface ProviderSection {
  readonly type: string;
  /** The section as the provider's own schema understood it. */
  readonly config: unknown;
  /** Whether its nodes have addresses; undefined: as the user likes. */
  readonly addresses?: 'required' | 'refused';
  /** The registry's handle to the provider that knows this configuration. */
  readonly configured?: unknown;
  /** Where the nodes' machines come from several providers: each by the name that nodes have for it. */
  readonly parts?: Readonly<Record<string, ProviderSection>>;
}

/** A machine that exists already: how to log in, and how the other nodes reach it. */
export interface HostSpec {
  /** A host name, an address, or a Host alias of OpenSSH's configuration. */
  readonly address: string;
  readonly port?: number;
  readonly user?: string;
  /** Absolute path of a private key. */
  readonly identityFile?: string;
  /** `[user@]host[:port]`, several separated by commas, or `none`. */
  readonly bastion?: string;
  /** The IPv4 address that Swarm advertises; default: that of `address`. */
  readonly advertise?: string;
  readonly sudoPassword?: Secret;
}

export interface NodeSpec {
  readonly name: string;
  readonly role: Role;
  readonly labels: Readonly<Record<string, string>>;
  readonly availability: Availability;
  /** The provider of its machine, where the cluster has several. */
  readonly provider?: string;
  /** For machines that exist already. */
  readonly host?: HostSpec;
}

export interface DockerSection {
  readonly source: 'auto' | 'distro' | 'official' | 'preinstalled';
  readonly version?: string;
  readonly repository?: string;
  /** The fingerprint of the key that the repository is signed with. */
  readonly repositoryKey?: string;
  readonly daemon: Readonly<Record<string, unknown>>;
  /** By which the engine and the package manager reach the outside. */
  readonly proxy?: string;
  /** Hosts, domains and networks that are reached without it, besides private ones and the nodes. */
  readonly noProxy: readonly string[];
}

export interface SwarmSection {
  /** Networks that overlay networks are taken from; empty for the engine's own default, 10.0.0.0/8. */
  readonly addressPool: readonly string[];
  /** Bits of each overlay network. */
  readonly subnetSize: number;
  /** The UDP port of VXLAN. */
  readonly dataPathPort: number;
  /** Managers that restart are locked; undefined: as it is. */
  readonly autolock?: boolean | undefined;
  /** How often nodes report, in nanoseconds; undefined: as it is. */
  readonly heartbeat?: number | undefined;
  /** How long nodes' certificates last, in nanoseconds; undefined: as it is. */
  readonly certificateExpiry?: number | undefined;
  /** How many old tasks of each slot are kept; undefined: as it is. */
  readonly taskHistory?: number | undefined;
  /** Join tokens are made anew after nodes have joined. */
  readonly rotateTokens: boolean;
}

export interface ImagesSection {
  /** Every node has the images before a task needs them. */
  readonly early: boolean;
  /** Absolute paths of image archives. */
  readonly load: readonly string[];
  readonly whenUnreachable: 'fail' | 'build';
  /** Nodes get the credentials that Docker has on this computer for the registries of images. */
  readonly registryAuth: boolean;
}

export interface PublishedPort {
  readonly published: number;
  readonly target: number;
  readonly protocol: 'tcp' | 'udp';
  /** host: only on nodes with a task, past the routing mesh. */
  readonly mode: 'ingress' | 'host';
}

export interface HttpCheck {
  readonly port: number;
  readonly path: string;
  readonly status: number;
  readonly body?: string;
}

/** A network of services, in the swarm under this name. */
export interface NetworkSpec {
  readonly name: string;
  /** It exists already, and is not touched. */
  readonly external: boolean;
  readonly attachable: boolean;
  readonly encrypted: boolean;
  readonly internal: boolean;
  readonly subnet?: string;
}

/** A secret or a config. */
export interface ObjectSpec {
  readonly kind: 'secret' | 'config';
  /** As the cluster file has it. */
  readonly name: string;
  /** As the swarm has it: another content is another name. */
  readonly fullName: string;
  /** Its content in base64; absent for one that exists already. */
  readonly data?: Secret;
}

/** A secret or a config as a file in a service's containers. */
export interface Grant {
  /** Its name in the swarm. */
  readonly name: string;
  readonly target: string;
  readonly uid: string;
  readonly gid: string;
  readonly mode: number;
}

/** A service. What is undefined isn't in the file, and is left as it is in the swarm. Times are in ns, sizes in bytes. */
export interface ServiceSpec extends Readonly<
  Omit<ServiceFile, 'replicas' | 'networks' | 'secrets' | 'configs' | 'verify'>
> {
  readonly name: string;
  /** Of replicated services. */
  readonly replicas: number;
  readonly networks?: readonly { readonly name: string; readonly aliases: readonly string[] }[] | undefined;
  readonly secrets?: readonly Grant[] | undefined;
  readonly configs?: readonly Grant[] | undefined;
  readonly verify?: HttpCheck;
}

export interface StackSpec {
  readonly name: string;
  /** Absolute path of the Compose file. */
  readonly file: string;
  /** The Compose file's text: Docker gets it as it is. */
  readonly text: string;
  /** The version that it claims, which what swarmup adds to it repeats. */
  readonly version?: string;
  /** The variables it asks for: none is set, here and on the managers. */
  readonly variables: readonly string[];
  readonly services: readonly StackService[];
  /** External secrets the file refers to, by name. */
  readonly externalSecrets: readonly string[];
  readonly verify?: HttpCheck;
  readonly whenUnreachable: 'fail' | 'skip';
}

export interface StackService {
  readonly name: string;
  readonly image: string;
  /** The image isn't the file's: the cluster file names another version. */
  readonly imageReplaced?: true;
  readonly ports: readonly PublishedPort[];
  /** The names of its environment variables. */
  readonly environment: readonly string[];
  readonly constraints: readonly string[];
  /** The named volumes it mounts that lie on the node it runs on. */
  readonly volumes: readonly string[];
}

export interface PortainerSpec {
  /** From the cluster file or the environment; without it one is generated and kept in the state folder. */
  readonly adminPassword?: Secret;
  readonly stack: string;
  /** The published port of the HTTP API. */
  readonly port: number;
  /** The node that it runs on with its data; default: where it began. */
  readonly node?: string;
}

export function managersOf(cluster: Cluster): readonly NodeSpec[] {
  return cluster.nodes.filter((node) => node.role === 'manager');
}

export function workersOf(cluster: Cluster): readonly NodeSpec[] {
  return cluster.nodes.filter((node) => node.role === 'worker');
}

/** The first manager: the node that initialises the swarm. Validation guarantees that there is one. */
export function firstManager(cluster: Cluster): NodeSpec {
  const [first] = managersOf(cluster);
  if (!first) throw new Error('a validated cluster has a manager');
  return first;
}
