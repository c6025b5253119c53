import { posix } from 'node:path';

/** A path as Go's filepath.Join makes it absolute: cleaned, without a trailing slash. Absolute ones stay as they are. */
export function absolutePath(folder: string, path: string): string {
  if (path.startsWith('/')) return path;
  const joined = posix.join(folder, path);
  return joined.length > 1 ? joined.replace(/\/+$/, '') : joined;
}

/** Whether a path is absolute on Windows: `C:\x`, `\\server\share\x`. Source: Go's filepath for Windows. */
export function isWindowsAbsolute(path: string): boolean {
  return /^[a-z]:[\\/]/i.test(path) || /^[\\/]{2}[^\\/.][^\\/]*[\\/][^\\/.][^\\/]*[\\/]/s.test(path);
}
