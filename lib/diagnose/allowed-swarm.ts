import { namesOf, type Allowed } from './pick.ts';

/**
 * What is copied of the swarm's objects. Not in here, and so never in a diagnosis: values of variables, arguments and health
 * checks of containers, labels of services, options of drivers, contents of secrets and configs, join tokens.
 */

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
