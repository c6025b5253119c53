import type { Secret } from '../util/secret.ts';

/** A server's host key that the user hasn't accepted yet. */
export interface PresentedHostKey {
  /** The nodes reached at the server or through it. */
  readonly names: readonly string[];
  /** `host:port` */
  readonly server: string;
  /** Such as ssh-ed25519. */
  readonly type: string;
  /** As ssh-keygen -l shows it: `SHA256:...`. */
  readonly fingerprint: string;
}

/** The decisions that only a person can make. Programs without a user to ask leave it out. */
export interface Prompts {
  /** Whether these are the servers' real keys; if so, they are pinned. */
  acceptHostKeys(keys: readonly PresentedHostKey[]): Promise<boolean>;
  /** The sudo password of these users on these hosts. */
  sudoPassword(question: { readonly users: readonly string[]; readonly hosts: readonly string[] }): Promise<Secret>;
}
