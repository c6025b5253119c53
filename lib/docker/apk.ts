import type { Available, PackageManager } from './manager.ts';

/** Seconds for another apk to finish. Source: apk(8), --wait. */
const LOCK_TIMEOUT_S = '600';

const apkWith = (...argv: readonly string[]) => ['apk', '--wait', LOCK_TIMEOUT_S, '--no-progress', ...argv];

/** Alpine. A version given to `add` stays in /etc/apk/world, which holds the package. Source: apk(8), apk-world(5). */
export const apk: PackageManager = {
  name: 'apk',
  refresh: apkWith('update'),
  versions: (names) => ['apk', 'policy', ...names],
  parseVersions: parsePolicy,
  spec: ({ name, version }) => `${name}=${version}`,
  install: (specs) => apkWith('add', ...specs),
  remove: (names) => apkWith('del', ...names),
  hold: () => ['true'],
  release: () => ['true'],
  installed: ['sh', '-c', "apk info | sed 's/^/ii /'"],
};

/** Reads "docker policy:", then "  27.3.1-r5:" and its repositories, for each version. */
function parsePolicy(output: string): Available[] {
  const found: Available[] = [];
  let name = '';
  for (const line of output.split('\n')) {
    name = /^(\S+) policy:$/.exec(line)?.[1] ?? name;
    const version = /^ {2}(\S+):$/.exec(line)?.[1];
    if (version !== undefined) found.push({ name, version });
  }
  return found.toReversed();
}
