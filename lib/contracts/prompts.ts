import type { Secret } from '../util/secret.ts';

/** A server's host key that nobody has accepted yet. */
export interface PresentedHostKey {
  /** The nodes that are reached at the server or through it. */
  readonly names: readonly string[];
  /** `host:port` */
  readonly server: string;
  /** Such as ssh-ed25519. */
  readonly type: string;
  /** As ssh-keygen -l shows it: `SHA256:...`. */
  readonly fingerprint: string;
}

/** The decisions that only a person can make. A program that asks nobody leaves it out. */
export interface Prompts {
  /** Whether these are the servers' own keys; they are pinned from then on. */
  acceptHostKeys(keys: readonly PresentedHostKey[]): Promise<boolean>;
  /** The password that sudo wants from these users on these hosts. */
  sudoPassword(question: { readonly users: readonly string[]; readonly hosts: readonly string[] }): Promise<Secret>;
}
