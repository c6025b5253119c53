import type { Fact } from './fact.ts';

/** The process that holds the package manager's lock; undefined while it is free. */
export type PackageLock = { readonly pid: number; readonly program: string } | undefined;

/** Locks are listed by their files' inodes. Source: proc_locks(5). */
export const packageLock: Fact<PackageLock> = {
  command: [
    'for f in /var/lib/dpkg/lock-frontend /var/lib/dpkg/lock /var/lib/rpm/.rpm.lock /run/zypp.pid',
    'do i=$(stat -c %i $f) || continue',
    'p=$(awk -v i=":$i$" \'$6 ~ i && $5 > 0 { print $5; exit }\' /proc/locks)',
    '[ -n "$p" ] && echo "$p $(cat /proc/$p/comm)" && break',
    'done',
  ]
    .join('; ')
    .replace('; do', '\ndo')
    .replace('; done', '\ndone'),
  parse: (output) => {
    const match = /^(\d+) (.*)$/m.exec(output);
    return match ? { pid: Number(match[1]), program: match[2] ?? '' } : undefined;
  },
};
