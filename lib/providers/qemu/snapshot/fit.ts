import { SwarmupError } from '../../../util/errors.ts';
import type { Manifest } from './manifest.ts';

/** What a snapshot is compared with. */
export interface Present {
  /** QEMU's version line. */
  readonly qemu: string;
  readonly arch: string;
  /** Every node of the cluster. */
  readonly nodes: readonly string[];
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** Why a snapshot can't be restored, and what to do about it. */
export interface Misfit {
  readonly why: string;
  readonly fix: string;
}

/** What helps in any case. */
export const TAKE_ANOTHER =
  "Bring the cluster up as the file describes it ('swarmup up'; 'swarmup down' first if it is broken), and take another snapshot.";

/** The first thing that keeps a snapshot from being restored, according to its manifest; undefined if nothing does. Pure. */
export function misfitOf(manifest: Manifest, { qemu, arch, nodes, now }: Present): Misfit | undefined {
  const { usableUntil } = manifest;
  if (usableUntil !== undefined && now >= Date.parse(usableUntil))
    return {
      why: `the certificates in it expired on ${usableUntil.slice(0, 10)}, so its nodes would not trust each other`,
      fix: `${TAKE_ANOTHER} A longer swarm.certificateExpiry keeps the next one usable for longer.`,
    };
  if (manifest.arch !== arch)
    return { why: `it is of ${manifest.arch} machines, and this computer runs ${arch}`, fix: TAKE_ANOTHER };
  if (manifest.qemu !== qemu)
    return {
      why: `another QEMU saved it: '${manifest.qemu}', and '${qemu}' is installed`,
      fix: `Install the version that saved it. Otherwise: ${TAKE_ANOTHER}`,
    };
  return otherNodes(
    manifest.machines.map(({ name }) => name),
    nodes,
  );
}

function otherNodes(saved: readonly string[], nodes: readonly string[]): Misfit | undefined {
  const lacking = nodes.filter((name) => !saved.includes(name));
  if (lacking.length > 0)
    return {
      why: `it lacks ${lacking.join(', ')}, which the cluster file names`,
      fix: `Remove ${lacking.join(', ')} from the file, restore, and add ${lacking.length > 1 ? 'them' : 'it'} again. Otherwise: ${TAKE_ANOTHER}`,
    };
  const unnamed = saved.filter((name) => !nodes.includes(name));
  if (unnamed.length === 0) return undefined;
  return {
    why: `it has ${unnamed.join(', ')}, which the cluster file doesn't name`,
    fix: `Name ${unnamed.join(', ')} in the file again. Otherwise: ${TAKE_ANOTHER}`,
  };
}

/** A snapshot that can't be restored. */
export function unusable(name: string, { why, fix }: Misfit): SwarmupError {
  return new SwarmupError('SNAPSHOT_UNUSABLE', `the snapshot ${name} can't be restored: ${why}`, { fix });
}
