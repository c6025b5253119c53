/**
 * A stack as Docker understands it: what `docker stack config` prints, parsed, with Docker's own keys. A key without a
 * value is absent. Durations are texts such as 1m30s, sizes texts of bytes. Source: docker/cli, cli/compose/types.
 */
export interface ComposeConfig {
  readonly version: string;
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly networks?: Readonly<Record<string, ComposeNetwork>>;
  readonly volumes?: Readonly<Record<string, ComposeVolume>>;
  readonly secrets?: Readonly<Record<string, ComposeFileObject>>;
  readonly configs?: Readonly<Record<string, ComposeFileObject>>;
  readonly [extension: `x-${string}`]: unknown;
}

export type TextMap = Readonly<Record<string, string>>;

export interface ComposeService {
  readonly build?: ComposeBuild;
  readonly cap_add?: readonly string[];
  readonly cap_drop?: readonly string[];
  readonly cgroupns_mode?: string;
  readonly cgroup_parent?: string;
  readonly command?: readonly string[];
  readonly configs?: readonly ComposeFileReference[];
  readonly container_name?: string;
  readonly credential_spec?: { readonly config?: string; readonly file?: string; readonly registry?: string };
  readonly depends_on?: readonly string[];
  readonly deploy?: ComposeDeploy;
  readonly devices?: readonly string[];
  readonly dns?: readonly string[];
  readonly dns_search?: readonly string[];
  readonly domainname?: string;
  readonly entrypoint?: readonly string[];
  /** Null for a variable without a value. */
  readonly environment?: Readonly<Record<string, string | null>>;
  readonly env_file?: readonly string[];
  readonly expose?: readonly string[];
  readonly external_links?: readonly string[];
  /** HOST:ADDRESS */
  readonly extra_hosts?: readonly string[];
  readonly hostname?: string;
  readonly healthcheck?: ComposeHealthcheck;
  readonly image?: string;
  readonly init?: boolean;
  readonly ipc?: string;
  readonly isolation?: string;
  readonly labels?: TextMap;
  readonly links?: readonly string[];
  readonly logging?: { readonly driver?: string; readonly options?: TextMap };
  readonly mac_address?: string;
  readonly network_mode?: string;
  readonly networks?: Readonly<Record<string, ComposeAttachment | null>>;
  readonly pid?: string;
  readonly ports?: readonly ComposePort[];
  readonly privileged?: boolean;
  readonly read_only?: boolean;
  readonly restart?: string;
  readonly secrets?: readonly ComposeFileReference[];
  readonly security_opt?: readonly string[];
  readonly shm_size?: string;
  readonly stdin_open?: boolean;
  readonly stop_grace_period?: string;
  readonly stop_signal?: string;
  readonly sysctls?: TextMap;
  readonly tmpfs?: readonly string[];
  readonly tty?: boolean;
  readonly ulimits?: Readonly<Record<string, number | { readonly soft?: number; readonly hard?: number } | null>>;
  readonly user?: string;
  readonly userns_mode?: string;
  readonly volumes?: readonly ComposeMount[];
  readonly working_dir?: string;
  readonly [extension: `x-${string}`]: unknown;
}

export interface ComposeBuild {
  readonly context?: string;
  readonly dockerfile?: string;
  readonly args?: Readonly<Record<string, string | null>>;
  readonly labels?: TextMap;
  readonly cache_from?: readonly string[];
  readonly extra_hosts?: readonly string[];
  readonly network?: string;
  readonly target?: string;
}

export interface ComposeDeploy {
  readonly mode?: string;
  readonly replicas?: number;
  readonly labels?: TextMap;
  readonly update_config?: ComposeUpdate;
  readonly rollback_config?: ComposeUpdate;
  readonly resources?: {
    readonly limits?: { readonly cpus?: string; readonly memory?: string; readonly pids?: number };
    readonly reservations?: {
      readonly cpus?: string;
      readonly memory?: string;
      readonly generic_resources?: readonly {
        readonly discrete_resource_spec?: { readonly kind: string; readonly value: number };
      }[];
    };
  };
  readonly restart_policy?: {
    readonly condition?: string;
    readonly delay?: string;
    readonly max_attempts?: number;
    readonly window?: string;
  };
  readonly placement?: {
    readonly constraints?: readonly string[];
    readonly preferences?: readonly { readonly spread?: string }[];
    readonly max_replicas_per_node?: number;
  };
  readonly endpoint_mode?: string;
}

export interface ComposeUpdate {
  readonly parallelism?: number;
  readonly delay?: string;
  readonly failure_action?: string;
  readonly monitor?: string;
  readonly max_failure_ratio?: number;
  readonly order?: string;
}

export interface ComposeHealthcheck {
  readonly test?: readonly string[];
  readonly timeout?: string;
  readonly interval?: string;
  readonly retries?: number;
  readonly start_period?: string;
  readonly start_interval?: string;
  readonly disable?: boolean;
}

export interface ComposeAttachment {
  readonly aliases?: readonly string[];
  readonly driver_opts?: TextMap;
  readonly ipv4_address?: string;
  readonly ipv6_address?: string;
}

export interface ComposePort {
  readonly mode?: string;
  readonly target?: number;
  readonly published?: number;
  readonly protocol?: string;
}

/** A secret or a config that a service uses. */
export interface ComposeFileReference {
  readonly source?: string;
  readonly target?: string;
  readonly uid?: string;
  readonly gid?: string;
  readonly mode?: number;
}

export interface ComposeMount {
  readonly type?: string;
  readonly source?: string;
  readonly target?: string;
  readonly read_only?: boolean;
  readonly consistency?: string;
  readonly bind?: { readonly propagation?: string };
  readonly volume?: { readonly nocopy?: boolean; readonly subpath?: string };
  readonly image?: { readonly subpath?: string };
  readonly tmpfs?: { readonly size?: number };
  readonly cluster?: Readonly<Record<string, never>>;
}

export interface ComposeNetwork {
  readonly name?: string;
  readonly driver?: string;
  readonly driver_opts?: TextMap;
  readonly ipam?: { readonly driver?: string; readonly config?: readonly ({ readonly subnet?: string } | null)[] };
  readonly external?: boolean;
  readonly internal?: boolean;
  readonly attachable?: boolean;
  readonly labels?: TextMap;
  readonly [extension: `x-${string}`]: unknown;
}

export interface ComposeVolume {
  readonly name?: string;
  readonly driver?: string;
  readonly driver_opts?: TextMap;
  readonly external?: boolean;
  readonly labels?: TextMap;
  readonly 'x-cluster-spec'?: Readonly<Record<string, unknown>>;
  readonly [extension: `x-${string}`]: unknown;
}

/** A secret or a config of the stack. */
export interface ComposeFileObject {
  readonly name?: string;
  /** The absolute path of its content. */
  readonly file?: string;
  readonly external?: boolean;
  readonly labels?: TextMap;
  readonly driver?: string;
  readonly driver_opts?: TextMap;
  readonly template_driver?: string;
  readonly [extension: `x-${string}`]: unknown;
}
