import { userInfo } from 'node:os';

/** This user's number; -1 on systems without such numbers. */
export function userId(): number {
  return process.getuid?.() ?? -1;
}

/**
 * This user's name. In a container, or with a directory that doesn't answer, a user may have no entry in the list of
 * users: then the environment's, or else the number.
 */
export function userName(env: Readonly<Record<string, string | undefined>> = process.env): string {
  try {
    return userInfo().username;
  } catch {
    // No entry: libuv reports that as an error.
    return env['USER'] || env['LOGNAME'] || String(userId());
  }
}
