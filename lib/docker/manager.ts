import type { Progress } from '../contracts/events.ts';

/** A package in one version, as its manager has it. */
export interface Available {
  readonly name: string;
  /** Whole, with epoch and release: 5:27.3.1-1~debian.12~bookworm. */
  readonly version: string;
}

/** A family's package manager: commands, and how to read what they print. Nothing here runs anything. */
export interface PackageManager {
  readonly name: 'apt' | 'dnf' | 'zypper' | 'apk';
  /** Reads the repositories anew; waits while another process holds the lock. */
  readonly refresh: readonly string[];
  /** Lists the versions of packages that can be had, the newest first; unknown packages are left out. */
  readonly versions: (names: readonly string[]) => readonly string[];
  readonly parseVersions: (output: string) => readonly Available[];
  /** A package as `install` takes it. */
  readonly spec: (available: Available) => string;
  readonly install: (specs: readonly string[]) => readonly string[];
  /** Gets what `install` will need, also for packages that are held, and installs nothing; absent where the manager can't. */
  readonly download?: (specs: readonly string[]) => readonly string[];
  /** Reads from what a failed installation printed which packages are in its way: none is ever taken away for it. */
  readonly inTheWay?: (output: string) => readonly string[];
  readonly remove: (names: readonly string[]) => readonly string[];
  /** Keeps packages at the version they have. */
  readonly hold: (names: readonly string[]) => readonly string[];
  /** Undoes `hold`; does nothing where nothing is held. */
  readonly release: (names: readonly string[]) => readonly string[];
  /** The names of all packages that are there, a line each, after ii, or hi for one that is held. */
  readonly installed: readonly string[];
  /** Reads a line of progress, where the manager tells any. */
  readonly progress?: (line: string) => { readonly detail: string; readonly percent: number } | undefined;
}

export type Report = (detail: string, progress?: Progress) => void;

/** Whether a package or engine version is the pinned one: 26.1.5 matches 26.1.5+dfsg1-9, 26.1.* and 26 do too. */
export function matchesVersion(actual: string, pinned: string): boolean {
  const plain = actual.replace(/^\d+:/, '');
  const prefix = pinned.replace(/\.?\*$/, '');
  return plain === prefix || (plain.startsWith(prefix) && /^[^0-9]/.test(plain.slice(prefix.length)));
}

/** Whether a running engine is of the pinned version; it doesn't know its package's release: 26.1.5+dfsg1 of 26.1.5+dfsg1-9. */
export function runsVersion(engine: string, pinned: string): boolean {
  return matchesVersion(engine, pinned) || matchesVersion(pinned, engine);
}
