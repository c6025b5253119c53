import { SwarmupError } from '../../../util/errors.ts';

/**
 * How a cluster's machines are joined. `hub`: a socket of each machine in a private folder, which a hub joins.
 * `multicast`: a group on loopback, which every user of this computer can join.
 */
export type SegmentKind = 'hub' | 'multicast';

/** The first QEMU with `-netdev stream`. Source: QEMU's QAPI schema, NetdevStreamOptions. */
const FIRST_WITH_STREAM = [7, 2] as const;

/**
 * What a machine gets that no other running machine has to reach. Only Linux gets a hub: QEMU's hub passes a frame while
 * another is sent in part, and elsewhere a UNIX socket may take a part of a frame.
 *
 * @param versionLine the first line of QEMU's --version
 */
export function newestSegment(versionLine: string, platform: NodeJS.Platform = process.platform): SegmentKind {
  if (platform !== 'linux') return 'multicast';
  const [, major = '0', minor = '0'] = /version (\d+)\.(\d+)/.exec(versionLine) ?? [];
  const [wantedMajor, wantedMinor] = FIRST_WITH_STREAM;
  const newer = Number(major) > wantedMajor || (Number(major) === wantedMajor && Number(minor) >= wantedMinor);
  return newer ? 'hub' : 'multicast';
}

/**
 * The kind for a machine that starts: that of the cluster's running machines, as only machines of one kind reach each
 * other. So a cluster that was started by an older swarmup changes only once all its machines have been off.
 *
 * @throws SwarmupError PREREQUISITE_MISSING when the running machines have one that this QEMU lacks
 */
export function segmentFor(running: Iterable<SegmentKind>, versionLine: string): SegmentKind {
  const kinds = new Set(running);
  const newest = newestSegment(versionLine);
  if (kinds.has('multicast')) return 'multicast';
  if (!kinds.has('hub') || newest === 'hub') return newest;
  throw new SwarmupError(
    'PREREQUISITE_MISSING',
    `the running machines are joined by sockets, which need QEMU 7.2 or newer, and this is ${versionLine}`,
    {
      fix: "Install QEMU 7.2 or newer again, or power all machines off ('swarmup run stop'), then run again.",
    },
  );
}
