/** A package in one version, as the package manager offers it. */
export interface Available {
  readonly name: string;
  /** The full version, with epoch and release: 5:27.3.1-1~debian.12~bookworm. */
  readonly version: string;
}

/** A family's package manager: its commands, and parsers of their output. Nothing here runs anything. */
export interface PackageManager {
  readonly name: 'apt' | 'dnf' | 'zypper' | 'apk';
  /** Refreshes the package lists; waits while another process holds the lock. */
  readonly refresh: readonly string[];
  /** Lists the available versions of packages, newest first; unknown packages are skipped. */
  readonly versions: (names: readonly string[]) => readonly string[];
  readonly parseVersions: (output: string) => readonly Available[];
  /** A package in the form that `install` accepts. */
  readonly spec: (available: Available) => string;
  readonly install: (specs: readonly string[]) => readonly string[];
  /**
   * Downloads what `install` will need, even for held packages, and installs nothing; absent if the package manager
   * can't.
   */
  readonly download?: (specs: readonly string[]) => readonly string[];
  /** Reads the conflicting packages from the output of a failed installation; swarmup never removes them. */
  readonly inTheWay?: (output: string) => readonly string[];
  readonly remove: (names: readonly string[]) => readonly string[];
  /** Keeps packages at the version they have. */
  readonly hold: (names: readonly string[]) => readonly string[];
  /** Undoes `hold`; does nothing where nothing is held. */
  readonly release: (names: readonly string[]) => readonly string[];
  /** Lists the installed packages, one name per line, prefixed with ii, or hi for held ones. */
  readonly installed: readonly string[];
  /** Parses a line of progress, if the package manager reports any. */
  readonly progress?: (line: string) => { readonly detail: string; readonly percent: number } | undefined;
}

/** Whether a package or engine version is the pinned one: 26.1.5 matches 26.1.5+dfsg1-9, 26.1.* and 26 do too. */
export function matchesVersion(actual: string, pinned: string): boolean {
  const plain = actual.replace(/^\d+:/, '');
  const prefix = pinned.replace(/\.?\*$/, '');
  return plain === prefix || (plain.startsWith(prefix) && /^[^0-9]/.test(plain.slice(prefix.length)));
}

/**
 * Whether a running engine has the pinned version. It doesn't report its package's release: 26.1.5+dfsg1 for
 * 26.1.5+dfsg1-9.
 */
export function runsVersion(engine: string, pinned: string): boolean {
  return matchesVersion(engine, pinned) || matchesVersion(pinned, engine);
}
