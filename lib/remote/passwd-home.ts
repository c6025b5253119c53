import { homedir, userInfo } from 'node:os';

/**
 * The home folder where OpenSSH looks for its files: that of the passwd entry, whatever $HOME says. Source: ssh(1),
 * which asks getpwuid(3).
 */
export function passwdHome(): string {
  return passwdEntry()?.homedir ?? homedir();
}

/** The user's entry in the passwd database; undefined for a uid without one, as in some containers. */
export function passwdEntry(): { readonly username: string; readonly homedir: string } | undefined {
  try {
    return userInfo();
  } catch {
    // Node.js reports the missing entry as a system error; OpenSSH itself refuses to run then.
    return undefined;
  }
}
