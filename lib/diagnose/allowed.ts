import type { HostFacts } from '../contracts/preflight.ts';
import type { Allowed } from './pick.ts';

/** What is copied of machines and engines. Not in here, and so never in a diagnosis: proxies, labels of engines, daemon.json. */

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
