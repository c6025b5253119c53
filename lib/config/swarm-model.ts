/** The swarm's settings beyond its address pools, and its networks, as validated. */

export interface SwarmInit {
  /** After how many log entries managers save a snapshot of the Raft log; undefined: left unchanged. */
  readonly snapshotInterval?: number | undefined;
  /** How many older snapshots managers keep; undefined: left unchanged. */
  readonly keepOldSnapshots?: number | undefined;
  /** How many log entries managers keep for slow followers; undefined: left unchanged. */
  readonly logEntriesForSlowFollowers?: number | undefined;
  /** The certificate authorities that sign for the swarm's own; undefined: left unchanged. */
  readonly externalCAs?: readonly ExternalCA[] | undefined;
  /** Where every node listens for the swarm's control traffic: an address or an interface, and a port. */
  readonly listen: ListenAddress;
  /** The address or interface of overlay networks on every node; undefined: that of control traffic. */
  readonly dataPathAddress?: string | undefined;
}

export interface ListenAddress {
  readonly address: string;
  readonly port: number;
}

/** A service that signs nodes' certificates. */
export interface ExternalCA {
  readonly protocol: 'cfssl';
  readonly url: string;
  readonly options: Readonly<Record<string, string>>;
  /** Its root certificate in PEM; empty: the swarm's own. */
  readonly certificate: string;
}

/** A network of services, in the swarm under this name. */
export interface NetworkSpec {
  readonly name: string;
  /** It exists already and is left unchanged. */
  readonly external: boolean;
  readonly driver: string;
  readonly attachable: boolean;
  readonly encrypted: boolean;
  readonly internal: boolean;
  /** The network of the routing mesh. */
  readonly ingress: boolean;
  /** undefined: the driver's own. */
  readonly scope?: 'swarm' | undefined;
  readonly ipv4?: boolean | undefined;
  readonly ipv6?: boolean | undefined;
  /** Options of the driver, without `encrypted`. */
  readonly options: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  /** The node's network whose configuration it has. */
  readonly configFrom?: string | undefined;
  readonly ipamDriver?: string | undefined;
  readonly ipamOptions: Readonly<Record<string, string>>;
  /** Empty: a free part of the swarm's address pool. */
  readonly subnets: readonly SubnetSpec[];
}

export interface SubnetSpec {
  readonly subnet: string;
  readonly gateway?: string | undefined;
  readonly ipRange?: string | undefined;
  readonly auxAddresses?: Readonly<Record<string, string>> | undefined;
}
