import type { SshEndpoint } from '../../contracts/endpoint.ts';
import type { UnknownHost } from '../../contracts/provider.ts';
import type { Secret } from '../../util/secret.ts';

/** An existing machine. Omitted fields come from `SshDefaults`, else from OpenSSH's configuration. */
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
  /** Its public host key, `type base64`, if it is known for certain: then the user isn't asked to accept it. */
  readonly hostKey?: string | undefined;
}

export interface NamedHost {
  /** The node's name, for messages. */
  readonly name: string;
  readonly host: ExistingHost;
}

/** Login settings of existing machines. Makes no connections. */
export interface SshAccess {
  /** @param node its name, for messages */
  endpointOf(node: string, host: ExistingHost): Promise<SshEndpoint>;
  /** The servers whose host keys haven't been accepted yet: servers behind a bastion come after it. */
  unknownHosts(hosts: readonly NamedHost[]): Promise<readonly UnknownHost[]>;
}
