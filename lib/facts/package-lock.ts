import type { Fact } from './fact.ts';

/** Who keeps others from installing packages: a process with a lock, or the first boot's set-up, which has none at times. */
export type PackageHolder =
  | {
      readonly kind: 'process';
      readonly pid: number;
      readonly program: string;
      /** The lock, or the file with the process ID. */
      readonly file: string;
      /** The systemd service that updates packages and that it belongs to, such as apt-daily.service. */
      readonly service?: string;
    }
  | { readonly kind: 'cloud-init' };

/** Undefined while nothing holds a lock. */
export type PackageLock = PackageHolder | undefined;

/**
 * Files that are locked, each while something works with what it protects. The lists are a lock of their own, for which
 * DPkg::Lock::Timeout doesn't wait. Sources: apt, apt-pkg/acquire.cc (lists, archives); dpkg(1); rpm, lib/rpmlock.cc;
 * dnf5, libdnf5/base/transaction.cpp; apk-tools, src/database.c.
 */
const LOCKS = [
  '/var/lib/dpkg/lock-frontend',
  '/var/lib/dpkg/lock',
  '/var/lib/apt/lists/lock',
  '/var/cache/apt/archives/lock',
  '/var/lib/rpm/.rpm.lock',
  '/usr/lib/sysimage/rpm/.rpm.lock',
  '/run/dnf/rpmtransaction.lock',
  '/lib/apk/db/lock',
] as const;

/** Files with the ID of the process that works. Sources: libzypp, zypp/ZYppFactory.cc; dnf 4, dnf/lock.py. */
const PID_FILES = [
  '/run/zypp.pid',
  '/var/lib/dnf/rpmdb_lock.pid',
  '/var/cache/dnf/metadata_lock.pid',
  '/var/cache/dnf/download_lock.pid',
] as const;

/**
 * Locks are listed by inode, which is unique only within a file system: the process must also have the file open. The
 * program's name comes last, as it may contain anything. Sources: proc_locks(5), proc_pid_fd(5), proc_pid_cgroup(5).
 */
const COMMAND = [
  'holds() {',
  `  u=$(sed -n 's#.*/\\([^/ ]*\\.service\\)\\(/.*\\)\\{0,1\\}$#\\1#p' "/proc/$1/cgroup" | head -n 1)`,
  '  printf \'%s %s %s %s\\n\' "$1" "$2" "${u:--}" "$(head -n 1 "/proc/$1/comm")"',
  '}',
  'locks() {',
  `  for f in ${LOCKS.join(' ')}; do`,
  '    f=$(readlink -f "$f") && i=$(stat -c %i "$f") || continue',
  '    for p in $(awk -v i=":$i$" \'$2 != "->" && $6 ~ i && $5 > 0 { print $5 }\' /proc/locks); do',
  '      ls -l "/proc/$p/fd" | grep -q -F -e "-> $f" && holds "$p" "$f" && return',
  '    done',
  '  done',
  `  for f in ${PID_FILES.join(' ')}; do`,
  '    p=$(tr -cd 0-9 <"$f") && [ -n "$p" ] && [ -d "/proc/$p" ] && holds "$p" "$f" && return',
  '  done',
  '  return 1',
  '}',
  // A stage that failed writes no result.
  'locks || { [ -e /run/cloud-init/status.json ] && ! [ -e /run/cloud-init/result.json ] &&',
  '  ! systemctl -q is-failed cloud-final.service && echo cloud-init; }',
].join('\n');

/**
 * Services that only work on packages, or set a machine up. A process in another one, such as a login in ssh.service, must not
 * be ended by stopping that.
 */
const UPDATERS = /^(?:apt-|unattended-upgrades|cloud-|packagekit|dnf|yum|zypp|transactional-update|os-update)/;

/** Source of cloud-init's files: its documentation, "Boot status". */
export const packageLock: Fact<PackageLock> = {
  command: COMMAND,
  parse: (output) => {
    if (output === 'cloud-init') return { kind: 'cloud-init' };
    const [, pid, file = '', service = '', program = ''] = /^(\d+) (\S+) (\S+) (.*)$/m.exec(output) ?? [];
    if (pid === undefined) return undefined;
    return { kind: 'process', pid: Number(pid), program, file, ...(UPDATERS.test(service) ? { service } : {}) };
  },
};

/** Says who holds the lock: "apt-get (process 812, apt-daily.service) holds /var/lib/apt/lists/lock". */
export function holderOf(holder: PackageHolder): string {
  if (holder.kind === 'cloud-init') return 'cloud-init is still setting the machine up';
  const { program, pid, service, file } = holder;
  return `${program || 'a program'} (process ${pid}${service === undefined ? '' : `, ${service}`}) holds ${file}`;
}

/** A command that shows what the holder is doing. */
export function watchHolder(holder: PackageHolder): string {
  return holder.kind === 'cloud-init' ? 'sudo cloud-init status --long' : `ps -fp ${holder.pid}`;
}
