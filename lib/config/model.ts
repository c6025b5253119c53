import type { OlderMistake } from '../compose/load.ts';
import type { SummaryPort, SummaryService } from '../compose/summary.ts';
import type { ComposeConfig } from '../compose/types.ts';
import type { Secret } from '../util/secret.ts';
import type { NetworkSpec, SwarmInit } from './swarm-model.ts';
import type { Attachment } from './service/attachments.ts';
import type { ServiceFile } from './service-schema.ts';

export type * from './swarm-model.ts';

/** A validated cluster: defaults applied, names resolved, paths absolute. Tasks see nothing else of the file. */
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
  /** Nothing of the cluster is removed on purpose. */
  readonly protect: boolean;
  readonly runs: RunsSection;
  /** Where the file has the value of a path, or its nearest parent: FILE:LINE:COLUMN. */
  readonly placeOf?: (path: readonly PropertyKey[]) => string;
}

export interface RunsSection {
  /** How many records of runs are kept. */
  readonly keep: number;
}

export type Role = 'manager' | 'worker';
export type Availability = 'active' | 'pause' | 'drain';

export interface ProviderSection {
  readonly type: string;
  /** The section as parsed by the provider's own schema. */
  readonly config: unknown;
  /** Whether its nodes must or must not have addresses; undefined: they may. */
  readonly addresses?: 'required' | 'refused';
  /** The registry's handle to the provider that parsed this configuration. */
  readonly configured?: unknown;
  /** With several providers: each provider's section, by the name that nodes use for it. */
  readonly parts?: Readonly<Record<string, ProviderSection>>;
}

/** An existing machine: how to log in, and how the other nodes reach it. */
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
  /** The provider of its machine, if the cluster has several. */
  readonly provider?: string;
  /** The address or interface of overlay networks, in place of the swarm's. */
  readonly dataPathAddress?: string;
  /** For existing machines. */
  readonly host?: HostSpec;
}

export interface DockerSection {
  readonly source: 'auto' | 'distro' | 'official' | 'preinstalled';
  readonly version?: string;
  readonly repository?: string;
  /** The fingerprint of the repository's signing key. */
  readonly repositoryKey?: string;
  readonly daemon: Readonly<Record<string, unknown>>;
  /** The proxy through which the engine and the package manager reach the internet. */
  readonly proxy?: string;
  /** Hosts, domains and networks reached without the proxy, besides private networks and the nodes. */
  readonly noProxy: readonly string[];
}

export interface SwarmSection extends SwarmInit {
  /** Address pools of overlay networks; empty: one is chosen when the swarm is created (lib/swarm/address-pool.ts). */
  readonly addressPool: readonly string[];
  /** The prefix length of each overlay network. */
  readonly subnetSize: number;
  /** The UDP port of VXLAN. */
  readonly dataPathPort: number;
  /** Whether managers that restart are locked; undefined: left unchanged. */
  readonly autolock?: boolean | undefined;
  /** How often nodes report, in nanoseconds; undefined: left unchanged. */
  readonly heartbeat?: number | undefined;
  /** How long nodes' certificates last, in nanoseconds; undefined: left unchanged. */
  readonly certificateExpiry?: number | undefined;
  /** How many old tasks of each slot are kept, -1 for all; undefined: left unchanged. */
  readonly taskHistory?: number | undefined;
  /** Whether join tokens are rotated after nodes have joined. */
  readonly rotateTokens: boolean;
}

export interface ImagesSection {
  /** Whether nodes get the images before a task needs them. */
  readonly early: boolean;
  /** Absolute paths of image archives. */
  readonly load: readonly string[];
  readonly whenUnreachable: 'fail' | 'build';
  /** Whether nodes get this computer's Docker credentials for the images' registries. */
  readonly registryAuth: boolean;
}

export type PublishedPort = SummaryPort;

/** A request to a published port, and the answer that it must get. */
export interface HttpCheck {
  readonly port: number;
  readonly path: string;
  readonly method: 'GET' | 'HEAD';
  /** The host name to ask for, perhaps with a port; default: the node's address. */
  readonly host?: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly https: boolean;
  /** The certificates to trust, in PEM; default: the public ones. */
  readonly ca?: string;
  /** Any certificate is accepted. */
  readonly insecure: boolean;
  /** How many redirects to follow, on the same node. */
  readonly redirects: number;
  readonly status: number;
  readonly body?: string;
  /** A regular expression. */
  readonly bodyMatches?: string;
}

