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

const HOST = /^(?!-)[^\s\p{Cc}'`"$\\;&<>|(){},]+$/u;
const USER = /^(?!-)(?:(?!\s-|\\$)[^\p{Cc}'`";&<>|(){}])+$/u;

/** Whether OpenSSH accepts a text as a name, an address or an alias of its configuration. Source: misc.c, valid_hostname. */
export function isServerHost(text: string): boolean {
  return HOST.test(text);
}

/** Whether OpenSSH accepts a text as the name of a remote user. Source: misc.c, valid_ruser. */
export function isServerUser(text: string): boolean {
  return USER.test(text);
}
