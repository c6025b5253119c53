import type { SshEndpoint } from '../../contracts/endpoint.ts';
import type { UnknownHost } from '../../contracts/provider.ts';
import type { Secret } from '../../util/secret.ts';

/** A machine that exists already. What is left out is as `SshDefaults` says, else as OpenSSH's configuration does. */
export interface ExistingHost {
  /** A host name, an address, or a Host alias of OpenSSH's configuration. */
  readonly address: string;
  readonly port?: number | undefined;
  readonly user?: string | undefined;
  /** Absolute path of a private key. */
  readonly identityFile?: string | undefined;
  /** `[user@]host[:port]`, several separated by commas, or `none`. */
  readonly bastion?: string | undefined;
  readonly sudoPassword?: Secret | undefined;
  /** Its public host key, `type base64`, where it is known for sure: nobody is asked about it then. */
  readonly hostKey?: string | undefined;
}

export interface NamedHost {
  /** The node's name, for what is said. */
  readonly name: string;
  readonly host: ExistingHost;
}

/** How machines that exist already are logged in to. Nothing is connected to. */
export interface SshAccess {
  /** @param node its name, for what is said */
  endpointOf(node: string, host: ExistingHost): Promise<SshEndpoint>;
  /** The servers whose host keys nobody has accepted yet: those behind a bastion come after it. */
  unknownHosts(hosts: readonly NamedHost[]): Promise<readonly UnknownHost[]>;
}