/** A secret or a config. */
export interface ObjectSpec {
  readonly kind: 'secret' | 'config';
  /** Its name in the cluster file. */
  readonly name: string;
  /** Its name in the swarm: new content gets a new name. */
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

/**
 * A service. Undefined keys aren't in the file, and are left unchanged in the swarm. Times are in ns, sizes in bytes.
 */
export interface ServiceSpec extends Readonly<
  Omit<
    ServiceFile,
    | 'replicas'
    | 'env'
    | 'environment'
    | 'envFile'
    | 'networks'
    | 'secrets'
    | 'configs'
    | 'credentialSpec'
    | 'verify'
    | 'dependsOn'
  >
> {
  readonly name: string;
  /** Of replicated services. */
  readonly replicas: number;
  /** With the variables of its files; null removes the image's variable. */
  readonly env: Readonly<Record<string, string | null>>;
  readonly networks?: readonly Attachment[] | undefined;
  readonly secrets?: readonly Grant[] | undefined;
  readonly configs?: readonly Grant[] | undefined;
  /** `config` is a name in the swarm. */
  readonly credentialSpec?: ServiceFile['credentialSpec'];
  readonly verify?: readonly HttpCheck[];
  readonly dependsOn?: readonly Dependency[];
}

/** A service or a stack that is deployed first. */
export interface Dependency {
  readonly kind: 'service' | 'stack';
  readonly name: string;
  /** Only this service of the stack, by its name in the swarm. */
  readonly service?: string;
  /** healthy: running, with a health check. */
  readonly condition: 'running' | 'healthy' | 'completed';
}

export interface StackSpec {
  readonly name: string;
  /** Absolute path of the first Compose file. */
  readonly file: string;
  /** The first Compose file's text. */
  readonly text: string;
  /** All Compose files, in the order in which Docker merges them. It gets them unchanged. */
  readonly files: readonly StackFile[];
  /** The absolute folder that relative paths in the files begin at. */
  readonly folder: string;
  /** The first file's version, which swarmup repeats in its additions. */
  readonly version?: string;
  /** What older docker commands read as something else in these files, or refuse. */
  readonly older?: readonly OlderMistake[];
  /** The stack as Docker reads these files with this environment. */
  readonly compose: ComposeConfig;
  /** The names of all variables that decide what the files mean. */
  readonly variables: readonly string[];
  /** Those of them that are set: in the environment, or by the stack's `env` or `envFile`. */
  readonly environment: Readonly<Record<string, Secret>>;
  /** The files that the Compose files name, which Docker reads where its client runs. */
  readonly references: readonly StackReference[];
  readonly services: readonly StackService[];
  /** External networks, by their names in the swarm. */
  readonly externalNetworks: readonly string[];
  /** External secrets, by their names in the swarm. */
  readonly externalSecrets: readonly string[];
  /** External configs, by their names in the swarm. */
  readonly externalConfigs: readonly string[];
  readonly verify?: readonly HttpCheck[];
  readonly whenUnreachable: 'fail' | 'skip';
  /** When a deployment looks up the digests of images. */
  readonly resolveImage: 'always' | 'changed' | 'never';
  /** What happens to services that somebody edited or scaled: of all, or of each by its name in the file. */
  readonly drift: Drift | Readonly<Record<string, Drift>>;
  readonly dependsOn?: readonly Dependency[];
  /** What the user may not expect, in sentences: keys that Docker ignores, and a `.env` that it doesn't read. */
  readonly hints: readonly string[];
}

export type Drift = 'fix' | 'ignore';

export interface StackFile {
  /** Its absolute path. */
  readonly path: string;
  /** Its path as the cluster file writes it. */
  readonly shown: string;
  readonly text: string;
}

export interface StackReference {
  readonly kind: 'env_file' | 'secret' | 'config';
  /** Its absolute path. */
  readonly path: string;
  /** The path as the Compose file writes it. */
  readonly written: string;
  /** Its content in base64. */
  readonly data: Secret;
}

export interface StackService extends SummaryService {
  /** The cluster file names another version of the image than the Compose file. */
  readonly imageReplaced?: true;
}

export interface PortainerSpec {
  /** From the cluster file or the environment; without it one is generated and kept in the state folder. */
  readonly adminPassword?: Secret;
  readonly stack: string;
  /** The published port of the HTTP API. */
  readonly port: number;
  /** The node it runs on with its data; default: where it started first. */
  readonly node?: string;
}

export function managersOf(cluster: Cluster): readonly NodeSpec[] {
  return cluster.nodes.filter((node) => node.role === 'manager');
}

export function workersOf(cluster: Cluster): readonly NodeSpec[] {
  return cluster.nodes.filter((node) => node.role === 'worker');
}

/** The first manager: the node that initialises the swarm. Validation guarantees one. */
export function firstManager(cluster: Cluster): NodeSpec {
  const [first] = managersOf(cluster);
  if (!first) throw new Error('a validated cluster has a manager');
  return first;
}
