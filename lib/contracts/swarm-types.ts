import type { Availability, Role } from '../config/model.ts';

/** A node in the response to GET /nodes, with the fields that swarmup reads. dockerode doesn't type it. */
export interface SwarmNode {
  readonly ID: string;
  readonly Version: { readonly Index: number };
  readonly Spec: {
    readonly Role: Role;
    readonly Availability: Availability;
    readonly Labels?: Readonly<Record<string, string>>;
  };
  /** When the managers last updated it. */
  readonly UpdatedAt?: string;
  readonly Description: {
    readonly Hostname: string;
    readonly Platform?: Platform;
    readonly TLSInfo?: { readonly TrustRoot?: string };
    readonly Resources?: Resources;
    readonly Engine: {
      readonly EngineVersion: string;
      readonly Labels?: Readonly<Record<string, string>>;
      readonly Plugins?: readonly { readonly Type?: string; readonly Name?: string }[];
    };
  };
  readonly Status: { readonly State: string; readonly Addr: string; readonly Message?: string };
  readonly ManagerStatus?: { readonly Leader?: boolean; readonly Reachability: string; readonly Addr: string };
}

export interface Platform {
  readonly OS?: string;
  readonly Architecture?: string;
}

/** What a node has, or what a task reserves. The API leaves out what is zero. Source: the Engine API, ResourceObject. */
export interface Resources {
  readonly NanoCPUs?: number;
  /** Bytes. */
  readonly MemoryBytes?: number;
  readonly GenericResources?: readonly GenericResource[] | null;
}

/** A number of something, or one thing of a kind by its name. */
export interface GenericResource {
  readonly DiscreteResourceSpec?: { readonly Kind?: string; readonly Value?: number };
  readonly NamedResourceSpec?: { readonly Kind?: string; readonly Value?: string };
}

/** A task in the response to GET /tasks, with the fields that swarmup reads. */
export interface SwarmTask {
  readonly ID: string;
  readonly Version: { readonly Index: number };
  readonly CreatedAt: string;
  readonly ServiceID: string;
  readonly NodeID?: string;
  /** Of replicated services, from 1; of replicated jobs, from 0, which the API leaves out. */
  readonly Slot?: number;
  /** Of jobs only: the iteration that it belongs to. */
  readonly JobIteration?: JobIteration;
  readonly DesiredState: string;
  /** Its addresses, with the prefix length, in the networks that it is attached to. */
  readonly NetworksAttachments?: readonly {
    readonly Network?: { readonly ID?: string };
    readonly Addresses?: readonly string[];
  }[];
  readonly Spec: Partial<TaskTemplate>;
  readonly Status: {
    /** When it got into this state. */
    readonly Timestamp?: string;
    readonly State: string;
    readonly Message?: string;
    readonly Err?: string;
    readonly ContainerStatus?: { readonly ContainerID?: string; readonly ExitCode?: number };
  };
  /** The generic resources that it got. */
  readonly GenericResources?: readonly GenericResource[] | null;
}

/** Counts the runs of a job; the API leaves out an index of 0, that of the first run. */
export interface JobIteration {
  readonly Index?: number;
}

/** A service in the response to GET /services, with the fields that swarmup reads. */
export interface SwarmService {
  readonly ID: string;
  readonly Version: { readonly Index: number };
  readonly Spec: ServiceSpecification;
  readonly UpdatedAt?: string;
  /** The specification before the last update: the target of a roll-back. */
  readonly PreviousSpec?: ServiceSpecification;
  /** Also with the ports that Swarm chose. */
  readonly Endpoint?: {
    readonly Ports?: readonly {
      readonly PublishedPort?: number;
      readonly Protocol?: string;
      readonly PublishMode?: string;
    }[];
  };
  readonly UpdateStatus?: {
    readonly State?: string;
    readonly Message?: string;
    readonly StartedAt?: string;
    readonly CompletedAt?: string;
  };
  /** Of jobs only. */
  readonly JobStatus?: { readonly JobIteration?: JobIteration; readonly LastExecution?: string };
}

/** Source: the response to GET /services, TaskTemplate.ContainerSpec.Mounts. */
export interface Mount {
  readonly Type: string;
  /** A volume's name, or a path on the node; none for a volume without a name. */
  readonly Source?: string;
  readonly Target: string;
  readonly BindOptions?: { readonly CreateMountpoint?: boolean };
  readonly VolumeOptions?: { readonly DriverConfig?: { readonly Name?: string; readonly Options?: object | null } };
}

/** What a service's tasks are made from. */
export interface TaskTemplate {
  readonly ContainerSpec: {
    readonly Image: string;
    readonly Env?: readonly string[];
    readonly Mounts?: readonly Mount[];
    readonly Healthcheck?: { readonly Test?: readonly string[] };
  };
  readonly Placement?: {
    readonly Constraints?: readonly string[];
    readonly Preferences?: readonly { readonly Spread?: { readonly SpreadDescriptor?: string } }[];
    /** How many of its tasks a node may run; 0 for any number. */
    readonly MaxReplicas?: number;
    /** Those that the image exists for. */
    readonly Platforms?: readonly Platform[] | null;
  };
  readonly Resources?: { readonly Limits?: Resources; readonly Reservations?: Resources };
  readonly LogDriver?: { readonly Name?: string };
  /** Condition: none, on-failure or any. MaxAttempts: 0 for no limit. */
  readonly RestartPolicy?: { readonly Condition?: string; readonly MaxAttempts?: number };
  /** A changed number recreates all tasks. */
  readonly ForceUpdate?: number;
}

export interface ServiceSpecification {
  readonly Name: string;
  readonly Labels?: Readonly<Record<string, string>>;
  readonly TaskTemplate: TaskTemplate;
  readonly UpdateConfig?: Readonly<Record<string, unknown>>;
  readonly RollbackConfig?: Readonly<Record<string, unknown>>;
  readonly Mode: {
    readonly Replicated?: { readonly Replicas?: number };
    readonly Global?: object;
    readonly ReplicatedJob?: { readonly MaxConcurrent?: number; readonly TotalCompletions?: number };
    readonly GlobalJob?: object;
  };
  readonly EndpointSpec?: {
    readonly Mode?: string;
    readonly Ports?: readonly {
      readonly Protocol?: string;
      readonly TargetPort: number;
      readonly PublishedPort?: number;
      readonly PublishMode?: string;
    }[];
  };
}
