import type { ChecksumOffload } from '../facts/checksum-offload.ts';
import type { IngressRules } from '../facts/ingress-rules.ts';
import type { IngressSandbox } from '../facts/ingress-sandbox.ts';

/** The part of the routing mesh that one node has: what its packet filter and its kernel do. */
export interface MeshNode {
  readonly node: string;
  /** undefined: it can't be told, as the tools are missing there. */
  readonly rules: IngressRules | undefined;
  readonly sandbox: IngressSandbox | 'absent' | undefined;
  /** Of the interface with the node's address. */
  readonly offload: ChecksumOffload | undefined;
  /** The active ones of firewalld, ufw and nftables. */
  readonly firewalls: readonly string[];
}

/** A TCP port that the routing mesh publishes, and the tasks that answer on it. */
export interface MeshPort {
  readonly port: number;
  readonly service: string;
  /** The running tasks' addresses in the ingress network. */
  readonly running: readonly string[];
  /** The addresses of tasks that start or stop at the moment: a node may know them or not. */
  readonly passing: readonly string[];
}

/** What a node fetched from another one through the ingress network. */
export interface OverlayLink {
  readonly from: string;
  readonly to: string;
  /** Whether an ICMP echo came back. */
  readonly ping: boolean;
  /** A few bytes over TCP, tried three times; a reason for a failure. */
  readonly small: Fetched;
  /** 100 KB over TCP, tried three times. */
  readonly large: Fetched;
  /** The largest packets in the network, in bytes, which its interface allows, and which came through. */
  readonly packets: { readonly allowed: number; readonly arrived: number };
}

export type Fetched = { readonly ok: true } | { readonly ok: false; readonly reason: string };

/** The routing mesh of a running swarm. */
export interface MeshState {
  readonly nodes: readonly MeshNode[];
  readonly ports: readonly MeshPort[];
}

/** The same, with what the nodes fetched from each other. */
export interface MeshLook extends MeshState {
  readonly links: readonly OverlayLink[];
  /** Why nodes couldn't be asked, by their names. */
  readonly unknown: ReadonlyMap<string, string>;
}

/** Questions about the routing mesh; callers that ask at the same time share an answer. */
export interface Mesh {
  /** Reads what the nodes have, and changes nothing. */
  state(signal: AbortSignal): Promise<MeshState>;
  /** Also lets every node fetch 100 KB from the others through the ingress network. */
  look(signal: AbortSignal): Promise<MeshLook>;
}
