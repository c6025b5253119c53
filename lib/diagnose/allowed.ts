import type { HostFacts } from '../contracts/preflight.ts';
import { namesOf, type Allowed } from './pick.ts';

/**
 * What is copied of each thing that is read. Not in here, and so never in a diagnosis: values of variables, arguments and
 * health checks of containers, labels of services, options of drivers, contents of secrets and configs, join tokens.
 */

/** Source: GET /info. */
export const INFO: Allowed = {
  ServerVersion: true,
  OperatingSystem: true,
  OSVersion: true,
  KernelVersion: true,
  Architecture: true,
  NCPU: true,
  MemTotal: true,
  Driver: true,
  DriverStatus: [[true]],
  LoggingDriver: true,
  CgroupDriver: true,
  CgroupVersion: true,
  Containers: true,
  ContainersRunning: true,
  ContainersPaused: true,
  ContainersStopped: true,
  Images: true,
  DefaultRuntime: true,
  DockerRootDir: true,
  SecurityOptions: [true],
  LiveRestoreEnabled: true,
  Debug: true,
  SystemTime: true,
  ContainerdCommit: { ID: true },
  RuncCommit: { ID: true },
  FirewallBackend: { Driver: true },
  Plugins: { Volume: [true], Network: [true], Log: [true] },
  DefaultAddressPools: [{ Base: true, Size: true }],
  RegistryConfig: { Mirrors: [true], InsecureRegistryCIDRs: [true] },
  Warnings: [true],
  ServerErrors: [true],
  Swarm: {
    NodeID: true,
    NodeAddr: true,
    LocalNodeState: true,
    ControlAvailable: true,
    Error: true,
    RemoteManagers: [{ NodeID: true, Addr: true }],
    Nodes: true,
    Managers: true,
    Cluster: {
      ID: true,
      CreatedAt: true,
      RootRotationInProgress: true,
      DefaultAddrPool: [true],
      SubnetSize: true,
      DataPathPort: true,
    },
  },
};

/** Source: GET /nodes. */
export const NODE: Allowed = {
  ID: true,
  CreatedAt: true,
  UpdatedAt: true,
  Spec: { Role: true, Availability: true, Labels: { '*': true } },
  Description: {
    Hostname: true,
    Platform: { Architecture: true, OS: true },
    Resources: { NanoCPUs: true, MemoryBytes: true },
    Engine: { EngineVersion: true },
  },
  Status: { State: true, Message: true, Addr: true },
  ManagerStatus: { Leader: true, Reachability: true, Addr: true },
};

const UPDATE: Allowed = {
  Parallelism: true,
  Delay: true,
  FailureAction: true,
  Monitor: true,
  MaxFailureRatio: true,
  Order: true,
};

/** Of containers only what decides where they run and why they don't. */
const CONTAINER: Allowed = {
  Image: true,
  User: true,
  Init: true,
  StopGracePeriod: true,
  ReadOnly: true,
  Mounts: [{ Type: true, Source: true, Target: true, ReadOnly: true }],
  Healthcheck: { Interval: true, Timeout: true, Retries: true, StartPeriod: true },
  Secrets: [{ SecretName: true }],
  Configs: [{ ConfigName: true }],
};

const RESOURCES: Allowed = { NanoCPUs: true, MemoryBytes: true, Pids: true };

const ATTACHMENTS: Allowed = [{ Target: true, Aliases: [true] }];

const PORTS: Allowed = [{ Protocol: true, TargetPort: true, PublishedPort: true, PublishMode: true }];

/** Source: GET /services. */
export const SERVICE: Allowed = {
  ID: true,
  CreatedAt: true,
  UpdatedAt: true,
  Spec: {
    Name: true,
    Labels: namesOf,
    Mode: {
      Replicated: { Replicas: true },
      Global: {},
      ReplicatedJob: { MaxConcurrent: true, TotalCompletions: true },
      GlobalJob: {},
    },
    TaskTemplate: {
      ContainerSpec: CONTAINER,
      Resources: { Limits: RESOURCES, Reservations: RESOURCES },
      RestartPolicy: { Condition: true, Delay: true, MaxAttempts: true, Window: true },
      Placement: { Constraints: [true], MaxReplicas: true, Platforms: [{ Architecture: true, OS: true }] },
      Networks: ATTACHMENTS,
      LogDriver: { Name: true },
      ForceUpdate: true,
    },
    UpdateConfig: UPDATE,
    RollbackConfig: UPDATE,
    Networks: ATTACHMENTS,
    EndpointSpec: { Mode: true, Ports: PORTS },
  },
  Endpoint: { Ports: PORTS, VirtualIPs: [{ NetworkID: true, Addr: true }] },
  UpdateStatus: { State: true, StartedAt: true, CompletedAt: true, Message: true },
  JobStatus: { JobIteration: { Index: true }, LastExecution: true },
};

/** Source: GET /tasks. */
export const TASK: Allowed = {
  ID: true,
  ServiceID: true,
  NodeID: true,
  Slot: true,
  CreatedAt: true,
  UpdatedAt: true,
  DesiredState: true,
  Spec: { ContainerSpec: { Image: true }, ForceUpdate: true },
  Status: {
    Timestamp: true,
    State: true,
    Message: true,
    Err: true,
    ContainerStatus: { ContainerID: true, ExitCode: true },
  },
  NetworksAttachments: [{ Network: { ID: true }, Addresses: [true] }],
};

/** Source: GET /networks. */
export const NETWORK: Allowed = {
  Id: true,
  Name: true,
  Created: true,
  Scope: true,
  Driver: true,
  EnableIPv4: true,
  EnableIPv6: true,
  Internal: true,
  Attachable: true,
  Ingress: true,
  IPAM: { Driver: true, Config: [{ Subnet: true, IPRange: true, Gateway: true }] },
  Options: namesOf,
};

/** The facts of preflight, but not daemon.json, of which only the keys are told. */
export const FACTS = [
  'identity',
  'platform',
  'os',
  'addresses',
  'routes',
  'nearby',
  'mtus',
  'aheadMs',
  'missingModules',
  'appArmor',
  'listeners',
  'resources',
  'packageLock',
  'packageSources',
  'registries',
  'engine',
  'surroundings',
] as const satisfies readonly (keyof HostFacts)[];

/** Source: lib/swarm/status.ts. */
export const STATUS: Allowed = {
  cluster: { '*': true },
  nodes: [
    {
      name: true,
      role: true,
      machine: true,
      address: true,
      ssh: { host: true, port: true, user: true },
      swarm: { id: true, state: true, availability: true, leader: true },
      engine: true,
      rented: { id: true, type: true, zone: true, since: true },
    },
  ],
  services: [
    {
      name: true,
      image: true,
      replicas: { desired: true, running: true, completed: true },
      tasks: [{ node: true, state: true, error: true }],
      urls: [{ node: true, port: true, url: true }],
    },
  ],
  problems: [true],
};
