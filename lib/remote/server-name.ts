/** A server as a user names it; what is left out comes from the user's OpenSSH configuration. */
export interface ServerName {
  /** A host name, an address, or a Host alias of the configuration. */
  readonly host: string;
  readonly port?: number | undefined;
  readonly user?: string | undefined;
  /** Path of a private key, tried before those of the configuration. */
  readonly identityFile?: string | undefined;
  /** `[user@]host[:port]`, several separated by commas; `none` for no bastion. */
  readonly bastion?: string | undefined;
}
