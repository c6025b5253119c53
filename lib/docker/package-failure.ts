/** Why a package manager failed, as far as its output says. */
export type FailureKind =
  | 'locked'
  | 'interrupted'
  | 'disk'
  | 'clock'
  | 'expired'
  | 'refused'
  | 'no-release'
  | 'signature'
  | 'certificate'
  | 'unreachable'
  | 'dependencies'
  | 'no-package';

export interface PackageFailure {
  readonly kind: FailureKind;
  /** What it is about: an address, a folder, a package; empty where the output doesn't say. */
  readonly what: string;
  /** More of the package manager's own words, such as a key or a status; empty for none. */
  readonly detail: string;
}

/**
 * The texts, the most specific kind first: a list that a proxy refuses is also reported as unsigned. They may name `what`
 * it is about and a `detail`. Recorded from apt 2.6, or taken from the sources: apt, apt-pkg/acquire-item.cc, cachefile.cc,
 * algorithms.cc; dpkg, lib/dpkg/dbmodify.c; dnf 4, dnf/base.py; libdnf5/base/transaction.cpp; librepo/downloader.c;
 * libzypp, zypp/ZYppFactory.cc; apk-tools, src/print.c, database.c.
 */
const TEXTS: Readonly<Record<FailureKind, readonly RegExp[]>> = {
  locked: [
    /Could not get lock (?<what>\/[\w./-]*\w)/,
    /dpkg: error: dpkg (?:frontend|database) (?:lock )?(?:was|is) locked by another process/,
    /System management is locked by the application with pid \d+/,
    /Failed to obtain (?:the|rpm) transaction lock/,
    /can't create transaction lock on (?<what>\/\S+) \(Resource temporarily unavailable\)/,
    /Unable to lock database: (?:Resource )?temporarily unavailable/,
  ],
  interrupted: [/dpkg was interrupted, you must manually run/],
  disk: [
    /You don't have enough free space in (?<what>\/\S*?)\/?\.\s/,
    /At least (?<detail>\d+[KMG]B) more space needed on the (?<what>\/\S*) filesystem/,
    /needs (?<detail>\d+[KMG]i?B) (?:more space )?on the (?<what>\/\S*) filesystem/,
    /No space left on device/,
  ],
  clock: [
    /Release file for (?<what>\S+) is not valid yet \((?<detail>invalid for another [^)]*)\)/,
    /(?<detail>certificate (?:chain uses not yet valid certificate|is not yet valid|is not yet activated))/i,
  ],
  expired: [/Release file for (?<what>\S+) is expired \((?<detail>invalid since [^)]*)\)/],
  refused: [
    /Failed to fetch (?<what>\S+) .*Invalid response from proxy: HTTP\/\S+ (?<detail>40[137](?: [A-Z]\w+)*)/,
    /Failed to fetch (?<what>\S+) {2}(?<detail>40[137](?: [ A-Z]\w+)*)/,
    /Status code: (?<detail>40[137]) for (?<what>\S+)/,
    /(?<detail>CONNECT tunnel failed, response \d+|Received HTTP code \d+ from proxy after CONNECT)/,
  ],
  'no-release': [
    /The repository '(?<what>\S+) (?<detail>\S+) (?:In)?Release' does not have a Release file/,
    /Failed to fetch (?<what>\S+)\/dists\/(?<detail>[^/\s]+)\/(?:In)?Release {2}404/,
    /Status code: 404 for (?<what>\S+)\/repodata\/repomd\.xml/,
  ],
  signature: [
    /GPG error: (?<what>\S+) .*(?<detail>(?:NO_PUBKEY|EXPKEYSIG|REVKEYSIG|BADSIG) [0-9A-F]+)/,
    /OpenPGP signature verification failed: (?<what>\S+) .*error message is: (?<detail>.+?)\.?$/m,
    /The repository '(?<what>\S+) [^']*' (?:is not|is no longer) signed/,
    /(?<detail>Public key for \S+ is not installed|Package \S+ is not signed|GPG check FAILED|Signature verification failed)/,
    /(?<what>https?:\/\/\S+): (?<detail>(?:UNTRUSTED|BAD) signature)/,
  ],
  certificate: [
    /Failed to fetch (?<what>\S+) .*(?<detail>Certificate verification failed: [^.]*)/,
    /(?<detail>SSL certificate problem: [\w -]+)/,
  ],
  unreachable: [
    /Failed to fetch (?<what>\S+) {2}(?<detail>(?:Could not (?:resolve|connect to)|Temporary failure resolving|Unable to connect to|Cannot initiate the connection to|Connection (?:failed|timed out)|50[234] ).*)/,
    /Failed to fetch (?<what>\S+) .*Invalid response from proxy: HTTP\/\S+ (?<detail>50\d(?: [A-Z]\w+)*)/,
    /Curl error \((?:5|6|7|28|35|56)\): (?<detail>.*?) for (?<what>https?:\S+)/,
    /Download \(curl\) error for '(?<what>[^']+)'/,
    /(?<what>https?:\/\/\S+): (?<detail>temporary error \(try again later\)|DNS.*|network error.*)/,
  ],
  dependencies: [
    /(?<detail>[Yy]ou have held broken packages)/,
    /(?<detail>Unmet dependencies)/,
    /(?<detail>Reached two conflicting (?:assignments|decisions))/,
  ],
  'no-package': [
    /(?<detail>Version '[^']*') for '(?<what>[^']*)' was not found/,
    /All matches were filtered out by (?<detail>exclude filtering) for argument: (?<what>\S+)/,
    /(?:Unable to locate package|No match for argument:|Unable to find a match:) (?<what>\S+)/,
    /Failed to fetch (?<what>\S+\.deb) {2}(?<detail>404(?: [ A-Z]\w+)*)/,
    /Package '?(?<what>[\w.+-]+)'? (?:not found|has no installation candidate)/,
    /No provider of '(?<what>[^']+)' found/,
    /^ {2}(?<what>\S+) \(no such package\)/m,
  ],
};

/** Reads why a package manager failed from what it printed; undefined for what isn't known. Pure. */
export function packageFailure(output: string): PackageFailure | undefined {
  for (const [kind, texts] of kinds()) {
    for (const text of texts) {
      const found = text.exec(output);
      if (!found) continue;
      const { what = '', detail = '' } = found.groups ?? {};
      // apt separates a status from its reason by two spaces.
      return { kind, what, detail: detail.trim().replace(/ {2,}/g, ' ') };
    }
  }
  return undefined;
}

function kinds(): (readonly [FailureKind, readonly RegExp[]])[] {
  // eslint-disable-next-line typescript/no-unsafe-type-assertion -- Object.entries loses the type of the keys
  return Object.entries(TEXTS) as [FailureKind, readonly RegExp[]][];
}
